import { describe, expect, test } from 'vitest';
import type { NodeUnderlayStatus } from '../../kinds/node-underlay.ts';
import { guestMtus, subnetMtu, uplinkMtu, vlanMtu } from './mtu.ts';

const node = (
  encapsulations: readonly string[],
  ...networks: NonNullable<NodeUnderlayStatus['networks']>
): NodeUnderlayStatus => ({ encapsulations, networks });
const on = (name: string, mtu: number, more: object = {}) => ({ name, address: '192.168.1.1', mtu, ...more });

describe('what fits between nodes', () => {
  test('the smallest device of each network; the floor of all that tunnels run over', () => {
    const found = guestMtus([
      node(['geneve'], on('data2', 1500, { default: true }), on('data3', 9000, { inUse: true })),
      node(['geneve'], on('data2', 1400, { default: true }), on('data3', 8000, { inUse: true }), on('data4', 1300)),
    ]);
    expect(found).toEqual({ standard: 1342, byNetwork: { data2: 1342, data3: 7942, data4: 1242 }, floor: 1342 });
  });
  test.each([
    [['geneve'], '192.168.1.1', 1442],
    [['vxlan'], '192.168.1.1', 1450],
    [['geneve', 'vxlan'], '192.168.1.1', 1442],
    [['geneve'], 'fd00::1', 1422],
    [['vxlan'], 'fd00::1', 1430],
    // nothing known: the larger of both
    [[], '192.168.1.1', 1442],
    [['stt'], '192.168.1.1', 1442],
  ])('%j over %s', (encapsulations, address, expected) => {
    expect(guestMtus([node(encapsulations, on('x', 1500, { address, default: true }))]).standard).toBe(expected);
  });
  test('a device that is not there says nothing', () => {
    expect(guestMtus([node(['geneve'], on('data2', 0, { default: true }))])).toEqual({
      standard: undefined,
      byNetwork: {},
      floor: undefined,
    });
  });
});

describe('what a subnet gets', () => {
  const mtus = { standard: 1442, byNetwork: { data2: 1442, data3: 8942, small: 1342 }, floor: 1342 };
  test.each<[what: string, own: number, choices: readonly string[], expected: number]>([
    ['the default network', 0, [], 1442],
    ['a larger one: what fits the default too, where it goes when that one fails', 0, ['data3'], 1442],
    ['a smaller one', 0, ['small'], 1342],
    ['two: the smaller', 0, ['data3', 'small'], 1342],
    ['one that nobody is on', 0, ['nowhere'], 1442],
    ['less, by wish', 1300, ['data3'], 1300],
    ['more than the default, by wish', 8000, ['data3'], 8000],
    ['more than fits', 9000, ['data3'], 1442],
    ['more than fits the default', 1443, [], 1442],
  ])('%s', (_, own, choices, expected) => {
    expect(subnetMtu(own, choices, mtus, 1000).mtu).toBe(expected);
  });
  test('nothing known: what the flag says', () => {
    expect(subnetMtu(0, [], { standard: undefined, byNetwork: {}, floor: undefined }, 1442)).toEqual({
      mtu: 1442,
      safe: 1442,
      chosen: 1442,
    });
  });
});

test('a VLAN has what the smallest uplink carries, whatever tunnels need', () => {
  const uplinks = [
    { name: 'phys', ready: true, up: true, mtu: 9000 },
    { name: 'phys', ready: true, up: false, mtu: 1600 },
    { name: 'phys', ready: false, up: false, mtu: 1000 },
    { name: 'other', ready: true, up: true, mtu: 1400 },
  ];
  expect([uplinkMtu('phys', uplinks), uplinkMtu('none', uplinks)]).toEqual([1600, undefined]);
  expect([vlanMtu(0), vlanMtu(0, 9000), vlanMtu(1400, 9000), vlanMtu(9000, 1600)]).toEqual([1500, 9000, 1400, 1600]);
});
