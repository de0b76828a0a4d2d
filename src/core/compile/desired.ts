/**
 * The rows that should be, by (table, key), with who wants them. A row exists when somebody claims it and, in a table whose rows live
 * only while they are referenced, when an existing row refers to it.
 */
import { NB_TABLES } from '../ovn/tables.ts';
import { equal } from '../ovn/equal.ts';
import {
  type Atom,
  type ColumnValue,
  type Columns,
  isRowRef,
  memberKey,
  type RowId,
  type RowRef,
  rowId,
  splitRowId,
} from '../ovn/row.ts';

export interface Claim {
  /** `<Kind>/<key>` of the object whose rule wants the row */
  readonly owner: string;
  /** of several claims the smallest precedence wins: the older object keeps what it has */
  readonly precedence: string;
  readonly columns: Columns;
}

interface Member {
  readonly value: Atom | RowRef;
  count: number;
}

interface Entry {
  readonly owner: string;
  readonly precedence: string;
  readonly value: Atom;
}

interface RowState {
  claims: Claim[];
  members?: Map<string, Map<string, Member>>;
  entries?: Map<string, Map<string, Entry[]>>;
}

/** What may differ from before, for the planner: whole rows, the columns of a row without its members, or single members of a set column. */
export interface Dirty {
  readonly rows: Set<RowId>;
  readonly own: Set<RowId>;
  readonly members: Map<RowId, Map<string, Set<string>>>;
}

export function isClean({ rows, own, members }: Dirty): boolean {
  return rows.size === 0 && own.size === 0 && members.size === 0;
}

/** Adds all of `more` to `dirty`. */
export function addDirt(dirty: Dirty, more: Dirty): void {
  for (const id of more.rows) dirty.rows.add(id);
  for (const id of more.own) dirty.own.add(id);
  for (const [id, columns] of more.members)
    for (const [column, keys] of columns) for (const key of keys) touchMember(id, column, key, dirty);
}

export function noDirt(): Dirty {
  return { rows: new Set(), own: new Set(), members: new Map() };
}

export class DesiredRows {
  readonly #rows = new Map<RowId, RowState>();
  /** row -> rows that refer to it */
  readonly #referrers = new Map<RowId, Map<RowId, number>>();

  ids(): IterableIterator<RowId> {
    return this.#rows.keys();
  }

  claims(id: RowId): readonly Claim[] {
    return this.#rows.get(id)?.claims ?? [];
  }

  /** the claim that counts */
  claim(id: RowId): Claim | undefined {
    const claims = this.#rows.get(id)?.claims;
    if (!claims || claims.length === 0) return undefined;
    return claims.length === 1
      ? claims[0]
      : claims.reduce((best, claim) => (claim.precedence < best.precedence ? claim : best));
  }

