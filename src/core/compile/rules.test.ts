import { expect, test } from 'vitest';
import { Compiler } from './engine.ts';
import { rule } from './rule.ts';
import { RULES } from './rules.ts';

/** A new edge shows in review: this is the graph that `rules.ts` draws. */
const DRAWING = `
Settings       reads NodeUnderlay, Vpc, Subnet gives GuestMtus, VxlanMode, DatapathRank
ClusterNetwork reads NodeUnderlay gives nothing
ProviderNetwork reads Node, Uplink, GatewayLoss gives GatewayNodes, GatewayStates, ProviderMtu
Vlan       reads ProviderNetwork, Vlan, ProviderMtu gives VlanNetwork
Vpc        reads IP, Node, PortDown, Settings, Subnet, Vpc, VpcPeering, IPPool, OvnEip, VpcNatGateway, VxlanMode, DatapathRank, VlanNetwork, GatewayNodes, GatewayStates gives VpcExternal, VpcRouter, VpcGuests, NextHopOf
VpcPeering reads IP, Vpc, Subnet, VpcPeering gives nothing
Subnet  reads Settings, Node, Subnet, NetworkAttachmentDefinition, IP, IPPool, Vpc, OvnSnatRule, VpcNatGateway, IptablesEIP, IptablesSnatRule, VpcRouter, VpcGuests, GuestMtus, VxlanMode, DatapathRank, VlanNetwork, VpcExternal, GatewayNodes, GatewayStates gives SubnetSwitch, SubnetGuests, PortBeyondLimit
Vip     reads IP, Workload, SubnetSwitch gives SharedAddress
IP      reads IP, Placement, PortsBound, Uplink, Vip, Workload, SubnetSwitch, SharedAddress, SubnetGuests, VpcGuests, NextHopOf, PortBeyondLimit gives nothing
IPPool  reads IPPool, SubnetSwitch gives nothing
VpcNatGateway reads Vpc, VpcNatGateway, Subnet, OvnEip, Node, VlanNetwork, GatewayNodes, GatewayStates, VpcRouter gives nothing
OvnEip  reads Subnet gives nothing
OvnFip  reads OvnEip, OvnFip, OvnSnatRule, IptablesEIP, VpcNatGateway, OvnDnatRule, IptablesDnatRule, IP, Vip, Subnet, Vpc, Placement, Uplink, VpcExternal gives nothing
OvnSnatRule reads OvnEip, OvnFip, IP, Subnet, Vpc, Placement, Vip, VpcExternal gives nothing
OvnDnatRule reads OvnEip, OvnFip, OvnDnatRule, IP, Vip, Subnet, Vpc, Placement, VpcExternal gives nothing
IptablesEIP  reads Subnet, VpcNatGateway gives nothing
IptablesFIPRule reads IptablesEIP, VpcNatGateway, IptablesFIPRule, IptablesSnatRule, OvnDnatRule, IptablesDnatRule, IP, Vip, Subnet, Vpc, Placement, Uplink, VpcExternal gives nothing
IptablesSnatRule reads IptablesEIP, VpcNatGateway, IptablesFIPRule, Vpc, VpcExternal gives nothing
IptablesDnatRule reads IptablesEIP, VpcNatGateway, IptablesFIPRule, IptablesDnatRule, IP, Vip, Subnet, Vpc, Placement, VpcExternal gives nothing
SwitchLBRule reads IP, Subnet, SwitchLBRule, Vip, Workload, VpcRouter gives nothing
`;

test('the graph of rules and facts is the one that is drawn', () => {
  const lines = RULES.map(
    ({ kind, reads, emits }) =>
      `${kind} reads ${[...reads.kinds, ...reads.facts].join(', ')} gives ${emits.join(', ') || 'nothing'}`,
  );
  const squeeze = (text: string) =>
    text
      .trim()
      .split('\n')
      .map((line) => line.replaceAll(/ +/g, ' '));
  expect(lines).toEqual(squeeze(DRAWING));
});

