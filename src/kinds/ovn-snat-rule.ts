/** OvnSnatRule: what leaves by an external address. Kube-OVN's kind and fields. */
import { column, type Kind, REASON } from './kind.ts';
import type { KubeObject } from './object.ts';
import { bool, conditions, obj, str, type Static } from './schema.ts';

const spec = obj(
  {
    ovnEip: str('OvnEip whose addresses packets leave with'),
    vpcSubnet: str('subnet whose machines leave with it'),
    ipName: str('IP object (<vm>.<namespace>[.<provider>]) of the one interface that leaves with it'),
    vpc: str('VPC of v4IpCidr and v6IpCidr'),
    v4IpCidr: str('IPv4 prefix or address that leaves with it'),
    v6IpCidr: str('IPv6 prefix or address that leaves with it'),
  },
  { required: ['ovnEip'] },
);

const status = obj({
  conditions,
  vpc: str('VPC of the internal addresses'),
  v4Eip: str('external IPv4 address'),
  v6Eip: str('external IPv6 address'),
  v4IpCidr: str('IPv4 prefixes that leave with it'),
  v6IpCidr: str('IPv6 prefixes that leave with it'),
  ready: bool('it is in force'),
});

export type OvnSnatRuleSpec = Static<typeof spec>;
export type OvnSnatRuleStatus = Static<typeof status>;
export type OvnSnatRule = KubeObject<OvnSnatRuleSpec, OvnSnatRuleStatus>;

export const ovnSnatRuleKind: Kind = {
  group: 'kubeovn.io',
  version: 'v1',
  kind: 'OvnSnatRule',
  plural: 'ovn-snat-rules',
  singular: 'ovn-snat-rule',
  shortNames: ['osnat'],
  namespaced: false,
  statusSubresource: true,
  description: 'What leaves by an external address.',
  spec,
  status,
  columns: [
    column('Vpc', '.status.vpc'),
    column('V4Eip', '.status.v4Eip'),
    column('V6Eip', '.status.v6Eip'),
    column('V4IpCidr', '.status.v4IpCidr'),
    column('V6IpCidr', '.status.v6IpCidr'),
    column('Ready', '.status.ready', 'boolean'),
    REASON,
  ],
};
