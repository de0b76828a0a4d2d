/** Generated worlds for property tests: few names, so that things meet, collide, miss each other and come back. */
import fc from 'fast-check';
import type { IpObject } from '../../../kinds/ip.ts';
import type { IpPool } from '../../../kinds/ip-pool.ts';
import type { Subnet } from '../../../kinds/subnet.ts';
import type { Vpc } from '../../../kinds/vpc.ts';
import type { VpcPeering } from '../../../kinds/vpc-peering.ts';
import { type Change, type Settings, SETTINGS_KEY } from '../world.ts';
import { portVips, vipChanges } from './vip-worlds.ts';
import { CONNECTED } from './connected-world.ts';
import { externalChanges } from './external-worlds.ts';
import { attachment, clusterNetwork, nodeUnderlay, physicalChange } from './underlay-worlds.ts';

const created = fc.integer({ min: 0, max: 3 }).map((second) => `2026-01-01T00:00:0${second}Z`);

const ROUTES = [
  { cidr: '0.0.0.0/0', nextHopIP: '10.0.0.254', policy: 'policyDst' },
  { cidr: '172.16.0.0/16', nextHopIP: '10.1.0.9', policy: 'policyDst' },
  { cidr: '172.16.0.0/16', nextHopIP: '10.0.0.9' },
  { cidr: '192.168.0.7', nextHopIP: '10.0.0.7' },
  { cidr: '172.31.0.0/24', nextHopIP: '10.0.0.3', policy: 'policySrc' },
  { cidr: 'nonsense', nextHopIP: '10.0.0.3' },
  { cidr: 'fd00:9::/48', nextHopIP: 'fd00:1::9' },
  { cidr: '172.31.0.0/28', nextHopIP: '10.1.0.3', policy: 'policySrc', routeTable: 't' },
  { cidr: '172.18.0.0/16', nextHopIP: '10.0.0.9', routeTable: 't' },
  { cidr: '10.1.0.0/24', nextHopIP: '169.254.0.2' },
  { cidr: '10.1.0.0/24', nextHopIP: '169.254.0.3' },
  { cidr: '172.19.0.0/16', nextHopIP: '192.0.2.254' },
] as const;

const POLICIES = [
  { priority: 10, match: 'ip4.src == 10.0.0.0/24', action: 'reroute', nextHopIP: '10.0.0.9, 10.1.0.9' },
  { priority: 10, match: 'ip4.src == 10.0.0.0/24', action: 'drop' },
  { priority: 20, match: 'ip4', action: 'allow' },
  { priority: 30, match: 'ip4.src == $gold', action: 'drop' },
  { priority: 31, match: 'ip4.src = 1', action: 'drop' },
] as const;

/** what VPCs say of each other: both sides, one side, different networks */
const PEERINGS = [
  [],
  [{ remoteVpc: 'a', localConnectIP: '169.254.0.1/30' }],
  [{ remoteVpc: 'b', localConnectIP: '169.254.0.2/30' }],
  [
    { remoteVpc: 'b', localConnectIP: '169.254.0.2/30,fd00:ff::2/64' },
    { remoteVpc: 'a-b', localConnectIP: '169.254.0.5/30' },
  ],
  [{ remoteVpc: 'nowhere', localConnectIP: 'nonsense' }],
] as const;

const vpcName = fc.constantFrom('a', 'b', 'a-b');
const subnetName = fc.constantFrom('n1', 'n2', 'n3', 'b-n1');

export const vpc = fc
  .record({
    name: vpcName,
    created,
    routes: fc.subarray([...ROUTES]),
    policies: fc.subarray([...POLICIES]),
    peerings: fc.constantFrom(...PEERINGS),
    namespaces: fc.constantFrom<readonly string[]>([], ['ns']),
    external: fc.constantFrom<readonly string[] | undefined>(undefined, [], ['n3'], ['external', 'n3', 'nowhere']),
    annotations: fc.constantFrom<Readonly<Record<string, string>>>(
      {},
      { 'network.harvesterhci.io/dns-servers': '1.1.1.1' },
    ),
  })
  .map(
    ({ name, created: at, routes, policies, peerings, namespaces, external, annotations }): Vpc => ({
      apiVersion: 'kubeovn.io/v1',
      kind: 'Vpc',
      metadata: { name, creationTimestamp: at, annotations },
      spec: {
        staticRoutes: routes,
        policyRoutes: policies,
        vpcPeerings: peerings,
        namespaces,
        ...(external === undefined ? {} : { enableExternal: true, extraExternalSubnets: external }),
      },
    }),
  );

