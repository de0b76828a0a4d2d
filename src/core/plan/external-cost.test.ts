/** What one more floating IP or forwarded port costs among a thousand, and what a cut uplink does: counted, not timed. */
import { expect, test } from 'vitest';
import { Compiler } from '../compile/engine.ts';
import { RULES } from '../compile/rules.ts';
import { noDirt } from '../compile/desired.ts';
import type { Change, KindName } from '../compile/world.ts';
import { ObservedRows } from './observed.ts';
import { plan } from './plan.ts';
import { ModelDatabase } from './testing/database.ts';

const MANY = 1000;
const NODES = ['node1', 'node2', 'node3'];

const object = (kind: KindName, name: string, spec: object, labels: object = {}): Change =>
  ({ kind, key: name, object: { apiVersion: 'kubeovn.io/v1', kind, metadata: { name, labels }, spec } }) as never;
const uplink = (node: string, up: boolean): Change => ({
  kind: 'Uplink',
  key: `phys/${node}`,
  object: { name: 'phys', node, ready: true, up },
});
const address = (prefix: string, index: number) => `${prefix}.${Math.floor(index / 250)}.${(index % 250) + 2}`;
const mac = (index: number) =>
  `02:00:00:00:${(index >> 8).toString(16).padStart(2, '0')}:${(index & 255).toString(16).padStart(2, '0')}`;

function machine(index: number): readonly Change[] {
  return [
    object('IP', `vm${index}.ns`, {
      subnet: 'net',
      namespace: 'ns',
      podName: `vm${index}`,
      nodeName: NODES[index % 3],
      v4IpAddress: address('10.0', index),
      macAddress: mac(index),
    }),
    object('OvnEip', `e${index}`, { v4Ip: address('172.20', index), macAddress: mac(index) }),
  ];
}
const floating = (index: number) => object('OvnFip', `f${index}`, { ovnEip: `e${index}`, ipName: `vm${index}.ns` });
const forwarded = (index: number) =>
  object('OvnDnatRule', `d${index}`, {
    ovnEip: 'shared',
    vpc: 'red',
    // nobody's: what is forwarded to a machine makes its floating IP centralized
    v4Ip: '10.0.9.9',
    externalPort: `${1000 + index}`,
  });

const shared = (index: number) =>
  object('IptablesDnatRule', `i${index}`, {
    eip: 'gateway',
    internalIp: address('10.1', index),
    externalPort: `${1000 + index}`,
    type: 'share',
  });

function bench() {
  const [compiler, database, observed] = [new Compiler(RULES), new ModelDatabase(), new ObservedRows()];
  const step = (changes: readonly Change[]) => {
    const before = { ...compiler.counters.rulesRun };
    const { operations } = plan(compiler.apply(changes).dirty, compiler.rows, observed);
    observed.apply(database.transact(operations), noDirt());
    const ran = Object.entries(compiler.counters.rulesRun).map(
      ([kind, times]) => [kind, times - before[kind]!] as const,
    );
    return {
      operations: operations.map(({ op }) => op),
      ran: Object.fromEntries(ran.filter(([, times]) => times > 0)),
    };
  };
  step([
    ...NODES.flatMap((node) => [object('Node', node, {}), uplink(node, true)]),
    object('ProviderNetwork', 'phys', { defaultInterface: 'eth1' }),
    object('Vlan', 'vlan', { id: 100, provider: 'phys' }),
    object('Subnet', 'external', { vlan: 'vlan', cidrBlock: '172.20.0.0/16', gateway: '172.20.0.1' }),
    object('Vpc', 'red', { enableExternal: true }),
    object('Subnet', 'net', { vpc: 'red', cidrBlock: '10.0.0.0/16', gateway: '10.0.0.1' }),
    object('OvnEip', 'red-external', { v4Ip: '172.20.255.2', macAddress: '02:00:00:00:ff:02', type: 'lrp' }),
    object('OvnEip', 'shared', { v4Ip: '172.20.255.3', macAddress: '02:00:00:00:ff:03' }),
    object('VpcNatGateway', 'gateway', { vpc: 'red' }),
    object('IptablesEIP', 'gateway', { natGwDp: 'gateway', v4ip: '172.20.255.4', macAddress: '02:00:00:00:ff:04' }),
  ]);
  step(
    Array.from({ length: MANY }, (_, index) => [
      ...machine(index),
      floating(index),
      forwarded(index),
      shared(index),
    ]).flat(),
  );
  return step;
}

test('one more floating IP, one more port: one rule each, a row and its place', () => {
  const step = bench();
  step(machine(MANY));
  expect(step([floating(MANY)])).toEqual({ operations: ['insert', 'mutate'], ran: { OvnFip: 1 } });
  expect(step([forwarded(MANY)])).toEqual({
    operations: ['insert', 'mutate', 'mutate'],
    ran: { OvnDnatRule: 1 },
  });
  expect(step([shared(MANY)])).toEqual({
    operations: ['insert', 'mutate', 'mutate'],
    ran: { IptablesDnatRule: 1 },
  });
});

test('an uplink that is cut is one rule and a priority in each group, however many gateways there are', () => {
  const step = bench();
  expect(step([uplink('node2', false)])).toEqual({
    operations: ['update', 'update', 'update'],
    ran: { ProviderNetwork: 1 },
  });
});
