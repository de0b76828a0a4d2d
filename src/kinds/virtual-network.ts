/** VirtualNetwork: a network for virtual machines in one object. Weft makes its Subnet, its NetworkAttachmentDefinition and, unless it names one, its VPC. */
import { AGE, column, type Kind, READY, REASON } from './kind.ts';
import type { KubeObject } from './object.ts';
import { bool, choice, conditions, int, list, num, obj, str, strings, type Static } from './schema.ts';

const route = obj(
  {
    destination: str('prefix or address'),
    nextHops: strings('addresses of routers inside the VPC; several share the traffic'),
  },
  { required: ['destination', 'nextHops'] },
);

const dhcp = obj(
  {
    enabled: bool('answer DHCP and send router advertisements; true when empty'),
    dnsServers: strings('addresses of DNS servers'),
    searchDomains: strings('domains in which guests look up names'),
    v4Options: str('further DHCPv4 options, name=value separated by comma'),
    v6Options: str('further DHCPv6 options, name=value separated by comma'),
    raOptions: str('settings of router advertisements, name=value separated by comma'),
  },
  { description: 'what guests are told when they start' },
);

const spec = obj(
  {
    cidrs: strings('prefixes: one, or one of each family'),
    gateways: strings('addresses of the router in them; the first usable address of a prefix when empty'),
    vpc: str('the VPC that routes this network; one of its own when empty'),
    clusterNetwork: str(
      'the ClusterNetwork that its tunnels prefer; with mgmt, also when empty, they take the default of each node',
    ),
    mtu: int('largest packet in bytes; what fits the tunnel when empty', {
      format: 'int32',
      minimum: 0,
      maximum: 65535,
    }),
    dhcp,
    routes: list(route, 'further routes of its own VPC'),
    internet: choice(['none', 'nat', 'routed'], 'the way out of the cluster; none when empty'),
    isolation: choice(
      ['vpc', 'subnet', 'none'],
      'who may reach its machines: whoever is in its VPC (vpc, also when empty), only machines of this network (subnet), whoever is in the default VPC (none)',
    ),
  },
  { required: ['cidrs'] },
);

const counters = {
  v4AvailableIPs: num('IPv4 addresses that can still be given'),
  v4UsingIPs: num('IPv4 addresses in use'),
  v6AvailableIPs: num('IPv6 addresses that can still be given'),
  v6UsingIPs: num('IPv6 addresses in use'),
};

const status = obj({
  conditions,
  vpc: str('its VPC'),
  subnet: str('its Subnet'),
  networkAttachmentDefinition: str('what machines name to be on this network, as namespace/name'),
  gateways: strings('addresses of the router'),
  ...counters,
  virtualMachines: int('machines that have an address here', { format: 'int32' }),
});

export type VirtualNetworkSpec = Static<typeof spec>;
export type VirtualNetworkStatus = Omit<Static<typeof status>, keyof typeof counters> & {
  /** may exceed 2^53: JSON numbers of arbitrary size */
  readonly [K in keyof typeof counters]?: number | bigint;
};
export type VirtualNetwork = KubeObject<VirtualNetworkSpec, VirtualNetworkStatus>;

export const virtualNetworkKind: Kind = {
  group: 'network.harvesterhci.io',
  version: 'v1beta1',
  kind: 'VirtualNetwork',
  plural: 'virtualnetworks',
  singular: 'virtualnetwork',
  shortNames: ['vnet'],
  namespaced: true,
  statusSubresource: true,
  description: 'A network for virtual machines.',
  spec,
  status,
  columns: [
    column('CIDRs', '.spec.cidrs'),
    column('VPC', '.status.vpc'),
    column('Isolation', '.spec.isolation', 'string', 1),
    column('VMs', '.status.virtualMachines', 'integer'),
    column('V4Used', '.status.v4UsingIPs', 'number'),
    column('V4Available', '.status.v4AvailableIPs', 'number'),
    column('V6Used', '.status.v6UsingIPs', 'number', 1),
    column('V6Available', '.status.v6AvailableIPs', 'number', 1),
    READY,
    REASON,
    AGE,
  ],
};
