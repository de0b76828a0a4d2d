/**
 * SwitchLBRule -> one Load_Balancer for each protocol, on all switches of its VPC and on its router.
 *
 *   client ──> its switch: the connection is sent to one of the machines ──> router, if that is elsewhere ──> machine
 *     │ who has the address?
 *     └──> the router answers, also in the subnet that the address is in
 *
 * Each client's switch balances: the router only answers for the address. A machine that asks for its own rule's address reaches itself too: OVN then lets the question
 * come from the virtual address. Health checks come from an address of the machine's subnet that is set aside for them, answered by OVN itself.
 */
import { formatIp } from '../../lib/netaddr/ip.ts';
import type { SwitchLbRule } from '../../kinds/switch-lb-rule.ts';
import { type BalancedPort, balancedPorts, portText, PROTOCOLS, type Protocol, socketText } from '../vip/balanced.ts';
import { type Balanced, balancedOf } from './backends.ts';
import { emitHealthCheck, type HealthSources, healthSources, isChecked, portMappings } from './health-checks.ts';
import { type Emit, type Read, rule } from './rule.ts';
import { mostSenior, seniority } from './seniority.ts';

/** seconds for which ClientIP sends a client to the machine that it had: Kubernetes' default */
const AFFINITY = '10800';

/** names of objects have no slash: no other kind's load balancer has this name */
export function balancerName(name: string, protocol: Protocol): string {
  return `slr-${name}/${protocol}`;
}

export const switchLbRule = rule({
  kind: 'SwitchLBRule',
  reads: { kinds: ['IP', 'Subnet', 'SwitchLBRule', 'Vip', 'Workload'], facts: ['VpcRouter'] },
  emits: [],
  run(object, name, read, emit) {
    const balanced = balancedOf(object, read);
    if ('reason' in balanced) return emit.issue(balanced);
    for (const problem of balanced.problems) emit.issue(problem);
    const router = read.fact('VpcRouter', balanced.vpc)?.router;
    if (router === undefined)
      return emit.issue({
        reason: 'VpcNotFound',
        message: `there is no VPC ${JSON.stringify(balanced.vpc)}: create it, or name another one`,
      });
    if (isTaken(balanced, read, emit)) return;
    const ports = ownPorts(object, name, balanced, read, emit);
    if (ports.length > 0 && balanced.backends.length === 0)
      emit.issue({
        reason: 'NoBackends',
        severity: 'warning',
        message:
          'no machine shares the connections: they are refused until one runs that spec.selector or spec.endpoints names',
      });
    const sources = isChecked(object.metadata) ? healthSources(balanced.backends, read, emit) : new Map();
    const switches = read.keys('Subnet', 'vpc', balanced.vpc);
    for (const protocol of PROTOCOLS) {
      const some = ports.filter((port) => port.protocol === protocol);
      if (some.length === 0) continue;
      const key = balancerName(name, protocol);
      emitBalancer(key, object, balanced, some, protocol === 'sctp' ? new Map() : sources, emit);
      const ref = { table: 'Load_Balancer', key };
      emit.member('Logical_Router', router, 'load_balancer', ref);
      for (const subnet of switches) emit.member('Logical_Switch', subnet, 'load_balancer', ref);
    }
  },
});

/** A machine's own address must not be taken away from it. */
function isTaken({ vip, subnet }: Balanced, read: Read, emit: Emit): boolean {
  if (subnet === undefined) return false;
  const text = formatIp(vip);
  const [holder] = read.keys('IP', 'address', `${subnet}|${text}`).toSorted();
  const isGateway = read.get('Subnet', subnet, ({ spec }) => (spec?.gateway ?? '').split(',').includes(text)) === true;
  if (holder === undefined && !isGateway) return false;
  emit.issue({
    reason: 'AddressConflict',
    field: 'spec.vip',
    message: `spec.vip: ${text} is ${isGateway ? `the gateway of subnet ${subnet}` : `the address of interface ${holder}`}: choose another one, and reserve it with a Vip of type switch_lb_vip`,
  });
  return true;
}

/** the ports that no older rule of the VPC has at this address */
function ownPorts(
  { metadata, spec }: SwitchLbRule,
  name: string,
  { vip, vpc }: Balanced,
  read: Read,
  emit: Emit,
): readonly BalancedPort[] {
  const text = formatIp(vip);
  const others = read.keys('SwitchLBRule', 'address', text).filter((key) => key !== name);
  const rivals = others.flatMap((key) => {
    const other = read.get('SwitchLBRule', key);
    const place = other && balancedOf(other, read);
    return place && 'vpc' in place && place.vpc === vpc ? [{ key, ports: balancedPorts(other!.spec) }] : [];
  });
  return balancedPorts(spec).filter((port) => {
    const same = rivals.filter(({ ports }) => ports.some((other) => portText(other) === portText(port)));
    const older = mostSenior(
      seniority(metadata.creationTimestamp, name),
      same.map(({ key }) => key),
      (key) => read.get('SwitchLBRule', key, (object) => object.metadata.creationTimestamp),
    );
    if (older === undefined) return true;
    emit.issue({
      reason: 'AddressConflict',
      field: 'spec.ports',
      message: `spec.ports: SwitchLBRule ${older} has ${portText(port)} of ${text} already: choose another port or address`,
    });
    return false;
  });
}

function emitBalancer(
  key: string,
  { metadata, spec }: SwitchLbRule,
  { vip, backends }: Balanced,
  ports: readonly BalancedPort[],
  sources: HealthSources,
  emit: Emit,
): void {
  const address = formatIp(vip);
  const targets = (target: number) => backends.map((backend) => socketText(backend.address, target)).join(',');
  const mappings = portMappings(backends, sources);
  emit.row('Load_Balancer', key, {
    protocol: ports[0]!.protocol,
    vips: Object.fromEntries(ports.map(({ port, target }) => [socketText(address, port), targets(target)])),
    ip_port_mappings: mappings,
    selection_fields: [],
    options: {
      // without a machine that answers, a client hears so at once
      reject: 'true',
      ct_flush: 'true',
      ...(spec?.sessionAffinity === 'ClientIP' ? { affinity_timeout: AFFINITY } : {}),
    },
    external_ids: { vendor: 'kube-ovn', slr: metadata.name },
  });
  if (Object.keys(mappings).length === 0) return;
  for (const { port } of ports) emitHealthCheck(key, String(port), socketText(address, port), emit);
}
