import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Compiler } from '../compile/engine.ts';
import { RULES } from '../compile/rules.ts';
import { type Dirty, noDirt } from '../compile/desired.ts';
import { dump } from '../compile/testing/dump.ts';
import { history } from '../compile/testing/worlds.ts';
import type { Change } from '../compile/world.ts';
import { NB_TABLES, OWNER } from '../ovn/tables.ts';
import { ObservedRows } from './observed.ts';
import { everything, plan } from './plan.ts';
import { isHeld, ModelDatabase } from './testing/database.ts';

/** compiler, database and the observed rows between them */
class Bench {
  readonly compiler = new Compiler(RULES);
  readonly database = new ModelDatabase();
  readonly observed = new ObservedRows();

  /** a batch of changes becomes one transaction; returns what its echo touches */
  step(changes: readonly Change[]) {
    const { dirty, objects } = this.compiler.apply(changes);
    const { operations } = plan(dirty, this.compiler.rows, this.observed);
    // what is sent is sent for somebody, who is told when it is done: also when all of it is that something goes
    if (operations.length > 0) expect(objects.size).toBeGreaterThan(0);
    return this.observe(operations);
  }

  /** carries operations out; returns what the monitor's report of them touches */
  observe(operations: Parameters<ModelDatabase['transact']>[0]): Dirty {
    const dirty = noDirt();
    this.observed.apply(this.database.transact(operations), dirty);
    return dirty;
  }

  everything() {
    return plan(everything(this.compiler.rows, this.observed), this.compiler.rows, this.observed);
  }
}

function compiled(changes: readonly Change[]): Compiler {
  const compiler = new Compiler(RULES);
  compiler.apply(changes);
  return compiler;
}

describe('laws of the compiler', () => {
  test('incremental equals full', () => {
    fc.assert(
      fc.property(history, (batches) => {
        const incremental = new Compiler(RULES);
        for (const batch of batches) incremental.apply(batch);
        const final = new Map(batches.flat().map((change) => [`${change.kind}/${change.key}`, change]));
        expect(dump(incremental)).toEqual(dump(compiled([...final.values()])));
      }),
      { numRuns: 400 },
    );
  });

  test('order and grouping do not matter', () => {
    fc.assert(
      fc.property(history, fc.infiniteStream(fc.nat()), (batches, random) => {
        const final = [...new Map(batches.flat().map((change) => [`${change.kind}/${change.key}`, change])).values()];
        const shuffled = final
          .map((change) => ({ change, rank: random.next().value as number }))
          .toSorted((a, b) => a.rank - b.rank);
        const oneByOne = new Compiler(RULES);
        for (const { change } of shuffled) oneByOne.apply([change]);
        expect(dump(oneByOne)).toEqual(dump(compiled(final)));
      }),
      { numRuns: 300 },
    );
  });

  test('the same changes again run nothing and touch nothing', () => {
    fc.assert(
      fc.property(history, (batches) => {
        const final = [...new Map(batches.flat().map((change) => [`${change.kind}/${change.key}`, change])).values()];
        const compiler = compiled(final);
        const before = { ...compiler.counters.rulesRun };
        const { dirty, objects } = compiler.apply(structuredClone(final));
        expect(compiler.counters.rulesRun).toEqual(before);
        expect([dirty.rows.size, dirty.members.size, objects.size]).toEqual([0, 0, 0]);
      }),
    );
  });
});

/** a router's port on a VLAN, carried by the only node that is on it */
const CARRIED = [
  ['ProviderNetwork', 'phys', { defaultInterface: 'eth1' }],
  ['Vlan', 'v', { id: 7, provider: 'phys' }],
  ['Node', 'node1', {}],
  ['Vpc', 'a', {}],
  ['Subnet', 'hall', { vpc: 'a', vlan: 'v', cidrBlock: '10.7.0.0/24', gateway: '10.7.0.1', logicalGateway: true }],
].map(([kind, name, spec]) => {
  const object = { apiVersion: 'v1', kind, metadata: { name }, spec };
  return { kind, key: name, object } as unknown as Change;
});
const uplink = (ready: boolean): Change => ({
  kind: 'Uplink',
  key: 'phys/node1',
  object: { name: 'phys', node: 'node1', ready, up: ready },
});

