/**
 * Desired rows x observed rows -> the smallest set of OVSDB operations that makes the second like the first, for one transaction.
 * Pure. Rows of others are never touched, neither their columns nor their place in a set column of ours.
 *
 * Inserts come first, then changes of existing rows, then deletions. Rows of tables that live by reference (ports, routes) come and go with
 * the set column of their parent: nothing else is needed to delete them, and they are never inserted without a parent.
 */
import { byUuid, type Operation } from '../../lib/ovsdb/operations.ts';
import type { DesiredRows, Dirty } from '../compile/desired.ts';
import {
  type Atom,
  type Columns,
  isRowRef,
  memberKey,
  type RowId,
  type RowRef,
  rowId,
  splitRowId,
} from '../ovn/row.ts';
import { HOLDS, NB_TABLES, REFERENCE_SETS } from '../ovn/tables.ts';
import { changedColumns, type Resolved } from './columns.ts';
import type { ObservedRow, ObservedRows } from './observed.ts';

export interface Plan {
  readonly operations: readonly Operation[];
  /** rows that cannot be written because a row of somebody else has their unique name */
  readonly blocked: readonly RowId[];
  readonly inserted: readonly RowId[];
  readonly updated: readonly RowId[];
  readonly deleted: readonly RowId[];
}

/** All that could differ: what a controller plans after it has started. */
export function everything(desired: DesiredRows, observed: ObservedRows): Dirty {
  return { rows: new Set([...desired.ids(), ...observed.ids()]), own: new Set(), members: new Map() };
}

export function plan(dirty: Dirty, desired: DesiredRows, observed: ObservedRows): Plan {
  return new Planner(desired, observed).plan(dirty);
}

/** what to look at in one existing row */
interface Check {
  /** the row's columns, without its members */
  own: boolean;
  /** all members of its set columns */
  whole: boolean;
  readonly members: Map<string, Set<string>>;
}

class Planner {
  readonly #desired: DesiredRows;
  readonly #observed: ObservedRows;
  readonly #inserts = new Map<RowId, string>();
  readonly #checks = new Map<RowId, Check>();
  readonly #deletes: RowId[] = [];
  readonly #blocked: RowId[] = [];
  readonly #updated: RowId[] = [];

  constructor(desired: DesiredRows, observed: ObservedRows) {
    this.#desired = desired;
    this.#observed = observed;
  }

