/** Subnet: an address range of a VPC; becomes one logical switch with a port on the VPC's router. Kube-OVN's kind and fields. */
import { AGE, column, type Kind, READY, REASON } from './kind.ts';
import type { KubeObject } from './object.ts';
import {
  anything,
  bool,
  choice,
  conditions,
  int,
  labelSelector,
  list,
  num,
  obj,
  str,
  strings,
  type Static,
} from './schema.ts';

const natRule = obj({
  match: obj({ srcIPs: str('comma-separated sources'), dstIPs: str('comma-separated destinations') }),
  action: choice(['nat', 'forward'], 'translate or pass'),
});

const acl = obj({
  direction: choice(['from-lport', 'to-lport'], 'when a packet enters the switch, or when it leaves it'),
  priority: int('0 to 32767; the highest that matches decides', { format: 'int32' }),
  match: str('OVN match expression'),
  action: choice(
    ['allow', 'allow-related', 'allow-stateless', 'drop', 'reject'],
    'what happens to a packet that matches',
  ),
});

const spec = obj({
  default: bool('the default subnet of the default VPC'),
  vpc: str('the VPC; ovn-cluster when empty'),
  protocol: str('IPv4, IPv6 or Dual; computed from cidrBlock'),
  namespaces: strings('namespaces bound to this subnet'),
  namespaceSelectors: list(labelSelector('labels of namespaces'), 'namespaces bound to this subnet, by label'),
  cidrBlock: str('prefix, or "v4,v6" for dual stack'),
  gateway: str('address of the router in this subnet; the first usable address when empty'),
  excludeIps: strings(
    'ADDRESS or FIRST..LAST that are not given to anybody by themselves; the gateway is always among them',
  ),
  provider: str('ovn, or <nad>.<namespace>.ovn of the network attachment that this subnet serves'),
  gatewayType: str('distributed or centralized'),
  gatewayNode: str('nodes of a centralized gateway'),
  gatewayNodeSelectors: list(labelSelector('labels of nodes'), 'nodes of a centralized gateway, by label'),
  natOutgoing: bool('translate what leaves to addresses outside'),
  natOutgoingPolicyRules: list(natRule, 'exceptions of natOutgoing'),
  externalEgressGateway: str('gateways outside, one per family'),
  policyRoutingPriority: int('for externalEgressGateway', { format: 'int32' }),
  policyRoutingTableID: int('for externalEgressGateway', { format: 'int32' }),
  mtu: int('largest packet in bytes; 0 is what fits the tunnel', { format: 'int32', minimum: 0, maximum: 65535 }),
  private: bool('guests talk to each other and to allowSubnets only, in both directions'),
  allowSubnets: anything<readonly string[] | string>(
    'prefixes that a private subnet may talk to, of both families (a list, or one comma-separated string)',
  ),
  vlan: str('VLAN that carries this subnet instead of the overlay'),
  vips: strings('virtual addresses of this subnet'),
  logicalGateway: bool('the router is the gateway of a VLAN subnet'),
  disableGatewayCheck: bool('a pod starts without asking the gateway'),
  disableInterConnection: bool('not advertised to other zones'),
  enableDHCP: bool('answer DHCP'),
  dhcpV4Options: str('DHCPv4 options, key=value separated by comma'),
  dhcpV6Options: str('DHCPv6 options, key=value separated by comma'),
  enableIPv6RA: bool('send router advertisements'),
  ipv6RAConfigs: str('router advertisement settings, key=value separated by comma'),
  acls: list(acl, 'rules of who may talk; what keeps the network alive always passes', { maxItems: 1024 }),
  allowEWTraffic: bool(
    'traffic inside of the subnet passes, unless one of acls with a priority above 1900 says otherwise',
  ),
  u2oInterconnection: bool('connect a VLAN subnet to the overlay'),
  u2oInterconnectionIP: str('router address for u2oInterconnection'),
  u2oFeatures: obj(
    { overlayOnlyRouting: bool('route only to the overlay') },
    { description: 'details of u2oInterconnection' },
  ),
  enableLb: bool('load balancers of services'),
  enableEcmp: bool('several active centralized gateways'),
  enableMulticastSnoop: bool('IGMP and MLD snooping'),
  enableExternalLBAddress: bool('load balancer addresses from this subnet'),
  routeTable: str('table of the VPC whose routes count for what comes from this subnet; empty is the main table'),
  nodeNetwork: str('network between nodes that carries the tunnels'),
});

const counters = (family: 'v4' | 'v6') => ({
  [`${family}availableIPs`]: num('addresses that can still be given'),
  [`${family}availableIPrange`]: str('which ones'),
  [`${family}usingIPs`]: num('addresses in use'),
  [`${family}usingIPrange`]: str('which ones'),
});

const status = obj({
  conditions,
  ...(counters('v4') as Record<'v4availableIPs' | 'v4usingIPs', ReturnType<typeof num>> &
    Record<'v4availableIPrange' | 'v4usingIPrange', ReturnType<typeof str>>),
  ...(counters('v6') as Record<'v6availableIPs' | 'v6usingIPs', ReturnType<typeof num>> &
    Record<'v6availableIPrange' | 'v6usingIPrange', ReturnType<typeof str>>),
  activateGateway: str('active node of a centralized gateway'),
  dhcpV4OptionsUUID: str('DHCPv4 options row'),
  dhcpV6OptionsUUID: str('DHCPv6 options row'),
  u2oInterconnectionIP: str('router address of u2oInterconnection'),
  u2oInterconnectionMAC: str('its MAC address'),
  u2oInterconnectionVPC: str('its VPC'),
});

export type SubnetSpec = Static<typeof spec>;
export type SubnetStatus = Omit<
  Static<typeof status>,
  'v4availableIPs' | 'v4usingIPs' | 'v6availableIPs' | 'v6usingIPs'
> & {
  /** may exceed 2^53: JSON numbers of arbitrary size */
  readonly [K in 'v4availableIPs' | 'v4usingIPs' | 'v6availableIPs' | 'v6usingIPs']?: number | bigint;
};
export type Subnet = KubeObject<SubnetSpec, SubnetStatus>;

export const subnetKind: Kind = {
  group: 'kubeovn.io',
  version: 'v1',
  kind: 'Subnet',
  plural: 'subnets',
  singular: 'subnet',
  shortNames: ['subnet'],
  namespaced: false,
  statusSubresource: true,
  description: 'An address range of a VPC, with its gateway and its rules.',
  spec,
  status,
  columns: [
    column('Provider', '.spec.provider'),
    column('Vpc', '.spec.vpc'),
    column('Vlan', '.spec.vlan'),
    column('Protocol', '.spec.protocol'),
    column('CIDR', '.spec.cidrBlock'),
    column('Private', '.spec.private', 'boolean'),
    column('NAT', '.spec.natOutgoing', 'boolean'),
    column('Default', '.spec.default', 'boolean'),
    column('GatewayType', '.spec.gatewayType'),
    column('V4Used', '.status.v4usingIPs', 'number'),
    column('V4Available', '.status.v4availableIPs', 'number'),
    column('V6Used', '.status.v6usingIPs', 'number'),
    column('V6Available', '.status.v6availableIPs', 'number'),
    column('ExcludeIPs', '.spec.excludeIps'),
    column('U2OInterconnectionIP', '.status.u2oInterconnectionIP'),
    READY,
    REASON,
    AGE,
  ],
};
