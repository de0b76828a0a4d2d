/**
 * IptablesEIP, IptablesFIPRule, IptablesSnatRule and IptablesDnatRule: what Harvester's UI writes. Kube-OVN's kinds and fields; Kube-OVN carries them out
 * by iptables in the pod of a VpcNatGateway, Weft by the same NAT of OVN as OvnEip, OvnFip, OvnSnatRule and OvnDnatRule.
 */
import { column, type Kind, REASON } from './kind.ts';
import type { KubeObject } from './object.ts';
import { bool, choice, conditions, obj, str, type Static } from './schema.ts';

const COMMON = {
  group: 'kubeovn.io',
  version: 'v1',
  namespaced: false,
  statusSubresource: true,
} as const;

const redo = str('written by Kube-OVN when its pod starts again: empty');
const natGwDp = str('VpcNatGateway of the address');

const eipSpec = obj({
  namespace: str('namespace of the gateway pod: has no effect'),
  natGwDp: str('VpcNatGateway whose VPC uses it'),
  externalSubnet: str('external subnet; the first of the VpcNatGateway when empty'),
  v4ip: str('IPv4 address; the next free one when empty'),
  v6ip: str('IPv6 address; the next free one when empty'),
  macAddress: str('MAC address that answers for it where it is not that of the router'),
  qosPolicy: str('QoSPolicy: has no effect'),
});
const eipStatus = obj({
  conditions,
  ready: bool('the address is given'),
  ip: str('IPv4 address; the IPv6 address where there is no other'),
  redo,
  nat: str('what it is used for: dnat, fip, snat, separated by comma'),
  qosPolicy: str('as in spec'),
});
export type IptablesEipSpec = Static<typeof eipSpec>;
export type IptablesEipStatus = Static<typeof eipStatus>;
export type IptablesEip = KubeObject<IptablesEipSpec, IptablesEipStatus>;
export const iptablesEipKind: Kind = {
  ...COMMON,
  kind: 'IptablesEIP',
  plural: 'iptables-eips',
  singular: 'iptables-eip',
  shortNames: ['eip'],
  description: 'An external address of a VpcNatGateway.',
  spec: eipSpec,
  status: eipStatus,
  columns: [
    column('Namespace', '.spec.namespace'),
    column('ExternalSubnet', '.spec.externalSubnet'),
    column('IP', '.status.ip'),
    column('Mac', '.spec.macAddress'),
    column('Nat', '.status.nat'),
    column('NatGwDp', '.spec.natGwDp'),
    column('Ready', '.status.ready', 'boolean'),
    REASON,
  ],
};

const eip = str('IptablesEIP whose address is used');
const ruleStatus = {
  conditions,
  ready: bool('it is in force'),
  v4ip: str('external IPv4 address'),
  v6ip: str('external IPv6 address'),
  natGwDp,
  redo,
} as const;

const fipSpec = obj({ eip, internalIp: str('address of the machine') });
const fipStatus = obj({ ...ruleStatus, internalIp: str('as in spec') });
export type IptablesFipRuleStatus = Static<typeof fipStatus>;
export type IptablesFipRule = KubeObject<Static<typeof fipSpec>, IptablesFipRuleStatus>;
export const iptablesFipRuleKind: Kind = {
  ...COMMON,
  kind: 'IptablesFIPRule',
  plural: 'iptables-fip-rules',
  singular: 'iptables-fip-rule',
  shortNames: ['fip'],
  description: 'One external address for one internal address.',
  spec: fipSpec,
  status: fipStatus,
  columns: [
    column('Eip', '.spec.eip'),
    column('V4ip', '.status.v4ip'),
    column('InternalIp', '.spec.internalIp'),
    column('V6ip', '.status.v6ip'),
    column('Ready', '.status.ready', 'boolean'),
    column('NatGwDp', '.status.natGwDp'),
    REASON,
  ],
};

const snatSpec = obj({
  eip,
  internalCIDR: str('prefix or address that leaves with it; one of each family, separated by comma'),
});
const snatStatus = obj({ ...ruleStatus, internalCIDR: str('as in spec') });
export type IptablesSnatRuleStatus = Static<typeof snatStatus>;
export type IptablesSnatRule = KubeObject<Static<typeof snatSpec>, IptablesSnatRuleStatus>;
export const iptablesSnatRuleKind: Kind = {
  ...COMMON,
  kind: 'IptablesSnatRule',
  plural: 'iptables-snat-rules',
  singular: 'iptables-snat-rule',
  shortNames: ['snat'],
  description: 'What leaves by an external address.',
  spec: snatSpec,
  status: snatStatus,
  columns: [
    column('EIP', '.spec.eip'),
    column('V4ip', '.status.v4ip'),
    column('V6ip', '.status.v6ip'),
    column('InternalCIDR', '.spec.internalCIDR'),
    column('NatGwDp', '.status.natGwDp'),
    column('Ready', '.status.ready', 'boolean'),
    REASON,
  ],
};

const dnatSpec = obj({
  eip,
  externalPort: str('port of the external address'),
  internalIp: str('address of the machine'),
  internalPort: str('port of the machine'),
  protocol: str('tcp or udp'),
  type: {
    ...choice(['exclusive', 'share'], 'share: several rules of one port share its connections'),
    default: 'exclusive',
  },
});
const dnatStatus = obj({
  ...ruleStatus,
  externalPort: str('as in spec'),
  internalIp: str('as in spec'),
  internalPort: str('as in spec'),
  protocol: str('as in spec'),
});
export type IptablesDnatRuleStatus = Static<typeof dnatStatus>;
export type IptablesDnatRule = KubeObject<Static<typeof dnatSpec>, IptablesDnatRuleStatus>;
export const iptablesDnatRuleKind: Kind = {
  ...COMMON,
  kind: 'IptablesDnatRule',
  plural: 'iptables-dnat-rules',
  singular: 'iptables-dnat-rule',
  shortNames: ['dnat'],
  description: 'A port of an external address that leads to a machine.',
  spec: dnatSpec,
  status: dnatStatus,
  columns: [
    column('Eip', '.spec.eip'),
    column('Protocol', '.spec.protocol'),
    column('V4ip', '.status.v4ip'),
    column('V6ip', '.status.v6ip'),
    column('InternalIp', '.spec.internalIp'),
    column('ExternalPort', '.spec.externalPort'),
    column('InternalPort', '.spec.internalPort'),
    column('Type', '.spec.type'),
    column('NatGwDp', '.status.natGwDp'),
    column('Ready', '.status.ready', 'boolean'),
    REASON,
  ],
};