  exists(id: RowId): boolean {
    if (!this.claim(id)) return false;
    if (NB_TABLES[splitRowId(id).table]?.root) return true;
    for (const referrer of this.#referrers.get(id)?.keys() ?? []) if (this.exists(referrer)) return true;
    return false;
  }

  referrers(id: RowId): Iterable<RowId> {
    return this.#referrers.get(id)?.keys() ?? [];
  }

  /** All columns of a row as they should be; undefined when it should not exist. Set columns with members come as arrays. */
  columns(id: RowId): Columns | undefined {
    const claim = this.claim(id);
    if (!claim || !this.exists(id)) return undefined;
    const state = this.#rows.get(id)!;
    const columns: Record<string, ColumnValue> = { ...claim.columns };
    for (const [column, map] of state.entries ?? []) {
      const own = columns[column] as Readonly<Record<string, Atom>> | undefined;
      columns[column] = {
        ...own,
        ...Object.fromEntries([...map].map(([key, entries]) => [key, winner(entries).value])),
      };
    }
    for (const [column, members] of state.members ?? [])
      columns[column] = [...members.values()].map(({ value }) => value);
    return columns;
  }

  member(id: RowId, column: string, key: string): Atom | RowRef | undefined {
    return this.#rows.get(id)?.members?.get(column)?.get(key)?.value;
  }

  memberColumns(id: RowId): readonly string[] {
    return [...(this.#rows.get(id)?.members?.keys() ?? [])];
  }

  /** Map columns that only get single entries here: keys that nobody of us wrote are not ours to remove. */
  hasEntriesOnly(id: RowId, column: string): boolean {
    return this.#rows.get(id)?.entries?.has(column) === true && this.claim(id)?.columns[column] === undefined;
  }

  addClaim(id: RowId, claim: Claim, dirty: Dirty): void {
    const state = this.#state(id);
    state.claims.push(claim);
    for (const target of references(claim.columns)) this.#refer(id, target, 1);
    this.#touch(id, dirty);
  }

  removeClaim(id: RowId, owner: string, dirty: Dirty): void {
    const state = this.#rows.get(id);
    const index = state?.claims.findIndex((claim) => claim.owner === owner) ?? -1;
    if (!state || index < 0) return;
    const [gone] = state.claims.splice(index, 1);
    for (const target of references(gone!.columns)) this.#refer(id, target, -1);
    this.#touch(id, dirty);
    this.#forgetIfEmpty(id, state);
  }

  addMember(id: RowId, column: string, value: Atom | RowRef, dirty: Dirty): void {
    const members = mapIn(mapIn(this.#state(id), 'members'), column);
    const key = memberKey(value);
    const member = members.get(key);
    if (member) {
      member.count += 1;
      return;
    }
    members.set(key, { value, count: 1 });
    if (typeof value === 'object') this.#refer(id, rowId(value.table, value.key), 1);
    touchMember(id, column, key, dirty);
    if (typeof value === 'object') dirty.rows.add(rowId(value.table, value.key));
  }

  removeMember(id: RowId, column: string, value: Atom | RowRef, dirty: Dirty): void {
    const state = this.#rows.get(id);
    const members = state?.members?.get(column);
    const key = memberKey(value);
    const member = members?.get(key);
    if (!state || !members || !member) return;
    member.count -= 1;
    if (member.count > 0) return;
    members.delete(key);
    if (members.size === 0) state.members?.delete(column);
    if (typeof value === 'object') this.#refer(id, rowId(value.table, value.key), -1);
    touchMember(id, column, key, dirty);
    if (typeof value === 'object') dirty.rows.add(rowId(value.table, value.key));
    this.#forgetIfEmpty(id, state);
  }

  addEntry(id: RowId, column: string, mapKey: string, entry: Entry, dirty: Dirty): void {
    const map = mapIn(mapIn(this.#state(id), 'entries'), column);
    const entries = map.get(mapKey);
    if (entries) entries.push(entry);
    else map.set(mapKey, [entry]);
    dirty.rows.add(id);
  }

  removeEntry(id: RowId, column: string, mapKey: string, owner: string, dirty: Dirty): void {
    const state = this.#rows.get(id);
    const map = state?.entries?.get(column);
    const entries = map?.get(mapKey);
    if (!state || !map || !entries) return;
    const left = entries.filter((entry) => entry.owner !== owner);
    if (left.length > 0) map.set(mapKey, left);
    else map.delete(mapKey);
    if (map.size === 0) state.entries?.delete(column);
    dirty.rows.add(id);
    this.#forgetIfEmpty(id, state);
  }

  /** owners that want different values for the same row, column by column */
  conflict(id: RowId): readonly Claim[] | undefined {
    const claims = this.#rows.get(id)?.claims ?? [];
    const first = claims[0];
    return first && claims.some((claim) => !equal(claim.columns, first.columns)) ? claims : undefined;
  }

  /** the row may have come or gone: what it refers to may live or die with it */
  #touch(id: RowId, dirty: Dirty): void {
    dirty.rows.add(id);
    for (const members of this.#rows.get(id)?.members?.values() ?? []) {
      for (const { value } of members.values()) if (isRowRef(value)) dirty.rows.add(rowId(value.table, value.key));
    }
  }

  #refer(from: RowId, to: RowId, change: 1 | -1): void {
    let referrers = this.#referrers.get(to);
    if (!referrers) this.#referrers.set(to, (referrers = new Map()));
    const count = (referrers.get(from) ?? 0) + change;
    if (count > 0) referrers.set(from, count);
    else referrers.delete(from);
    if (referrers.size === 0) this.#referrers.delete(to);
  }

  #state(id: RowId): RowState {
    let state = this.#rows.get(id);
    if (!state) this.#rows.set(id, (state = { claims: [] }));
    return state;
  }

  #forgetIfEmpty(id: RowId, state: RowState): void {
    if (state.claims.length === 0 && !state.members?.size && !state.entries?.size) this.#rows.delete(id);
  }
}

function winner(entries: readonly Entry[]): Entry {
  return entries.reduce((best, entry) => (entry.precedence < best.precedence ? entry : best));
}

function references(columns: Columns): RowId[] {
  return Object.values(columns)
    .flatMap((value) => (Array.isArray(value) ? (value as readonly unknown[]) : [value]))
    .filter(isRowRef)
    .map(({ table, key }) => rowId(table, key));
}

export function touchMember(id: RowId, column: string, key: string, dirty: Dirty): void {
  let columns = dirty.members.get(id);
  if (!columns) dirty.members.set(id, (columns = new Map()));
  let keys = columns.get(column);
  if (!keys) columns.set(column, (keys = new Set()));
  keys.add(key);
}

function mapIn<K extends 'members' | 'entries'>(state: RowState, name: K): NonNullable<RowState[K]>;
function mapIn<V>(map: Map<string, Map<string, V>>, name: string): Map<string, V>;
function mapIn(holder: RowState | Map<string, Map<string, unknown>>, name: string): unknown {
  if (holder instanceof Map) {
    let map = holder.get(name);
    if (!map) holder.set(name, (map = new Map()));
    return map;
  }
  const key = name as 'members' | 'entries';
  holder[key] ??= new Map();
  return holder[key];
}
