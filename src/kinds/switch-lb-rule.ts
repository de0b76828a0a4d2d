/** SwitchLBRule: a load balancer inside of a VPC. Kube-OVN's kind and fields. */
import { column, type Kind, READY, REASON } from './kind.ts';
import type { KubeObject } from './object.ts';
import { choice, conditions, int, list, obj, str, strings, type Static } from './schema.ts';

const port = obj(
  {
    name: str('name of the port'),
    port: int('port of the virtual address', { format: 'int32', minimum: 1, maximum: 65535 }),
    targetPort: int('port of the machines; as port when 0', { format: 'int32', minimum: 0, maximum: 65535 }),
    protocol: str('TCP (the default), UDP or SCTP'),
  },
  { required: ['port'] },
);

const spec = obj({
  vip: str('virtual address, which a Vip of type switch_lb_vip may reserve; IPv4 or IPv6'),
  namespace: str('namespace of the machines'),
  selector: strings('labels of the machines that share the connections, key:value'),
  endpoints: strings('addresses of the machines that share the connections, instead of selector'),
  sessionAffinity: choice(['', 'None', 'ClientIP'], 'ClientIP: connections of one client go to one machine'),
  ports: list(port, 'what is balanced'),
});

const status = obj({
  conditions,
  ports: str('what is balanced, such as 80/TCP'),
  service: str('namespace and name of its Service in Kube-OVN'),
});

export type SwitchLbRuleSpec = Static<typeof spec>;
export type SwitchLbRuleStatus = Static<typeof status>;
export type SwitchLbRule = KubeObject<SwitchLbRuleSpec, SwitchLbRuleStatus>;

export const switchLbRuleKind: Kind = {
  group: 'kubeovn.io',
  version: 'v1',
  kind: 'SwitchLBRule',
  plural: 'switch-lb-rules',
  singular: 'switch-lb-rule',
  shortNames: ['slr'],
  namespaced: false,
  statusSubresource: true,
  description: 'A load balancer inside of a VPC.',
  spec,
  status,
  columns: [
    column('vip', '.spec.vip'),
    column('port(s)', '.status.ports'),
    column('service', '.status.service'),
    READY,
    REASON,
    column('age', '.metadata.creationTimestamp', 'date'),
  ],
};