/** what a subnet may say of DHCP, also what came past the door */
const guests = fc.constantFrom(
  {},
  { enableDHCP: true },
  { enableDHCP: true, dhcpV4Options: 'dns_server=8.8.8.8', enableIPv6RA: false },
  { enableDHCP: true, dhcpV4Options: 'nonsense' },
  { enableIPv6RA: true, ipv6RAConfigs: 'address_mode=slaac' },
  { enableDHCP: true, ipv6RAConfigs: 'address_mode=dhcpv6_stateless', dhcpV6Options: 'dns_server=fd00::53' },
);

/** rules that agree, contradict each other, name sets that come and go, and came past the door */
const ACLS = [
  { direction: 'to-lport', priority: 2000, match: 'ip4.src == 10.1.0.0/24 && tcp.dst == 22', action: 'allow-related' },
  { direction: 'to-lport', priority: 1500, match: 'ip', action: 'drop' },
  { direction: 'to-lport', priority: 1500, match: '  ip ', action: 'reject' },
  { direction: 'from-lport', priority: 1500, match: 'ip4.dst != $gold.2', action: 'drop' },
  { direction: 'from-lport', priority: 10, match: 'ip6.src == $gold', action: 'allow' },
  { direction: 'to-lport', priority: 10, match: 'outport == "n1-a" && udp', action: 'allow-stateless' },
  { direction: 'from-lport', priority: 3, match: 'tcp.dts == 1', action: 'allow' },
  { direction: 'from-lport', priority: 4, match: 'ip4.src == $weft_allowed4._.n1', action: 'drop' },
] as const;

const access = fc.record(
  {
    private: fc.boolean(),
    allowSubnets: fc.constantFrom<readonly string[] | string>(
      [],
      ['10.1.0.0/24', '10.1.0.7/24', 'fd00:9::/64'],
      '10.0.0.0/8, nonsense',
    ),
    allowEWTraffic: fc.boolean(),
    acls: fc.subarray([...ACLS], { maxLength: 3 }),
  },
  { requiredKeys: [] },
);

const logging = fc.constantFrom<Readonly<Record<string, string>>>(
  {},
  {},
  { 'ovn.kubernetes.io/enable_log': 'true' },
  { 'ovn.kubernetes.io/enable_log': 'true', 'ovn.kubernetes.io/acl_log_meter_rate': 'many' },
  { 'ovn.kubernetes.io/enable_log': 'true', 'ovn.kubernetes.io/log_acl_actions': 'allow,drop' },
);

const block = fc.constantFrom(
  ['10.0.0.0/24', '10.0.0.1'],
  ['10.1.0.0/24', '10.1.0.1'],
  ['10.0.0.0/16', '10.0.255.254'],
  ['fd00:1::/64', 'fd00:1::1'],
  ['10.2.0.0/24,fd00:2::/64', '10.2.0.1,fd00:2::1'],
  ['10.300.0.0/24', '10.0.0.1'],
  ['', ''],
);

/** who the gateway of a VLAN is, also what came past the door */
const GATEWAYS = [
  { logicalGateway: true },
  { u2oInterconnection: true },
  { u2oInterconnection: true, u2oFeatures: { overlayOnlyRouting: true } },
  { u2oInterconnection: true, logicalGateway: true },
];

export const subnet = fc
  .record({
    name: subnetName,
    created,
    vpc: vpcName,
    block,
    guests,
    access,
    logging,
    vips: fc.constantFrom<readonly string[]>([], [], ['10.0.0.40', 'fd00:1::40', 'nonsense']),
    vlan: fc.constantFrom('', '', 'v', 'w'),
    gatewayOf: fc.constantFrom({}, {}, ...GATEWAYS),
    mtu: fc.constantFrom(0, 1300, 9000),
    nodeNetwork: fc.constantFrom('', '', 'data3', 'nowhere'),
    routeTable: fc.constantFrom('', '', 't'),
  })
  .map(
    ({
      name,
      created: at,
      vpc: owner,
      block: [cidrBlock = '', gateway = ''],
      guests: said,
      access: who,
      logging: annotations,
      vips,
      vlan,
      gatewayOf,
      mtu,
      nodeNetwork,
      routeTable,
    }): Subnet => ({
      apiVersion: 'kubeovn.io/v1',
      kind: 'Subnet',
      metadata: { name, creationTimestamp: at, annotations },
      spec: {
        vpc: owner,
        cidrBlock,
        gateway,
        ...(vlan === '' ? {} : { vlan }),
        ...gatewayOf,
        ...(vips.length > 0 ? { vips } : {}),
        ...who,
        ...(mtu ? { mtu } : {}),
        ...(nodeNetwork ? { nodeNetwork } : {}),
        routeTable,
        ...said,
      },
    }),
  );

