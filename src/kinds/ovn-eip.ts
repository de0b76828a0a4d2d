/** OvnEip: an address of an external subnet, for translation. Kube-OVN's kind and fields. */
import { column, type Kind, REASON } from './kind.ts';
import type { KubeObject } from './object.ts';
import { bool, choice, conditions, obj, str, type Static } from './schema.ts';

const spec = obj({
  externalSubnet: str('subnet on a VLAN that the address is of; the default external subnet (external) when empty'),
  v4Ip: str('IPv4 address; the next free one when empty'),
  v6Ip: str('IPv6 address; the next free one when empty'),
  macAddress: str('MAC address that answers for it where it is not that of the router'),
  type: choice(
    ['', 'nat', 'lrp', 'lsp'],
    'nat: for OvnFip, OvnSnatRule and OvnDnatRule (the default); lrp: of a VPC router itself, made by the controller; lsp: of a port',
  ),
});

const status = obj({
  conditions,
  type: str('as in spec'),
  v4Ip: str('IPv4 address'),
  v6Ip: str('IPv6 address'),
  macAddress: str('MAC address'),
  nat: str('what it is used for: dnat, fip, snat, separated by comma'),
  ready: bool('the address is given'),
});

export type OvnEipSpec = Static<typeof spec>;
export type OvnEipStatus = Static<typeof status>;
export type OvnEip = KubeObject<OvnEipSpec, OvnEipStatus>;

export const ovnEipKind: Kind = {
  group: 'kubeovn.io',
  version: 'v1',
  kind: 'OvnEip',
  plural: 'ovn-eips',
  singular: 'ovn-eip',
  shortNames: ['oeip'],
  namespaced: false,
  statusSubresource: true,
  description: 'An address of an external subnet, for translation.',
  spec,
  status,
  columns: [
    column('V4IP', '.status.v4Ip'),
    column('V6IP', '.status.v6Ip'),
    column('Mac', '.status.macAddress'),
    column('Type', '.status.type'),
    column('Nat', '.status.nat'),
    column('Ready', '.status.ready', 'boolean'),
    column('ExternalSubnet', '.spec.externalSubnet'),
    REASON,
  ],
};
