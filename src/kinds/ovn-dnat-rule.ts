/** OvnDnatRule: ports of an external address that lead to machines. Kube-OVN's kind and fields. */
import { column, type Kind, REASON } from './kind.ts';
import type { KubeObject } from './object.ts';
import { bool, choice, conditions, obj, str, type Static } from './schema.ts';

const spec = obj(
  {
    ovnEip: str('OvnEip whose ports are forwarded'),
    ipType: choice(['', 'ip', 'vip'], 'what ipName names: IP objects (the default), or Vips'),
    ipName: str(
      'IP object (<vm>.<namespace>[.<provider>]) or Vip that ports lead to; several, separated by comma, share the connections',
    ),
    vpc: str('VPC of v4Ip and v6Ip, where ipName is empty'),
    v4Ip: str('internal IPv4 address, where ipName is empty; several, separated by comma, share the connections'),
    v6Ip: str('internal IPv6 address, where ipName is empty; several, separated by comma, share the connections'),
    protocol: choice(['', 'tcp', 'udp', 'sctp'], 'tcp when empty'),
    externalPort: str('port, or FIRST-LAST with at most 1000 ports'),
    internalPort: str('port, or FIRST-LAST with as many ports as externalPort; as externalPort when empty'),
  },
  { required: ['ovnEip', 'externalPort'] },
);

const status = obj({
  conditions,
  vpc: str('VPC of the internal addresses'),
  v4Eip: str('external IPv4 address'),
  v6Eip: str('external IPv6 address'),
  externalPort: str('as in spec'),
  v4Ip: str('internal IPv4 addresses'),
  v6Ip: str('internal IPv6 addresses'),
  internalPort: str('as in spec'),
  protocol: str('as in spec'),
  ipName: str('as in spec'),
  ready: bool('it is in force'),
});

export type OvnDnatRuleSpec = Static<typeof spec>;
export type OvnDnatRuleStatus = Static<typeof status>;
export type OvnDnatRule = KubeObject<OvnDnatRuleSpec, OvnDnatRuleStatus>;

export const ovnDnatRuleKind: Kind = {
  group: 'kubeovn.io',
  version: 'v1',
  kind: 'OvnDnatRule',
  plural: 'ovn-dnat-rules',
  singular: 'ovn-dnat-rule',
  shortNames: ['odnat'],
  namespaced: false,
  statusSubresource: true,
  description: 'Ports of an external address that lead to machines.',
  spec,
  status,
  columns: [
    column('Vpc', '.status.vpc'),
    column('Eip', '.spec.ovnEip'),
    column('Protocol', '.status.protocol'),
    column('V4Eip', '.status.v4Eip'),
    column('V6Eip', '.status.v6Eip'),
    column('V4Ip', '.status.v4Ip'),
    column('V6Ip', '.status.v6Ip'),
    column('InternalPort', '.status.internalPort'),
    column('ExternalPort', '.status.externalPort'),
    column('IpName', '.spec.ipName'),
    column('Ready', '.status.ready', 'boolean'),
    REASON,
  ],
};
