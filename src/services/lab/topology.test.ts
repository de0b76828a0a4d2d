import { describe, expect, test } from 'vitest';
import {
  boxLines,
  boxNames,
  fabricLines,
  managementAddresses,
  namespaceLines,
  nodeIndex,
  trunkLinkLocal,
  vlanPrefixes,
  wiresOf,
} from './topology.ts';

test('a lab of two nodes', () => {
  expect(boxNames(2)).toEqual(['fabric', 'central', 'tor', 'internet', 'phys1', 'node1', 'node2']);
});

test.each([
  ['4', ['172.30.0.12']],
  ['6', ['fd00:172:30::12']],
  ['dual', ['172.30.0.12', 'fd00:172:30::12']],
] as const)('management addresses of node2 with --ip %s', (families, addresses) => {
  expect(managementAddresses('node2', families)).toEqual(addresses);
});

test('central is 172.30.0.2, on management only', () => {
  expect(wiresOf('central', '4')).toEqual([
    { box: 'central', device: 'eth0', bridge: 'mgmt', mac: '02:77:65:00:00:02', addresses: ['172.30.0.2/24'] },
  ]);
});

test('a node has management, a trunk without address, and two underlays', () => {
  expect(wiresOf('node1', 'dual').map(({ device, bridge, addresses }) => [device, bridge, ...addresses])).toEqual([
    ['eth0', 'mgmt', '172.30.0.11/24', 'fd00:172:30::11/64'],
    ['eth1', 'trunk'],
    ['eth2', 'ul1', '192.168.1.11/24', 'fd00:192:168:1::11/64'],
    ['eth3', 'ul2', '192.168.2.11/24', 'fd00:192:168:2::11/64'],
  ]);
});

test('in a lab of the largest size no MAC, address or device of the fabric is there twice, and names fit the kernel', () => {
  const nodes = boxNames(244).filter((box) => nodeIndex(box) !== undefined);
  const wires = boxNames(244).flatMap((box) => wiresOf(box, 'dual'));
  const all = (values: readonly string[]) => expect(new Set(values).size).toBe(values.length);
  all(wires.map(({ mac }) => mac));
  all(wires.flatMap(({ addresses }) => addresses));
  all(nodes.map(trunkLinkLocal));
  const ports = wires.map(({ box, device }) => `${box}-${device}`);
  all(ports);
  expect(Math.max(...ports.map((port) => port.length))).toBeLessThanOrEqual(15);
});

test('tor is number 1 of every network outside, the internet and the physical host are number 10 of theirs', () => {
  const shown = (box: string) =>
    wiresOf(box, 'dual').map(({ device, vlan, addresses }) => [device, vlan ?? '-', ...addresses].join(' '));
  expect(shown('tor')).toEqual([
    'mgmt - 172.30.0.1/24 fd00:172:30::1/64',
    'native 0',
    'vlan100 100 172.20.100.1/24 2001:db8:100::1/64',
    'vlan200 200 172.20.200.1/24 2001:db8:200::1/64',
    'inet - 203.0.113.1/24 2001:db8:203::1/64',
  ]);
  expect(shown('internet')).toEqual(['eth0 - 203.0.113.10/24 2001:db8:203::10/64']);
  expect(shown('phys1')).toEqual(['eth0 200 172.20.200.10/24 2001:db8:200::10/64']);
});

test('a node’s link-local address on the trunk is what the kernel makes of its MAC', () => {
  expect(wiresOf('node1', '4')[1]).toMatchObject({ device: 'eth1', mac: '02:77:65:00:01:0b' });
  expect(trunkLinkLocal('node1')).toBe('fe80::77:65ff:fe00:10b');
  expect(trunkLinkLocal('node244')).toBe('fe80::77:65ff:fe00:1fe');
});

test.each([
  ['4', ['172.20.100.0/24 172.20.100.20 172.20.100.254']],
  ['6', ['2001:db8:100::/64 2001:db8:100::20 2001:db8:100:0:ffff:ffff:ffff:ffff']],
] as const)('the prefix of VLAN 100 with --ip %s', (families, prefixes) => {
  expect(vlanPrefixes(100, families).map(({ cidr, host, last }) => `${cidr} ${host('20')} ${last}`)).toEqual(prefixes);
});

describe('lines for ip -batch', () => {
  test('namespaces come before the wires that end in them', () => {
    const lines = namespaceLines('lab', ['fabric', 'central', 'node1'], '4');
    expect(lines.slice(0, 3)).toEqual([
      'netns add weft-lab-fabric',
      'netns add weft-lab-central',
      'netns add weft-lab-node1',
    ]);
    expect(lines[3]).toBe(
      'link add central-eth0 netns weft-lab-fabric mtu 1500 type veth peer name eth0 netns weft-lab-central mtu 1500 address 02:77:65:00:00:02',
    );
    expect(lines).toHaveLength(3 + 1 + 4);
  });

  test('a box that joins later brings its ports, not the bridges', () => {
    const lines = fabricLines(['node4'], '4', false);
    expect(lines).toEqual(
      [' master mgmt', '', ' master ul1', ' master ul2'].map(
        (master, n) => `link set node4-eth${n} addrgenmode none${master} up`,
      ),
    );
  });

  test('what is outside has a default route to tor, and tor has none', () => {
    expect(boxLines('internet', 'dual').filter((line) => line.startsWith('route'))).toEqual([
      'route add default via 203.0.113.1',
      'route add default via 2001:db8:203::1',
    ]);
    expect(boxLines('phys1', '4').at(-1)).toBe('route add default via 172.20.200.1');
    expect(boxLines('tor', 'dual').filter((line) => line.startsWith('route'))).toEqual([]);
  });

  test('tor is fe80::1 to all of its neighbours, whatever families the lab has', () => {
    expect(boxLines('tor', '4')).toContain('addr add fe80::1/64 dev native nodad');
    expect(boxLines('tor', '4')).toContain('link set native addrgenmode none up');
  });

  test('IPv6 addresses are usable at once', () => {
    expect(boxLines('central', 'dual')).toEqual([
      'link set lo up',
      'link set eth0 up',
      'addr add 172.30.0.2/24 dev eth0',
      'addr add fd00:172:30::2/64 dev eth0 nodad',
    ]);
  });
});

test.each([
  ['node1', 1],
  ['node244', 244],
  ['node0', undefined],
  ['node01', undefined],
  ['node', undefined],
  ['central', undefined],
  ['node1; reboot', undefined],
])('%j is node number %s', (name, index) => {
  expect(nodeIndex(name)).toBe(index);
});
