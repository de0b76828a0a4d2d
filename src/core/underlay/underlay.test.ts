/** What ClusterNetworks and annotations mean on a node, and which addresses tunnels and ports get of it. */
import { describe, expect, test } from 'vitest';
import type { HostNetworkConfig, HostNetworkConfigSpec } from '../../kinds/host-network-config.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { VlanConfig } from '../../kinds/vlan-config.ts';
import { choiceOf } from './choice.ts';
import { encapPlan } from './encap-plan.ts';
import { type PeerNode, unfitNetworks } from './health.ts';
import { type HostNetwork, hostNetworksOf } from './host-networks.ts';
import { parseNodeNetworks } from './node-annotations.ts';
import { isSelected } from './node-selection.ts';
import { addressPairs } from './pairs.ts';
import { type Link, type Sources, type TunnelNetwork, tunnelNetworks } from './tunnel-networks.ts';
import { matchesIngressPort } from './vxlan-limits.ts';

const config = (name: string, spec: HostNetworkConfigSpec): HostNetworkConfig => ({
  apiVersion: 'network.harvesterhci.io/v1beta1',
  kind: 'HostNetworkConfig',
  metadata: { name },
  spec,
});
const uplinks = (name: string, spec: VlanConfig['spec']): VlanConfig => ({
  apiVersion: 'network.harvesterhci.io/v1beta1',
  kind: 'VlanConfig',
  metadata: { name },
  ...(spec ? { spec } : {}),
});
const NODE = { name: 'node1', labels: { rack: 'a' } };

describe('host networks of a node', () => {
  test('the NICs of the VlanConfig and the address of the HostNetworkConfig that choose it', () => {
    const found = hostNetworksOf(
      NODE,
      [
        config('c', {
          clusterNetwork: 'data2',
          ips: { node1: '192.168.1.11/24', node2: '192.168.1.12/24' },
          underlay: true,
        }),
        config('elsewhere', { clusterNetwork: 'data3', nodeSelector: { matchLabels: { rack: 'b' } } }),
      ],
      [
        uplinks('b', { clusterNetwork: 'data2', nodeSelector: { rack: 'b' }, uplink: { nics: ['eth9'] } }),
        uplinks('a', {
          clusterNetwork: 'data2',
          nodeSelector: { rack: 'a' },
          uplink: { nics: ['eth2'], linkAttributes: { mtu: 9000 } },
        }),
      ],
    );
    expect(found).toEqual([
      {
        name: 'data2',
        config: 'c',
        vlanId: 0,
        mode: 'static',
        address: '192.168.1.11/24',
        nics: ['eth2'],
        mtu: 9000,
        isUnderlay: true,
        problems: [],
      },
    ]);
  });

  test('of several HostNetworkConfigs of a cluster network the one for tunnels counts, then the lowest VLAN', () => {
    const of = (...configs: readonly HostNetworkConfig[]) =>
      hostNetworksOf(NODE, configs, []).map(({ config: name }) => name);
    const [a, b, c] = [
      config('a', { clusterNetwork: 'x', vlanID: 9 }),
      config('b', { clusterNetwork: 'x', vlanID: 3 }),
      config('c', { clusterNetwork: 'x', vlanID: 50, underlay: true }),
    ];
    expect([of(a, b, c), of(c, b, a), of(a, b), of(b, a)]).toEqual([['c'], ['c'], ['b'], ['b']]);
  });

  test.each<
    [what: string, ips: Readonly<Record<string, string>>, nics: readonly string[], mtu: number, problem: string]
  >([
    [
      'a command in an address',
      { node1: '10.0.0.1/24 dev eth0\nlink del eth0' },
      ['eth2'],
      0,
      'is no address with prefix length',
    ],
    ['an address without length', { node1: '10.0.0.1' }, ['eth2'], 0, 'is no address with prefix length'],
    ['a command in a NIC', { node1: '10.0.0.1/24' }, ['eth2 up\nlink del eth0'], 0, 'is no name of a NIC'],
    ['an option in a NIC', { node1: '10.0.0.1/24' }, ['-all'], 0, 'is no name of a NIC'],
    ['an MTU that no device takes', { node1: '10.0.0.1/24' }, ['eth2'], 10, 'an MTU of 10 is not from 576 to 9216'],
  ])('%s is left out and said', (_, ips, nics, mtu, problem) => {
    const [found] = hostNetworksOf(
      NODE,
      [config('c', { clusterNetwork: 'x', ips })],
      [uplinks('u', { clusterNetwork: 'x', uplink: { nics, linkAttributes: { mtu } } })],
    );
    expect(found!.problems).toEqual([expect.stringContaining(problem)]);
    expect(JSON.stringify([found!.address, found!.nics, found!.mtu])).not.toMatch(/link del|-all|\b10\b(?!\.)/);
  });

  test('names that objects have by birth are no nodes', () => {
    const [found] = hostNetworksOf(
      { name: 'constructor', labels: {} },
      [config('c', { clusterNetwork: 'x', ips: {} })],
      [],
    );
    expect(found!.address).toBeUndefined();
  });
});

