/** OvnFip: a floating IP, one external address for one internal address in both directions. Kube-OVN's kind and fields. */
import { column, type Kind, REASON } from './kind.ts';
import type { KubeObject } from './object.ts';
import { bool, choice, conditions, obj, str, type Static } from './schema.ts';

const spec = obj(
  {
    ovnEip: str('OvnEip whose addresses are used'),
    ipType: choice(['', 'ip', 'vip'], 'what ipName names: an IP object (the default), or a Vip'),
    ipName: str('IP object (<vm>.<namespace>[.<provider>]) or Vip that has the internal addresses'),
    vpc: str('VPC of v4Ip and v6Ip, where ipName is empty'),
    v4Ip: str('internal IPv4 address, where ipName is empty'),
    v6Ip: str('internal IPv6 address, where ipName is empty'),
    type: choice(
      ['', 'distributed', 'centralized'],
      'distributed: traffic enters and leaves at the node of the machine; centralized: at the active gateway node. Distributed when empty, where ipName names a machine',
    ),
  },
  { required: ['ovnEip'] },
);

const status = obj({
  conditions,
  vpc: str('VPC of the internal addresses'),
  v4Eip: str('external IPv4 address'),
  v6Eip: str('external IPv6 address'),
  v4Ip: str('internal IPv4 address'),
  v6Ip: str('internal IPv6 address'),
  macAddress: str('MAC address that answers for the external addresses where the floating IP is distributed'),
  ready: bool('it is in force'),
});

export type OvnFipSpec = Static<typeof spec>;
export type OvnFipStatus = Static<typeof status>;
export type OvnFip = KubeObject<OvnFipSpec, OvnFipStatus>;

export const ovnFipKind: Kind = {
  group: 'kubeovn.io',
  version: 'v1',
  kind: 'OvnFip',
  plural: 'ovn-fips',
  singular: 'ovn-fip',
  shortNames: ['ofip'],
  namespaced: false,
  statusSubresource: true,
  description: 'A floating IP: one external address for one internal address.',
  spec,
  status,
  columns: [
    column('Vpc', '.status.vpc'),
    column('Type', '.spec.type'),
    column('V4Eip', '.status.v4Eip'),
    column('V6Eip', '.status.v6Eip'),
    column('V4Ip', '.status.v4Ip'),
    column('V6Ip', '.status.v6Ip'),
    column('Ready', '.status.ready', 'boolean'),
    column('IpType', '.spec.ipType'),
    column('IpName', '.spec.ipName'),
    REASON,
  ],
};
