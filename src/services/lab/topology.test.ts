import { describe, expect, test } from 'vitest';
import {
  boxLines,
  boxNames,
  fabricLines,
  managementAddresses,
  namespaceLines,
  nodeIndex,
  wiresOf,
} from './topology.ts';

test('a lab of two nodes', () => {
  expect(boxNames(2)).toEqual(['fabric', 'central', 'node1', 'node2']);
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
  const wires = boxNames(244).flatMap((box) => wiresOf(box, 'dual'));
  const all = (values: readonly string[]) => expect(new Set(values).size).toBe(values.length);
  all(wires.map(({ mac }) => mac));
  all(wires.flatMap(({ addresses }) => addresses));
  const ports = wires.map(({ box, device }) => `${box}-${device}`);
  all(ports);
  expect(Math.max(...ports.map((port) => port.length))).toBeLessThanOrEqual(15);
});

describe('lines for ip -batch', () => {
  test('namespaces come before the wires that end in them', () => {
    const lines = namespaceLines('lab', boxNames(1), '4');
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
      ['mgmt', 'trunk', 'ul1', 'ul2'].map((bridge, n) => `link set node4-eth${n} addrgenmode none master ${bridge} up`),
    );
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