describe('selectors of nodes', () => {
  const says = (key: string, operator: string, ...values: readonly string[]) =>
    isSelected({ matchExpressions: [{ key, operator, values }] }, { rack: 'a' });
  test.each([
    [says('rack', 'In', 'a', 'b'), true],
    [says('rack', 'In', 'b'), false],
    [says('room', 'In', 'a'), false],
    [says('rack', 'NotIn', 'b'), true],
    [says('room', 'NotIn', 'a'), true],
    [says('rack', 'NotIn', 'a'), false],
    [says('rack', 'Exists'), true],
    [says('room', 'Exists'), false],
    [says('rack', 'DoesNotExist'), false],
    [says('room', 'DoesNotExist'), true],
    [says('rack', 'Like', 'a'), false],
    [isSelected({}, {}), true],
    [isSelected({ matchLabels: { toString: 'x' } }, {}), false],
  ])('%#', (found, expected) => expect(found).toBe(expected));
});

const link = (name: string, ...addresses: readonly string[]): Link => ({
  name,
  mtu: 1500,
  up: true,
  running: true,
  arp: true,
  addresses,
});
const host = (name: string, address: string | undefined, isUnderlay = false): HostNetwork => ({
  name,
  config: name,
  vlanId: 0,
  mode: 'static',
  address,
  nics: [],
  mtu: undefined,
  isUnderlay,
  problems: [],
});
const sources = (more: Partial<Sources>, ...links: readonly Link[]): Sources => ({
  annotated: new Map(),
  hostNetworks: [],
  deviceOf: ({ name }) => `br-${name}`,
  uplinkOf: () => undefined,
  links: new Map(links.map((one) => [one.name, one])),
  fixed: undefined,
  tunnelInterface: undefined,
  fallbackDevice: undefined,
  internalAddress: undefined,
  ...more,
});
const told = (networks: readonly TunnelNetwork[]) =>
  networks.map(({ name, address, isDefault, up }) => `${name}=${address}${isDefault ? '*' : ''}${up ? '' : ' down'}`);

describe('tunnel networks of a node', () => {
  const links = [link('br-data2', '192.168.1.11/24'), link('br-data3', '192.168.2.11/24'), link('eth0', '10.0.0.1/24')];
  const declared = [host('data2', '192.168.1.11/24', true), host('data3', '192.168.2.11/24')];

  test.each<[what: string, more: Partial<Sources>, expected: readonly string[]]>([
    ['declared', { hostNetworks: declared }, ['data2=192.168.1.11*', 'data3=192.168.2.11']],
    [
      'the address by flag comes first',
      { hostNetworks: declared, fixed: '192.168.2.11' },
      ['data3=192.168.2.11*', 'data2=192.168.1.11'],
    ],
    [
      'then the NIC of the annotation',
      { hostNetworks: declared, tunnelInterface: 'eth0' },
      ['=10.0.0.1*', 'data2=192.168.1.11', 'data3=192.168.2.11'],
    ],
    [
      'an annotation for a NIC that is not there says nothing',
      { hostNetworks: declared, tunnelInterface: 'eth7' },
      ['data2=192.168.1.11*', 'data3=192.168.2.11'],
    ],
    [
      'nothing declared: the first NIC with a bridge',
      { fallbackDevice: 'br-data3', internalAddress: '10.0.0.1' },
      ['=192.168.2.11*'],
    ],
    ['nothing at all: the InternalIP', { internalAddress: '10.0.0.1' }, ['=10.0.0.1*']],
    [
      'what the device has counts more than what is said',
      { hostNetworks: [host('data2', '192.168.1.99/24', true)] },
      ['data2=192.168.1.11*'],
    ],
    [
      'said, and no device yet',
      { hostNetworks: [host('data9', '192.168.9.11/24', true)] },
      ['data9=192.168.9.11* down'],
    ],
    [
      'no address said: not on it, even if the device has one; by DHCP it is what the device has',
      { hostNetworks: [host('data2', undefined), { ...host('data3', undefined, true), mode: 'dhcp' }] },
      ['data3=192.168.2.11*'],
    ],
    [
      'a network of the annotation',
      { internalAddress: '10.0.0.1', annotated: new Map([['storage', '192.168.2.11']]) },
      ['=10.0.0.1*', 'storage=192.168.2.11'],
    ],
    [
      'an address of the annotation that nobody has',
      { internalAddress: '10.0.0.1', annotated: new Map([['storage', '1.2.3.4']]) },
      ['=10.0.0.1*', 'storage=1.2.3.4 down'],
    ],
  ])('%s', (_, more, expected) => {
    expect(told(tunnelNetworks(sources(more, ...links)))).toEqual(expected);
  });

  test('a NIC below without carrier takes its network down', () => {
    const [network] = tunnelNetworks(
      sources({ hostNetworks: declared, uplinkOf: () => 'eth2' }, ...links, { ...link('eth2'), running: false }),
    );
    expect(network).toMatchObject({ up: false, reason: 'eth2 has no carrier' });
  });
});

