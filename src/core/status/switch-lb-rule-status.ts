import type { Condition } from '../../kinds/object.ts';
import type { SwitchLbRule, SwitchLbRuleStatus } from '../../kinds/switch-lb-rule.ts';
import type { Backend } from '../compile/backends.ts';
import { balancedPorts, type BalancedPort, portText, type Protocol, socketText } from '../vip/balanced.ts';
import { type Finding, withCondition, withFindings } from './condition.ts';

/** what OVN's health check says of a machine; undefined when it is not checked, or not yet */
export type Health = 'online' | 'offline' | 'error' | undefined;
export type HealthOf = (port: string, address: string, target: number, protocol: Protocol) => Health;

/** Status of a load balancer: its ports, the Ready condition, and in Healthy which machines have been taken out. */
export function switchLbRuleStatus(
  rule: SwitchLbRule,
  backends: readonly Backend[],
  { ready, warning, now }: { readonly ready: Finding; readonly warning: Finding | undefined; readonly now: string },
  healthOf: HealthOf,
): SwitchLbRuleStatus {
  const ports = balancedPorts(rule.spec);
  const conditions = withFindings(rule.status?.conditions as readonly Condition[] | undefined, ready, warning, now);
  const healthy = { ...healthFinding(backends, ports, healthOf), ...generationOf(ready) };
  return {
    ...rule.status,
    conditions: withCondition(conditions, healthy, now) as never,
    ports: ports.map(portText).join(','),
    // Kube-OVN makes a Service for each rule; there is none here
    service: '',
  };
}

function generationOf({ observedGeneration }: Finding): Pick<Finding, 'observedGeneration'> {
  return observedGeneration === undefined ? {} : { observedGeneration };
}

function healthFinding(backends: readonly Backend[], ports: readonly BalancedPort[], healthOf: HealthOf): Finding {
  const seen = backends.flatMap(({ address, port: nic }) =>
    ports.map(({ target, protocol }) => ({
      name: `${socketText(address, target)}/${protocol.toUpperCase()}${nic === undefined ? '' : ` (${nic})`}`,
      health: nic === undefined ? undefined : healthOf(nic, address, target, protocol),
    })),
  );
  const down = seen.filter(({ health }) => health === 'offline' || health === 'error').map(({ name }) => name);
  const unknown = seen.filter(({ health }) => health === undefined).map(({ name }) => name);
  const about = (status: 'True' | 'False' | 'Unknown', reason: string, message: string): Finding => ({
    type: 'Healthy',
    status,
    reason,
    message,
  });
  if (down.length > 0)
    return about(
      'False',
      'BackendsDown',
      `${few(down)}: no answer to health checks, so no connection goes there until there is one`,
    );
  if (unknown.length > 0) return about('Unknown', 'NotChecked', `${few(unknown)}: not checked, taken as healthy`);
  return seen.length === 0
    ? about('Unknown', 'NoBackends', 'there is no machine to check')
    : about('True', 'BackendsHealthy', `all ${seen.length} answer`);
}

function few(names: readonly string[]): string {
  return `${names.slice(0, 10).join(', ')}${names.length > 10 ? ` and ${names.length - 10} more` : ''}`;
}