const peering = fc
  .record({
    name: fc.constantFrom('p1', 'p2'),
    namespace: fc.constantFrom('ns', 'other'),
    created,
    localVpc: vpcName,
    remoteVpc: vpcName,
    localSubnets: fc.constantFrom(undefined, ['n1'], ['n2', 'n9']),
    linkCIDR: fc.constantFrom(undefined, '169.254.0.0/30', 'nonsense'),
  })
  .map(
    ({ name, namespace, created: at, localVpc, remoteVpc, localSubnets, linkCIDR }): VpcPeering => ({
      apiVersion: 'network.harvesterhci.io/v1beta1',
      kind: 'VpcPeering',
      metadata: { name, namespace, creationTimestamp: at },
      spec: { localVpc, remoteVpc, ...(localSubnets ? { localSubnets } : {}), ...(linkCIDR ? { linkCIDR } : {}) },
    }),
  );
const peeringKey = ({ metadata }: VpcPeering) => `${metadata.namespace}/${metadata.name}`;

export const nic = fc
  .record({
    name: fc.constantFrom('vm1.ns', 'vm2.ns', 'vm3.ns', 'n1-a', 'vm4.ns.net.ns.ovn'),
    created,
    vips: portVips,
    subnet: subnetName,
    host: fc.integer({ min: 2, max: 5 }),
    node: fc.constantFrom('', 'node1', 'node2', 'a,b'),
    annotations: fc.constantFrom<Readonly<Record<string, string>>>(
      {},
      { 'ovn.kubernetes.io/port_security': 'false' },
      { 'ovn.kubernetes.io/dhcp-v4-options': 'mtu=1200' },
      { 'ovn.kubernetes.io/dhcp-v6-options': 'dns_server=fd00::1', 'ovn.kubernetes.io/default_route': 'false' },
      { 'ovn.kubernetes.io/default_route': 'false' },
    ),
    machine: fc.boolean(),
  })
  .map(
    ({ name, created: at, vips, subnet: network, host, node, annotations, machine }): IpObject => ({
      apiVersion: 'kubeovn.io/v1',
      kind: 'IP',
      metadata: {
        name,
        creationTimestamp: at,
        annotations: { ...annotations, ...vips },
      },
      spec: {
        subnet: network,
        namespace: 'ns',
        podName: name.split('.')[0]!,
        macAddress: `02:00:00:00:00:0${host}`,
        v4IpAddress: `10.0.0.${host}`,
        nodeName: node,
        ...(machine ? { podType: 'VirtualMachine' } : {}),
      },
    }),
  );

/** what holds the address of a VPC's router in a VLAN: right, elsewhere, and of another VPC */
const routerIp = fc
  .record({
    subnet: subnetName,
    owner: vpcName,
    created,
    addresses: fc.constantFrom(
      { v4IpAddress: '10.0.0.20' },
      { v4IpAddress: '10.1.0.20' },
      { v4IpAddress: '10.2.0.20', v6IpAddress: 'fd00:2::20' },
      {},
    ),
    gone: fc.integer({ min: 0, max: 4 }),
  })
  .map(({ subnet: network, owner, created: at, addresses, gone }): Change => {
    const name = `u2o-interconnection.${owner}.${network}`;
    const spec = { subnet: network, podName: '', namespace: '', macAddress: '02:00:00:00:20:20', ...addresses };
    const metadata = { name, creationTimestamp: at };
    return {
      kind: 'IP',
      key: name,
      object: gone === 0 ? undefined : { apiVersion: 'kubeovn.io/v1', kind: 'IP', metadata, spec },
    };
  });

const pool = fc
  .record({
    name: fc.constantFrom('gold', 'gold-2'),
    created,
    subnet: subnetName,
    ips: fc.constantFrom(['10.0.0.2..10.0.0.3'], ['10.0.0.3', '10.0.0.8/29'], ['nonsense']),
    enableAddressSet: fc.boolean(),
  })
  .map(
    ({ name, created: at, subnet: network, ips, enableAddressSet }): IpPool => ({
      apiVersion: 'kubeovn.io/v1',
      kind: 'IPPool',
      metadata: { name, creationTimestamp: at },
      spec: { subnet: network, ips, enableAddressSet },
    }),
  );