describe('what the annotation of a Node may say', () => {
  test.each<[text: string | undefined, addresses: object, problems: number]>([
    [undefined, {}, 0],
    ['', {}, 0],
    ['{"storage":"192.168.2.11","app":"FD00::1"}', { storage: '192.168.2.11', app: 'fd00::1' }, 0],
    ['{"storage":"192.168.2.11","app":"nowhere"}', { storage: '192.168.2.11' }, 1],
    ['{"a b":"192.168.2.11","":"192.168.2.12"}', {}, 2],
    ['{"a":192}', {}, 1],
    ['["192.168.2.11"]', {}, 1],
    ['storage=192.168.2.11', {}, 1],
    ['null', {}, 1],
  ])('%s', (text, addresses, problems) => {
    const parsed = parseNodeNetworks(text);
    expect(Object.fromEntries(parsed.addresses)).toEqual(addresses);
    expect(parsed.problems).toHaveLength(problems);
  });
});

const network = (name: string, address: string, more: Partial<TunnelNetwork> = {}): TunnelNetwork => ({
  name,
  address,
  device: `br-${name}`,
  mtu: 1500,
  isDefault: false,
  isListed: false,
  up: true,
  ...more,
});
const DATA2 = network('data2', '192.168.1.11', { isDefault: true });
const DATA3 = network('data3', '192.168.2.11');

describe('addresses of a chassis', () => {
  const plan = (networks: readonly TunnelNetwork[], chosen: readonly string[], unfit: readonly string[] = []) => {
    const { addresses, addressOf } = encapPlan(networks, new Set(chosen), (name) => unfit.includes(name));
    return [addresses, Object.fromEntries(addressOf)];
  };
  test('the default, and those that somebody chooses', () => {
    expect(plan([DATA2, DATA3], [])).toEqual([['192.168.1.11'], {}]);
    expect(plan([DATA2, DATA3], ['data3'])).toEqual([['192.168.1.11', '192.168.2.11'], { data3: '192.168.2.11' }]);
    expect(plan([DATA2, { ...DATA3, isListed: true }], [])).toEqual([
      ['192.168.1.11', '192.168.2.11'],
      { data3: '192.168.2.11' },
    ]);
  });
  test('not one that must not be used; a choice of the default needs no address of its own', () => {
    expect(plan([DATA2, DATA3], ['data3'], ['data3'])).toEqual([['192.168.1.11'], {}]);
    expect(plan([DATA2, DATA3], ['data2'])).toEqual([['192.168.1.11'], {}]);
  });
  test('none without a default', () => expect(plan([DATA3], ['data3'])).toEqual([[], {}]));
});

