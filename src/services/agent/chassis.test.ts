import { describe, expect, test } from 'vitest';
import type { Operation } from '../../lib/ovsdb/operations.ts';
import { type ChassisSettings, chassisOperations, type SwitchState, underlayBridge } from './chassis.ts';

const SETTINGS: ChassisSettings = {
  node: 'node1',
  southbound: 'tcp:172.30.0.2:6642',
  encaps: ['geneve'],
  encapIps: ['192.168.1.11'],
  datapath: 'netdev',
  underlays: ['eth2'],
};

const empty: SwitchState = {
  root: { _uuid: 'root', bridges: [], external_ids: {}, other_config: {} },
  bridges: [],
  interfaces: [],
};

const settled: SwitchState = {
  root: {
    _uuid: 'root',
    bridges: ['int', 'eth2'],
    other_config: {},
    external_ids: {
      'system-id': 'node1',
      hostname: 'node1',
      'ovn-bridge-datapath-type': 'netdev',
      'ovn-remote': SETTINGS.southbound,
      'ovn-encap-type': 'geneve',
      'ovn-encap-ip': '192.168.1.11',
      'ovn-encap-ip-default': '192.168.1.11',
      foreign: 'kept',
    },
  },
  bridges: [
    { _uuid: 'int', name: 'br-int', ports: [], datapath_type: 'netdev', fail_mode: 'secure' },
    { _uuid: 'eth2', name: 'br-eth2', ports: [], datapath_type: 'netdev', fail_mode: 'standalone' },
    { _uuid: 'other', name: 'br-other', ports: [], datapath_type: 'system' },
  ],
  interfaces: [{ name: 'eth2', type: '', options: {}, external_ids: {} }],
};

const inserted = (operations: readonly Operation[], table: string) =>
  operations.flatMap((operation) =>
    operation.op === 'insert' && operation.table === table ? [operation.row['name']] : [],
  );

describe('what Open vSwitch must say', () => {
  test('a settled switch needs nothing', () => {
    expect(chassisOperations(SETTINGS, settled)).toEqual([]);
  });

  test('an empty one gets the integration bridge, a bridge per underlay with its NIC, and the keys of ovn-controller', () => {
    const operations = chassisOperations(SETTINGS, empty);
    expect(inserted(operations, 'Bridge')).toEqual(['br-int', 'br-eth2']);
    expect(inserted(operations, 'Interface')).toEqual(['br-int', 'br-eth2', 'eth2']);
    expect(operations.at(-1)).toMatchObject({
      op: 'mutate',
      table: 'Open_vSwitch',
      mutations: [
        ['external_ids', 'delete', expect.arrayContaining(['system-id', 'ovn-encap-ip'])],
        ['external_ids', 'insert', { 'ovn-encap-ip': '192.168.1.11', 'system-id': 'node1' }],
      ],
    });
  });

  test('without a tunnel address the chassis is not registered yet', () => {
    const last = chassisOperations({ ...SETTINGS, encapIps: [] }, empty).at(-1);
    expect(JSON.stringify(last)).not.toMatch(/ovn-remote|ovn-encap/);
  });

  test('an edited bridge, a lost NIC and a wrong key are put right; foreign bridges and keys are left', () => {
    const [int, eth2, other] = settled.bridges as (typeof settled.bridges extends Iterable<infer B> ? B : never)[];
    const operations = chassisOperations(SETTINGS, {
      root: { ...settled.root!, external_ids: { ...settled.root!.external_ids, 'ovn-encap-ip': '10.9.9.9' } },
      bridges: [{ ...int!, datapath_type: 'system' }, eth2!, other!],
      interfaces: [],
    });
    expect(operations).toEqual([
      expect.objectContaining({ op: 'update', table: 'Bridge', row: { datapath_type: 'netdev', fail_mode: 'secure' } }),
      expect.objectContaining({ op: 'insert', table: 'Interface' }),
      expect.objectContaining({ op: 'insert', table: 'Port' }),
      expect.objectContaining({ op: 'mutate', table: 'Bridge' }),
      expect.objectContaining({
        op: 'mutate',
        table: 'Open_vSwitch',
        mutations: [
          ['external_ids', 'delete', ['ovn-encap-ip']],
          ['external_ids', 'insert', { 'ovn-encap-ip': '192.168.1.11' }],
        ],
      }),
    ]);
    expect(JSON.stringify(operations)).not.toMatch(/other|foreign/);
  });

  test('bridge names fit the kernel', () => {
    expect(underlayBridge('enp123s0f1np1x')).toHaveLength(15);
  });
});