  plan(dirty: Dirty): Plan {
    for (const id of dirty.rows) this.#decide(id);
    for (const id of dirty.own) this.#check(id).own = true;
    for (const [id, columns] of dirty.members) {
      for (const [column, keys] of columns) for (const key of keys) this.#checkMember(id, column, key);
    }
    this.#dropOrphans();
    for (const id of this.#inserts.keys()) this.#checkReferrers(id);
    const inserts = [...this.#inserts].map(([id, name]) => this.#insert(id, name));
    const changes = [...this.#checks].flatMap(([id, check]) => this.#change(id, check));
    const deletes = this.#deletes.flatMap((id) => this.#delete(id));
    return {
      operations: [...inserts, ...changes, ...deletes],
      blocked: this.#blocked,
      inserted: [...this.#inserts.keys()],
      updated: this.#updated,
      deleted: this.#deletes,
    };
  }

  #decide(id: RowId): void {
    const have = this.#observed.get(id);
    if (this.#desired.exists(id)) {
      if (have) this.#check(id).whole = true;
      else if (this.#nameTaken(id)) this.#blocked.push(id);
      else this.#inserts.set(id, `row${this.#inserts.size}`);
    } else if (have) {
      this.#deletes.push(id);
      // what holds it must let go of it
      for (const referrer of this.#desired.referrers(id)) this.#check(referrer).whole = true;
    }
  }

  #nameTaken(id: RowId): boolean {
    const { table, key } = splitRowId(id);
    const holder = this.#observed.holderOfName(table, key);
    return holder !== undefined && this.#observed.idOf(holder) === undefined;
  }

  /** A row that lives by reference needs its parent in the database or in this plan; else it waits for the plan that brings the parent. */
  #dropOrphans(): void {
    for (const id of this.#inserts.keys()) {
      if (NB_TABLES[splitRowId(id).table]?.root) continue;
      const parents = [...this.#desired.referrers(id)];
      if (!parents.some((parent) => this.#inserts.has(parent) || this.#observed.get(parent))) this.#inserts.delete(id);
    }
  }

  /** a new row has a new UUID: whatever refers to it has to learn that */
  #checkReferrers(id: RowId): void {
    for (const referrer of this.#desired.referrers(id)) {
      if (this.#inserts.has(referrer)) continue;
      const columns = this.#desired
        .memberColumns(referrer)
        .filter((column) => this.#desired.member(referrer, column, `@${id}`) !== undefined);
      if (columns.length === 0) this.#check(referrer).whole = true;
      for (const column of columns) this.#checkMember(referrer, column, `@${id}`);
    }
  }

  #check(id: RowId): Check {
    let check = this.#checks.get(id);
    if (!check) this.#checks.set(id, (check = { own: false, whole: false, members: new Map() }));
    return check;
  }

  #checkMember(id: RowId, column: string, key: string): void {
    const { members } = this.#check(id);
    let keys = members.get(column);
    if (!keys) members.set(column, (keys = new Set()));
    keys.add(key);
  }

  #insert(id: RowId, uuidName: string): Operation {
    const { table } = splitRowId(id);
    const columns = this.#desired.columns(id)!;
    return {
      op: 'insert',
      table,
      uuidName,
      row: Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, this.#resolve(value)])),
    };
  }

  #change(id: RowId, check: Check): Operation[] {
    const row = this.#observed.get(id);
    if (!row || this.#inserts.has(id) || !this.#desired.exists(id)) return [];
    const { table } = splitRowId(id);
    const where = byUuid(row.uuid);
    const operations: Operation[] = [];
    const memberColumns = this.#desired.memberColumns(id);
    if (check.own || check.whole) {
      const update = changedColumns(this.#ownColumns(id, memberColumns), row.columns);
      if (update) operations.push({ op: 'update', table, where, row: update });
    }
    if (check.whole) {
      for (const column of memberSetColumns(table, memberColumns))
        operations.push(...this.#mutate(table, row, column, this.#wholeDifference(id, row, column)));
    } else {
      // a set that one rule writes whole is one of the row's own columns
      for (const [column, keys] of check.members)
        if (memberColumns.includes(column) || this.#desired.claim(id)?.columns[column] === undefined)
          operations.push(...this.#mutate(table, row, column, this.#memberDifference(id, row, column, keys)));
    }
    if (operations.length > 0) this.#updated.push(id);
    return operations;
  }

  /** the columns that a row should have, those among them that must be empty, without sets of members */
  #ownColumns(id: RowId, memberColumns: readonly string[]): Record<string, Resolved | undefined> {
    const own: Record<string, Resolved | undefined> = {};
    for (const name of NB_TABLES[splitRowId(id).table]?.empty ?? []) own[name] = undefined;
    for (const [name, value] of Object.entries(this.#desired.columns(id)!)) {
      if (memberColumns.includes(name)) continue;
      // somebody else's keys of a map that only gets entries from us stay
      const others = this.#desired.hasEntriesOnly(id, name)
        ? (this.#observed.get(id)!.columns[name] as object)
        : undefined;
      own[name] = others ? { ...others, ...(value as object) } : this.#resolve(value);
    }
    return own;
  }

  #wholeDifference(id: RowId, row: ObservedRow, column: string): Difference {
    const wanted = new Set(
      this.#desired.columns(id)![column] === undefined
        ? []
        : this.#resolveSet(this.#desired.columns(id)![column] as readonly (Atom | RowRef)[]),
    );
    const present = setOf(row, column);
    return {
      add: [...wanted].filter((value) => !present.has(value)),
      remove: [...present].filter((value) => !wanted.has(value) && this.#isOurs(id, column, value)),
    };
  }

  #memberDifference(id: RowId, row: ObservedRow, column: string, keys: ReadonlySet<string>): Difference {
    const present = setOf(row, column);
    const add: Atom[] = [];
    const remove: Atom[] = [];
    for (const key of keys) {
      const wanted = this.#desired.member(id, column, key);
      if (wanted !== undefined) {
        const value = this.#resolveSet([wanted])[0];
        if (value !== undefined && !present.has(value)) add.push(value);
        continue;
      }
      const value = key.startsWith('@')
        ? this.#observed.get(key.slice(1))?.uuid
        : [...present].find((atom) => memberKey(atom) === key);
      if (value !== undefined && present.has(value)) remove.push(value);
    }
    return { add, remove };
  }

  /** members of set columns that hold references may be somebody else's rows */
  #isOurs(id: RowId, column: string, value: Atom): boolean {
    return (
      !REFERENCE_SETS.get(splitRowId(id).table)?.includes(column) || this.#observed.idOf(String(value)) !== undefined
    );
  }

  #mutate(table: string, row: ObservedRow, column: string, { add, remove }: Difference): Operation[] {
    const mutations = [
      ...(remove.length > 0 ? [[column, 'delete', remove] as const] : []),
      ...(add.length > 0 ? [[column, 'insert', add] as const] : []),
    ];
    return mutations.length > 0 ? [{ op: 'mutate', table, where: byUuid(row.uuid), mutations }] : [];
  }

  #delete(id: RowId): Operation[] {
    const { table } = splitRowId(id);
    const row = this.#observed.get(id)!;
    if (!NB_TABLES[table]?.root) return this.#letGo(table, row);
    return [row.uuid, ...this.#observed.surplus(id)].map((uuid) => ({ op: 'delete', table, where: byUuid(uuid) }));
  }

  /** The server counts references before it collects what nobody refers to: a row that goes with its parent holds others until then. */
  #letGo(table: string, row: ObservedRow): Operation[] {
    const held = (HOLDS.get(table) ?? []).filter(([column, target]) =>
      this.#deletes.some(
        (id) => splitRowId(id).table === target && this.#observed.get(id)?.uuid === row.columns[column],
      ),
    );
    if (held.length === 0) return [];
    const update = Object.fromEntries(held.map(([column]) => [column, undefined]));
    return [{ op: 'update', table, where: byUuid(row.uuid), row: update }];
  }

  #resolve(value: Columns[string]): Resolved {
    if (isRowRef(value)) return this.#resolveSet([value])[0]!;
    if (Array.isArray(value)) return this.#resolveSet(value as readonly (Atom | RowRef)[]);
    return value as Resolved;
  }

  /** references to rows that are not there (yet) are left out */
  #resolveSet(values: readonly (Atom | RowRef)[]): Atom[] {
    return values
      .map((value) => (isRowRef(value) ? this.#uuid(rowId(value.table, value.key)) : value))
      .filter((value) => value !== undefined);
  }

  #uuid(id: RowId): string | undefined {
    return this.#inserts.get(id) ?? this.#observed.get(id)?.uuid;
  }
}

interface Difference {
  readonly add: readonly Atom[];
  readonly remove: readonly Atom[];
}

/** reference sets are looked at even when nobody contributes any more: what is left of ours has to go */
function memberSetColumns(table: string, contributed: readonly string[]): readonly string[] {
  const own = REFERENCE_SETS.get(table) ?? [];
  return [...new Set([...own, ...contributed])];
}

function setOf(row: ObservedRow, column: string): ReadonlySet<Atom> {
  return new Set(row.columns[column] as readonly Atom[] | undefined);
}