describe('when a node leaves a network', () => {
  const peer = (node: string, data2: boolean | undefined, data3: boolean | undefined, up = true): PeerNode => ({
    node,
    networks: new Map([
      ['data2', { address: `1-${node}`, up: true, isDefault: true, reachable: data2 }],
      ['data3', { address: `2-${node}`, up, isDefault: false, reachable: data3 }],
    ]),
  });
  const left = (networks: readonly TunnelNetwork[], ...peers: readonly PeerNode[]) =>
    Object.fromEntries(unfitNetworks(networks, peers));
  const both = [DATA2, DATA3];

  test.each<[what: string, found: object, expected: object]>([
    ['all is well', left(both, peer('node2', true, true)), {}],
    [
      'one is lost on it and alive elsewhere',
      left(both, peer('node2', true, false), peer('node3', true, true)),
      { data3: 'node2 (2-node2) does not answer on it' },
    ],
    [
      'one says that it is down there, before it is missed',
      left(both, peer('node2', true, true, false)),
      { data3: 'node2 says that it is down there' },
    ],
    ['one that answers nowhere is gone', left(both, peer('node2', false, false), peer('node3', true, true)), {}],
    ['one of whom nothing is known yet', left(both, peer('node2', undefined, undefined)), {}],
    [
      'it is down here',
      left([DATA2, { ...DATA3, up: false, reason: 'eth3 has no carrier' }], peer('node2', true, true)),
      { data3: 'eth3 has no carrier' },
    ],
    ['the default is never left', left([{ ...DATA2, up: false }, DATA3], peer('node2', false, true)), {}],
  ])('%s', (_, found, expected) => expect(found).toEqual(expected));
});

describe('who is asked', () => {
  const theirs = (inUse: boolean) => ({
    networks: [
      { name: 'data2', address: '192.168.1.12', mtu: 1500, default: true, inUse: true },
      { name: 'data3', address: '192.168.2.12', mtu: 1400, default: false, inUse },
    ],
  });
  const asked = (used: readonly string[], inUse: boolean) =>
    addressPairs([DATA2, DATA3], new Set(used), 'node2', theirs(inUse)).map(
      ({ here, there, from, to, expectedMtu }) => `${here}>${there} ${from}>${to} ${expectedMtu}`,
    );

  test('each network, with the smaller MTU; between two of them when tunnels run there', () => {
    const direct = ['data2>data2 192.168.1.11>192.168.1.12 1500', 'data3>data3 192.168.2.11>192.168.2.12 1400'];
    expect(asked(['192.168.1.11'], false)).toEqual(direct);
    expect(asked(['192.168.1.11', '192.168.2.11'], true).toSorted()).toEqual(
      [
        ...direct,
        'data2>data3 192.168.1.11>192.168.2.12 1400',
        'data3>data2 192.168.2.11>192.168.1.12 1500',
      ].toSorted(),
    );
  });

  test('the defaults of both, also when they are different networks', () => {
    const pairs = addressPairs([{ ...DATA3, isDefault: true }], new Set(['192.168.2.11']), 'node2', {
      networks: [{ name: 'data2', address: '192.168.1.12', default: true }],
    });
    expect(pairs).toMatchObject([{ here: 'data2', there: 'data2', from: '192.168.2.11', to: '192.168.1.12' }]);
  });

  test('no address of the other family, and nothing that is no address', () => {
    const status = {
      networks: [
        { name: 'data2', address: 'fd00::1' },
        { name: 'data3', address: '-w 1 evil' },
      ],
    };
    expect(addressPairs([DATA2, DATA3], new Set(), 'node2', status)).toEqual([]);
  });
});

test('nodeNetwork counts more than the label, and mgmt as a label is no choice', () => {
  const subnet = (nodeNetwork?: string): Subnet => ({
    apiVersion: 'kubeovn.io/v1',
    kind: 'Subnet',
    metadata: { name: 'red' },
    spec: nodeNetwork ? { nodeNetwork } : {},
  });
  const attachment = (label: string) => ({
    metadata: { name: 'n', namespace: 'ns', labels: { 'network.harvesterhci.io/clusternetwork': label } },
  });
  expect(choiceOf(subnet('data2'), attachment('data3'))?.network).toBe('data2');
  expect(choiceOf(subnet(), attachment('data3'))?.network).toBe('data3');
  expect(choiceOf(subnet(), attachment('mgmt'))).toBeUndefined();
  expect(choiceOf(subnet(), undefined)).toBeUndefined();
});

test.each([
  ['inport == "vm1"', true],
  ['ip4 && (tcp.dst == 80 || inport == @group)', true],
  ['outport == "inport"', false],
  ['ip4.src == $inport_set', false],
  ['inport ==', false],
])('an ingress port in a match: %s', (match, expected) => expect(matchesIngressPort(match)).toBe(expected));
