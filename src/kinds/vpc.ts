/** Vpc: an isolated routing domain; becomes one logical router. Kube-OVN's kind and fields. */
import { AGE, column, type Kind, READY, REASON } from './kind.ts';
import type { KubeObject } from './object.ts';
import { bool, choice, conditions, int, labelSelector, list, obj, str, strings, type Static } from './schema.ts';

const staticRoute = obj({
  policy: choice(
    ['policyDst', 'policySrc'],
    'what cidr is about: where a packet goes (policyDst, the default), or where it comes from (policySrc). Routes by source are for what leaves the VPC, and count before those by destination; the longest prefix wins',
  ),
  cidr: str('prefix, or one address'),
  nextHopIP: str(
    'address in a subnet of the VPC, or the other end of a link to another VPC. Several entries with the same cidr are equal-cost paths: they share the traffic, and those whose machine runs on no node are left out',
  ),
  ecmpMode: str(
    'ecmp_symmetric_reply: answers take the way of their question. Has no effect yet, which the condition Ready says',
  ),
  bfdId: str('any value: BFD watches the next hop, as enableBfd does for all; for next hops in external subnets'),
  routeTable: str(
    'the route is for subnets with the same spec.routeTable; empty is the main table, which is also that of what comes over links from other VPCs',
  ),
});

const policyRoute = obj({
  priority: int('0 to 32767: the highest that matches decides. 0 is taken as 1, 32767 as 32766', { format: 'int32' }),
  match: str(
    'OVN match expression, such as ip4.src == 10.0.1.0/24 && tcp.dst == 22; $name is the address set of an IPPool. Without state: answers are matched too',
  ),
  action: choice(
    ['allow', 'drop', 'reroute'],
    'what happens to a packet that matches: it goes by the routes to its destination, nowhere, or to nextHopIP',
  ),
  nextHopIP: str('where reroute sends it; several addresses of one family, separated by comma, share the traffic'),
});

const peering = obj({
  remoteVpc: str('the other VPC, which must name this one in the same way'),
  localConnectIP: str(
    "this side's address on the link, with prefix length, such as 169.254.0.1/30; one of each family, separated by comma. The other side has another address of the same prefix, which is the next hop of routes",
  ),
});

const spec = obj({
  defaultSubnet: str('subnet that the namespaces below use by default'),
  namespace: str("not part of Kube-OVN's API: accepted and ignored (use namespaces)"),
  namespaces: strings('namespaces that may bind subnets of this VPC'),
  staticRoutes: list(staticRoute, 'routes of the router, looked at after policyRoutes', { maxItems: 4096 }),
  policyRoutes: list(policyRoute, 'what is decided packet by packet, before all routes; the highest priority decides', {
    maxItems: 1024,
  }),
  vpcPeerings: list(
    peering,
    'links to other VPCs, with addresses and routes by hand; a VpcPeering makes them by itself',
  ),
  enableExternal: bool('connect to the default external subnet'),
  extraExternalSubnets: strings('further external subnets'),
  enableBfd: bool(
    'BFD to next hops of staticRoutes in external subnets, where a prefix has several: those that do not answer are left out',
  ),
  bfdPort: obj(
    { enabled: bool('make the port'), ip: str('its addresses'), nodeSelector: labelSelector('nodes that carry it') },
    { description: 'router port for BFD sessions' },
  ),
});

const status = obj({
  conditions,
  standby: bool('the router is there'),
  default: bool('this is the default VPC'),
  defaultLogicalSwitch: str('default subnet'),
  router: str('name of the logical router'),
  subnets: strings('subnets of this VPC'),
  vpcPeerings: strings('VPCs that this one is linked to'),
  enableExternal: bool('connected to the default external subnet'),
  extraExternalSubnets: strings('further external subnets it is connected to'),
  enableBfd: bool('BFD is in use'),
});

export type VpcSpec = Static<typeof spec>;
export type VpcStatus = Static<typeof status>;
export type StaticRoute = Static<typeof staticRoute>;
export type Vpc = KubeObject<VpcSpec, VpcStatus>;

export const vpcKind: Kind = {
  group: 'kubeovn.io',
  version: 'v1',
  kind: 'Vpc',
  plural: 'vpcs',
  singular: 'vpc',
  shortNames: ['vpc'],
  namespaced: false,
  statusSubresource: true,
  description: 'A virtual private cloud: an isolated routing domain of subnets.',
  spec,
  status,
  columns: [
    column('EnableExternal', '.status.enableExternal', 'boolean'),
    column('EnableBfd', '.status.enableBfd', 'boolean'),
    column('Standby', '.status.standby', 'boolean'),
    column('Subnets', '.status.subnets'),
    column('ExtraExternalSubnets', '.status.extraExternalSubnets'),
    column('Namespaces', '.spec.namespaces'),
    column('DefaultSubnet', '.status.defaultLogicalSwitch'),
    READY,
    REASON,
    AGE,
  ],
};
