/**
 * A model of a Northbound database for property tests: transactions of insert, update, mutate and delete over sets and maps, rows that live
 * by reference collected, names unique where the schema says so. The real server is used by the e2e tests; this one runs a thousand histories.
 */
import type { Operation } from '../../../lib/ovsdb/operations.ts';
import type { Atom } from '../../ovn/row.ts';
import { HOLDS, NB_TABLES, type ObservedColumns } from '../../ovn/tables.ts';
import type { RowChange } from '../observed.ts';

type Row = Record<string, Atom | readonly Atom[] | Readonly<Record<string, Atom>>>;

const REFERENCES: readonly (readonly [table: string, column: string, target: string])[] = [
  ['Logical_Router', 'ports', 'Logical_Router_Port'],
  ['Logical_Router', 'static_routes', 'Logical_Router_Static_Route'],
  ['Logical_Router', 'policies', 'Logical_Router_Policy'],
  ['Logical_Switch', 'ports', 'Logical_Switch_Port'],
  ['Logical_Switch', 'acls', 'ACL'],
  ['Logical_Router', 'nat', 'NAT'],
  ['HA_Chassis_Group', 'ha_chassis', 'HA_Chassis'],
  ['Load_Balancer', 'health_check', 'Load_Balancer_Health_Check'],
  ['Meter', 'bands', 'Meter_Band'],
];

/** sets of references that do not keep a row, and let go of it by themselves */
const WEAK: typeof REFERENCES = [
  ['Logical_Router', 'load_balancer', 'Load_Balancer'],
  ['Logical_Switch', 'load_balancer', 'Load_Balancer'],
];

export class ModelDatabase {
  tables = new Map<string, Map<string, Row>>(Object.keys(NB_TABLES).map((table) => [table, new Map()]));
  #next = 0;

  /** Applies a transaction; returns what a monitor would report. @throws when a constraint is violated (nothing is changed then) */
  transact(operations: readonly Operation[]): Map<string, RowChange[]> {
    const before = this.tables;
    const after = new Map(
      [...before].map(([name, rows]) => [name, new Map([...rows].map(([uuid, row]) => [uuid, { ...row }]))]),
    );
    const names = new Map<string, string>();
    for (const operation of operations)
      if (operation.op === 'insert' && operation.uuidName)
        names.set(operation.uuidName, `uuid${String((this.#next += 1)).padStart(6, '0')}`);
    const real = (value: unknown): never =>
      (Array.isArray(value)
        ? value.map(real)
        : typeof value === 'string'
          ? (names.get(value) ?? value)
          : value) as never;
    for (const operation of operations) this.#apply(after, operation, names, real);
    checkHeld(after);
    collect(after);
    checkUnique(after);
    this.tables = after;
    return differences(before, after);
  }

  #apply(
    tables: Map<string, Map<string, Row>>,
    operation: Operation,
    names: ReadonlyMap<string, string>,
    real: (value: unknown) => never,
  ): void {
    if (operation.op === 'insert') {
      const defaults = Object.fromEntries(
        NB_TABLES[operation.table]!.columns.filter(
          (column) => !NB_TABLES[operation.table]!.empty?.includes(column),
        ).map((column) => [column, isMap(column) ? {} : isSet(operation.table, column) ? [] : '']),
      );
      tables.get(operation.table)!.set(names.get(operation.uuidName!)!, {
        ...defaults,
        ...Object.fromEntries(Object.entries(operation.row).map(([name, value]) => [name, real(value)])),
      });
      return;
    }
    if (operation.op !== 'update' && operation.op !== 'mutate' && operation.op !== 'delete')
      throw new Error(`the model has no ${operation.op}`);
    const rows = tables.get(operation.table)!;
    const uuid = operation.where[0]![2] as string;
    const row = rows.get(uuid);
    if (!row) throw new Error(`no row ${uuid} in ${operation.table}`);
    if (operation.op === 'delete') rows.delete(uuid);
    else if (operation.op === 'update')
      Object.assign(row, Object.fromEntries(Object.entries(operation.row).map(([name, value]) => [name, real(value)])));
    else
      for (const [column, mutator, value] of operation.mutations)
        row[column] = mutated(row[column] as readonly Atom[], mutator, real(value));
  }
}

function isMap(column: string): boolean {
  return ['options', 'external_ids', 'other_config', 'vips', 'ip_port_mappings', 'ipv6_ra_configs'].includes(column);
}

function isSet(table: string, column: string): boolean {
  return (
    ['addresses', 'port_security', 'networks', 'nexthops', 'selection_fields'].includes(column) ||
    [...REFERENCES, ...WEAK].some(([owner, name]) => owner === table && name === column)
  );
}

function mutated(present: readonly Atom[], mutator: string, values: readonly Atom[]): readonly Atom[] {
  const rest = present.filter((value) => !values.includes(value));
  return (mutator === 'insert' ? [...rest, ...values] : rest).toSorted((a, b) => (a < b ? -1 : 1));
}

/** What a row refers to stays as long as that row: the server counts references before it collects (ovsdb/transaction.c). */
function checkHeld(tables: Map<string, Map<string, Row>>): void {
  for (const [table, columns] of HOLDS)
    for (const row of tables.get(table)!.values())
      for (const [column, target] of columns) {
        const held = row[column];
        if (typeof held === 'string' && held !== '' && !tables.get(target)!.has(held))
          throw new Error(`referential integrity: ${table}.${column} holds ${held}`);
      }
}

/** The server refuses to delete such a row. */
export function isHeld(tables: ReadonlyMap<string, ReadonlyMap<string, Row>>, uuid: string): boolean {
  return [...HOLDS].some(([table, columns]) =>
    [...tables.get(table)!.values()].some((row) => columns.some(([column]) => row[column] === uuid)),
  );
}

/** rows that nothing refers to are gone; a reference to a missing row is an error, as the server would say */
function collect(tables: Map<string, Map<string, Row>>): void {
  for (const [owner, column, target] of REFERENCES) {
    const held = new Set([...tables.get(owner)!.values()].flatMap((row) => row[column] as readonly string[]));
    const rows = tables.get(target)!;
    for (const uuid of held)
      if (!rows.has(uuid)) throw new Error(`referential integrity: ${owner}.${column} holds ${uuid}`);
    for (const uuid of rows.keys()) if (!held.has(uuid)) rows.delete(uuid);
  }
  for (const [owner, column, target] of WEAK)
    for (const row of tables.get(owner)!.values())
      row[column] = (row[column] as readonly string[]).filter((uuid) => tables.get(target)!.has(uuid));
}

function checkUnique(tables: Map<string, Map<string, Row>>): void {
  for (const [table, { uniqueName }] of Object.entries(NB_TABLES)) {
    if (!uniqueName) continue;
    const names = [...tables.get(table)!.values()].map((row) => row['name']);
    if (new Set(names).size !== names.length) throw new Error(`constraint violation: a name stands twice in ${table}`);
  }
}

function differences(
  before: Map<string, Map<string, Row>>,
  after: Map<string, Map<string, Row>>,
): Map<string, RowChange[]> {
  return new Map(
    [...after].map(([table, rows]) => {
      const old = before.get(table)!;
      const uuids = new Set([...old.keys(), ...rows.keys()]);
      const changes = [...uuids].map((uuid) => ({
        uuid,
        old: old.get(uuid) as ObservedColumns | undefined,
        new: rows.get(uuid) as ObservedColumns | undefined,
      }));
      return [table, changes.filter((change) => JSON.stringify(change.old) !== JSON.stringify(change.new))] as const;
    }),
  );
}