describe('laws of the planner', () => {
  test('a port goes together with the nodes that carry it', () => {
    const bench = new Bench();
    bench.step([...CARRIED, uplink(true)]);
    const [port] = bench.database.tables.get('Logical_Router_Port')!.values();
    expect(bench.database.tables.get('HA_Chassis_Group')!.has(port!['ha_chassis_group'] as string)).toBe(true);
    bench.step([uplink(false)]);
    for (const table of ['Logical_Router_Port', 'HA_Chassis_Group', 'HA_Chassis'])
      expect(bench.database.tables.get(table)!.size).toBe(0);
    expect(bench.everything().operations).toEqual([]);
  });

  test('after each step the database is what the compiler says, and nothing is left to do', () => {
    fc.assert(
      fc.property(history, (batches) => {
        const bench = new Bench();
        for (const batch of batches) {
          const echo = bench.step(batch);
          expect(plan(echo, bench.compiler.rows, bench.observed).operations).toEqual([]);
          expect(bench.everything().operations).toEqual([]);
          const wanted = [...bench.compiler.rows.ids()].filter((id) => bench.compiler.rows.columns(id)).toSorted();
          expect([...bench.observed.ids()].toSorted()).toEqual(wanted);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('rows of others are never touched, also inside our switches', () => {
    fc.assert(
      fc.property(history, (batches) => {
        const bench = new Bench();
        bench.observe([
          {
            op: 'insert',
            table: 'Logical_Switch',
            uuidName: 'theirs',
            row: { name: 'n1', ports: ['port'], external_ids: { mine: 'yes' } },
          },
          { op: 'insert', table: 'Logical_Switch_Port', uuidName: 'port', row: { name: 'vm3.ns', addresses: ['x'] } },
        ]);
        const foreign = () =>
          [
            ...bench.database.tables.get('Logical_Switch')!.values(),
            ...bench.database.tables.get('Logical_Switch_Port')!.values(),
          ].filter((row) => !(OWNER in (row['external_ids'] as object)));
        const before = structuredClone(foreign());
        for (const batch of batches) bench.step(batch);
        expect(foreign()).toEqual(before);
        expect(bench.everything().operations).toEqual([]);
      }),
    );
  });

  test('whatever is deleted, edited or doubled behind our back is put right by one plan', () => {
    const damage = fc.array(
      fc.record({
        pick: fc.nat(),
        how: fc.constantFrom('delete', 'rename', 'unmark', 'empty', 'options', 'double', 'stray', 'disable'),
      }),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(history, damage, (batches, wounds) => {
        const bench = new Bench();
        for (const batch of batches) bench.step(batch);
        for (const { pick, how } of wounds) {
          const { operations } = plan(wound(bench, pick, how), bench.compiler.rows, bench.observed);
          bench.observe(operations);
          expect(bench.everything().operations).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a restart with the same world plans nothing', () => {
    fc.assert(
      fc.property(history, (batches) => {
        const bench = new Bench();
        for (const batch of batches) bench.step(batch);
        const observed = new ObservedRows();
        const all = [...bench.database.tables].map(
          ([table, rows]) => [table, [...rows].map(([uuid, row]) => ({ uuid, old: undefined, new: row }))] as const,
        );
        observed.apply(all, noDirt());
        const final = [...new Map(batches.flat().map((change) => [`${change.kind}/${change.key}`, change])).values()];
        const compiler = compiled(final);
        expect(plan(everything(compiler.rows, observed), compiler.rows, observed).operations).toEqual([]);
      }),
    );
  });
});

/** damages one row; returns what the monitor's report of it touches */
function wound(bench: Bench, pick: number, how: string): Dirty {
  const all = [...bench.database.tables].flatMap(([table, rows]) =>
    [...rows].map(([uuid, row]) => ({ table, uuid, row })),
  );
  const victim = all[pick % Math.max(all.length, 1)];
  if (!victim) return noDirt();
  const { table, uuid, row } = victim;
  const where = [['_uuid', '==', uuid]] as const;
  const parents = [...bench.database.tables].flatMap(([owner, rows]) =>
    [...rows].flatMap(([id, columns]) =>
      ['ports', 'static_routes', 'policies', 'acls']
        .filter((column) => (columns[column] as readonly string[] | undefined)?.includes(uuid))
        .map((column) => ({ owner, id, column })),
    ),
  );
  const column = table === 'Logical_Router' || table === 'Logical_Switch' ? 'ports' : undefined;
  switch (how) {
    case 'delete':
      if (isHeld(bench.database.tables, uuid)) return noDirt();
      if (NB_TABLES[table]?.root) return bench.observe([{ op: 'delete', table, where }]);
      return bench.observe(
        parents.map(({ owner, id, column: name }) => ({
          op: 'mutate',
          table: owner,
          where: [['_uuid', '==', id]],
          mutations: [[name, 'delete', [uuid]]],
        })),
      );
    case 'rename':
      return bench.observe([{ op: 'update', table, where, row: { name: `${uuid}-renamed` } }]);
    case 'unmark':
      return bench.observe([{ op: 'update', table, where, row: { external_ids: {} } }]);
    case 'options':
      return bench.observe([{ op: 'update', table, where, row: { options: { foreign: 'yes' } } }]);
    case 'disable':
      return table === 'Logical_Switch' || table === 'Logical_Router_Static_Route'
        ? noDirt()
        : bench.observe([{ op: 'update', table, where, row: { enabled: false } }]);
    case 'stray':
      return stray(bench, table, uuid, row);
    case 'empty':
      if (table === 'Address_Set') return bench.observe([{ op: 'update', table, where, row: { addresses: [] } }]);
      if (!column) return noDirt();
      return bench.observe([
        { op: 'update', table, where, row: { [column]: [], ...(table === 'Logical_Switch' ? { acls: [] } : {}) } },
      ]);
    default:
      return column
        ? bench.observe([
            {
              op: 'insert',
              table,
              uuidName: 'twin',
              row: {
                ...row,
                ports: [],
                ...(table === 'Logical_Router' ? { static_routes: [], policies: [] } : { acls: [] }),
              },
            },
          ])
        : noDirt();
  }
}

/** a row of a table that lives by reference, marked as ours but wanted by nobody, put into a row of ours */
function stray(bench: Bench, table: string, uuid: string, row: Readonly<Record<string, unknown>>): Dirty {
  if (table === 'Address_Set') {
    const mutations = [['addresses', 'insert', ['9.9.9.9']]] as const;
    return bench.observe([{ op: 'mutate', table, where: [['_uuid', '==', uuid]], mutations }]);
  }
  const child = (
    {
      Logical_Router: ['static_routes', 'Logical_Router_Static_Route'],
      Logical_Switch: ['ports', 'Logical_Switch_Port'],
    } as const
  )[table];
  if (!child) return noDirt();
  const [column, target] = child;
  return bench.observe([
    {
      op: 'insert',
      table: target,
      uuidName: 'stray',
      row: { name: `stray-${uuid}`, external_ids: { [OWNER]: 'Vpc/x', 'weft-key': `stray-${uuid}` } },
    },
    {
      op: 'update',
      table,
      where: [['_uuid', '==', uuid]],
      row: { [column]: [...(row[column] as readonly string[]), 'stray'] },
    },
  ]);
}