/** where a machine is seen to run, or that it is seen nowhere */
const placement = fc
  .record({
    name: fc.constantFrom('ns/vm1', 'ns/vm2', 'ns/vm3'),
    seen: fc.option(fc.record({ node: fc.constantFrom('node1', 'node2', 'a,b') }, { requiredKeys: ['node'] }), {
      nil: undefined,
    }),
    target: fc.option(fc.constantFrom('node2', 'node3', 'a,b'), { nil: undefined }),
    left: fc.option(fc.constantFrom('node1', 'node3'), { nil: undefined }),
  })
  .map(
    ({ name, seen, target, left }): Change => ({
      kind: 'Placement',
      key: name,
      object: seen && { ...seen, ...(target === undefined ? {} : { target }), ...(left === undefined ? {} : { left }) },
    }),
  );

/** where OVN has ports of a machine, or that none of them is on two nodes */
const bound = fc
  .record({
    name: fc.constantFrom('ns/vm1', 'ns/vm2', 'ns/vm3'),
    object: fc.option(
      fc.record({
        chassis: fc.subarray(['node1', 'node3']),
        additional: fc.subarray(['node1', 'node2']),
      }),
      { nil: undefined },
    ),
  })
  .map(({ name, object }): Change => ({ kind: 'PortsBound', key: name, object }));

/** a port that no node has, or that one has */
const portDown = fc
  .record({
    key: fc.constantFrom('vm1.ns', 'vm2.ns', 'vm3.ns', 'n1-a'),
    object: fc.constantFrom({ down: true } as const, undefined),
  })
  .map(({ key, object }): Change => ({ kind: 'PortDown', key, object }));

const settings = fc
  .constantFrom<Settings>(
    { tunnelMtu: 1442 },
    { tunnelMtu: 1450, dnsServers: ['9.9.9.9', 'fd00::9'], searchDomains: ['lab.test'] },
  )
  .map((object): Change => ({ kind: 'Settings', key: SETTINGS_KEY, object }));

export const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 1, arbitrary: settings },
  { weight: 3, arbitrary: vpc.map((object): Change => ({ kind: 'Vpc', key: object.metadata.name, object })) },
  { weight: 1, arbitrary: vpcName.map((key): Change => ({ kind: 'Vpc', key, object: undefined })) },
  { weight: 5, arbitrary: subnet.map((object): Change => ({ kind: 'Subnet', key: object.metadata.name, object })) },
  { weight: 2, arbitrary: subnetName.map((key): Change => ({ kind: 'Subnet', key, object: undefined })) },
  { weight: 2, arbitrary: peering.map((object): Change => ({ kind: 'VpcPeering', key: peeringKey(object), object })) },
  {
    weight: 1,
    arbitrary: peering.map((object): Change => ({ kind: 'VpcPeering', key: peeringKey(object), object: undefined })),
  },
  { weight: 3, arbitrary: nodeUnderlay },
  { weight: 5, arbitrary: physicalChange },
  { weight: 1, arbitrary: clusterNetwork },
  { weight: 1, arbitrary: attachment },
  { weight: 2, arbitrary: placement },
  { weight: 2, arbitrary: bound },
  { weight: 2, arbitrary: portDown },
  { weight: 6, arbitrary: nic.map((object): Change => ({ kind: 'IP', key: object.metadata.name, object })) },
  { weight: 1, arbitrary: pool.map((object): Change => ({ kind: 'IPPool', key: object.metadata.name, object })) },
  {
    weight: 1,
    arbitrary: pool.map(({ metadata }): Change => ({ kind: 'IPPool', key: metadata.name, object: undefined })),
  },
  { weight: 3, arbitrary: routerIp },
  ...vipChanges(created, subnetName),
  ...externalChanges(created, vpcName, subnetName),
  { weight: 2, arbitrary: nic.map(({ metadata }): Change => ({ kind: 'IP', key: metadata.name, object: undefined })) },
);

/** changes in batches, as they might arrive */
const batches = fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 10 });
/** those after which most of what was connected still is */
const translations = fc.array(
  fc.array(fc.oneof(...externalChanges(created, vpcName, subnetName), { weight: 1, arbitrary: change }), {
    maxLength: 6,
  }),
  { maxLength: 5 },
);
export const history = fc.oneof(
  { weight: 2, arbitrary: batches },
  { weight: 1, arbitrary: translations.map((later) => [CONNECTED, ...later]) },
);
