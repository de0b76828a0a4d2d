/** Vpc: an isolated routing domain; becomes one logical router. Kube-OVN's kind and fields. */
import { AGE, column, type Kind, READY, REASON } from './kind.ts';
import type { KubeObject } from './object.ts';
import { bool, choice, conditions, int, labelSelector, list, obj, str, strings, type Static } from './schema.ts';

const staticRoute = obj({
  policy: choice(['policyDst', 'policySrc'], 'match on destination (default) or source'),
  cidr: str('prefix or address'),
  nextHopIP: str('address of the next hop; several entries with the same prefix are equal-cost paths'),
  ecmpMode: str('ecmp_symmetric_reply: replies take the path of the request'),
  bfdId: str('identifier of the BFD session that watches the next hop'),
  routeTable: str('route table; empty is the main table'),
});

const policyRoute = obj({
  priority: int('0 to 32767; the highest matching priority decides', { format: 'int32' }),
  match: str('OVN match expression'),
  action: choice(['allow', 'drop', 'reroute'], 'what happens to a packet that matches'),
  nextHopIP: str('next hop of reroute; comma-separated for several'),
});

const peering = obj({
  remoteVpc: str('the other VPC, which must declare this one'),
  localConnectIP: str("this side's address on the link, with prefix length"),
});

const spec = obj({
  defaultSubnet: str('subnet that the namespaces below use by default'),
  namespace: str("not part of Kube-OVN's API: accepted and ignored (use namespaces)"),
  namespaces: strings('namespaces that may bind subnets of this VPC'),
  staticRoutes: list(staticRoute, 'static routes of the router'),
  policyRoutes: list(policyRoute, 'policy routes of the router'),
  vpcPeerings: list(peering, 'links to other VPCs'),
  enableExternal: bool('connect to the default external subnet'),
  extraExternalSubnets: strings('further external subnets'),
  enableBfd: bool('BFD to the gateways of external subnets'),
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