test('a rule cannot read a fact of a later rule, and no fact has two sources', () => {
  const reader = rule({ kind: 'Vpc', reads: { kinds: [], facts: ['SubnetSwitch'] }, emits: [], run: () => undefined });
  const giver = rule({
    kind: 'Subnet',
    reads: { kinds: [], facts: [] },
    emits: ['SubnetSwitch'],
    run: () => undefined,
  });
  expect(() => new Compiler([reader, giver])).toThrow(/reads fact SubnetSwitch, which no earlier rule emits/);
  expect(() => new Compiler([giver, giver])).toThrow(/is emitted by two rules/);
  expect(() => new Compiler([giver, reader])).not.toThrow();
});

test('a rule that reads what it does not declare is a defect', () => {
  const sly = rule({
    kind: 'Vpc',
    reads: { kinds: [], facts: [] },
    emits: [],
    run: (_object, _key, read) => void read.get('Subnet', 'x'),
  });
  const change = {
    kind: 'Vpc',
    key: 'a',
    object: { apiVersion: 'kubeovn.io/v1', kind: 'Vpc', metadata: { name: 'a' } },
  } as const;
  expect(() => new Compiler([sly]).apply([change])).toThrow(/does not declare that it reads Subnet/);
});

test('single keys of a map column: several rules write theirs, the older object wins a key, foreign keys stay', () => {
  const writer = rule({
    kind: 'Vpc',
    reads: { kinds: [], facts: [] },
    emits: [],
    run: (_vpc, key, _read, emit) => {
      if (key === 'a') emit.row('Logical_Router', 'router', { options: { base: '1' } });
      emit.entry('Logical_Router', 'router', 'options', 'shared', key);
      emit.entry('Logical_Router', 'router', 'options', key, 'own');
    },
  });
  const compiler = new Compiler([writer]);
  const vpc = (name: string, created: string) =>
    ({
      kind: 'Vpc',
      key: name,
      object: { apiVersion: 'kubeovn.io/v1', kind: 'Vpc', metadata: { name, creationTimestamp: created } },
    }) as const;
  compiler.apply([vpc('a', '2026-01-02T00:00:00Z'), vpc('b', '2026-01-01T00:00:00Z')]);
  expect(compiler.rows.columns('Logical_Router/router')?.['options']).toEqual({
    base: '1',
    shared: 'b',
    a: 'own',
    b: 'own',
  });
  compiler.apply([{ kind: 'Vpc', key: 'b', object: undefined }]);
  expect(compiler.rows.columns('Logical_Router/router')?.['options']).toEqual({ base: '1', shared: 'a', a: 'own' });
});

test('an object that only lets go of rows is named as the one for whom that is to be written', () => {
  const vpc = (routes: readonly string[]) =>
    ({
      kind: 'Vpc',
      key: 'red',
      object: {
        apiVersion: 'kubeovn.io/v1',
        kind: 'Vpc',
        metadata: { name: 'red' },
        spec: { staticRoutes: routes.map((cidr) => ({ cidr, nextHopIP: '10.0.0.9' })) },
      },
    }) as const;
  const subnet = {
    kind: 'Subnet',
    key: 'net',
    object: {
      apiVersion: 'kubeovn.io/v1',
      kind: 'Subnet',
      metadata: { name: 'net' },
      spec: { vpc: 'red', cidrBlock: '10.0.0.0/24', gateway: '10.0.0.1' },
    },
  } as const;
  const compiler = new Compiler(RULES);
  compiler.apply([vpc(['192.0.2.0/24']), subnet]);
  const { dirty, objects } = compiler.apply([vpc([])]);
  expect([...dirty.rows]).toEqual(['Logical_Router_Static_Route/red/192.0.2.0/24/10.0.0.9']);
  expect([...objects]).toContain('Vpc/red');
});
