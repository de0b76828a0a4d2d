// The rows of one monitored table, by uuid and by any number of indexes.
// A change is made in two steps: `stage` reads an update and may fail, `commit` cannot. So a malformed update never
// leaves a table half changed.
import { applyMapDifference, applySetDifference } from './differences.ts';
import { OvsdbError } from './errors.ts';
import { decodeValue, defaultValue, equalValues } from './notation.ts';
import type { MapValue, SetValue, Value } from './notation.ts';
import type { ColumnType } from './schema.ts';

/** A cached row: its columns and its uuid. Rows are never changed: a new version is a new object. */
export type Row = Readonly<Record<string, Value>> & { readonly _uuid: string };

/** One row before and after; an insert has no `old`, a delete no `new`. */
export interface RowChange<R> {
  readonly uuid: string;
  readonly old: R | undefined;
  readonly new: R | undefined;
}

/** What other rooms may do with a table. */
export interface ReadableTable<R> {
  readonly size: number;
  readonly rows: ReadonlyMap<string, R>;
  get(uuid: string): R | undefined;
  /** The rows that the index named so has under `key`; throws when there is no such index. */
  find(index: string, key: string): readonly R[];
  /** Adds an index: `keysOf` is a pure function of the row. Rows may have no key, one, or several. */
  addIndex(index: string, keysOf: KeysOf<R>): void;
}

export type KeysOf<R> = (row: R) => string | readonly string[] | undefined;

/** The `table-update2` of the wire: per row uuid one of initial, insert, modify, delete. */
export type WireTableUpdate = Readonly<Record<string, WireRowUpdate>>;
interface WireRowUpdate {
  readonly initial?: Readonly<Record<string, unknown>>;
  readonly insert?: Readonly<Record<string, unknown>>;
  readonly modify?: Readonly<Record<string, unknown>>;
  readonly delete?: unknown;
}

interface Index {
  readonly keysOf: KeysOf<Row>;
  /** One uuid, or a set when several rows share the key: most indexes are of unique names. */
  readonly uuids: Map<string, string | Set<string>>;
}

export class TableCache implements ReadableTable<Row> {
  readonly name: string;
  readonly #rows = new Map<string, Row>();
  readonly #indexes = new Map<string, Index>();
  #columns = new Map<string, ColumnType>();
  /** A row of default values; copying it gives all rows of the table one hidden class. */
  #blank: Row = { _uuid: '' };

  constructor(name: string) {
    this.name = name;
  }

  get size(): number {
    return this.#rows.size;
  }

  get rows(): ReadonlyMap<string, Row> {
    return this.#rows;
  }

  get(uuid: string): Row | undefined {
    return this.#rows.get(uuid);
  }

  find(index: string, key: string): readonly Row[] {
    const found = this.#indexNamed(index).uuids.get(key);
    if (found === undefined) return [];
    if (typeof found === 'string') return [this.#rows.get(found)!];
    return Array.from(found, (uuid) => this.#rows.get(uuid)!);
  }

  addIndex(name: string, keysOf: KeysOf<Row>): void {
    if (this.#indexes.has(name)) throw new Error(`Table ${this.name} already has an index named ${name}.`);
    const index: Index = { keysOf, uuids: new Map() };
    for (const row of this.#rows.values()) addToIndex(index, row);
    this.#indexes.set(name, index);
  }

  #indexNamed(name: string): Index {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new Error(`Table ${this.name} has no index named ${name}; add it with addIndex.`);
    return index;
  }

  /** The monitored columns, once the server's schema is known. */
  setColumns(columns: Iterable<readonly [string, ColumnType]>): void {
    this.#columns = new Map(columns);
    const defaults = Array.from(this.#columns, ([name, type]) => [name, defaultValue(type)] as const);
    this.#blank = { _uuid: '', ...Object.fromEntries(defaults) };
  }

  /** Reads an update relative to the present rows. Throws OvsdbError `protocol`. */
  stage(update: WireTableUpdate): RowChange<Row>[] {
    const changes: RowChange<Row>[] = [];
    for (const uuid of Object.keys(update)) {
      const old = this.#rows.get(uuid);
      const next = this.#nextRow(uuid, old, update[uuid]!);
      if (old !== next) changes.push({ uuid, old, new: next });
    }
    return changes;
  }

  /** Like `stage`, for an update that lists every row that exists: what it does not list is gone. */
  stageWhole(update: WireTableUpdate): RowChange<Row>[] {
    const changes = this.stage(update);
    for (const [uuid, old] of this.#rows) if (!Object.hasOwn(update, uuid)) changes.push({ uuid, old, new: undefined });
    return changes;
  }

  #nextRow(uuid: string, old: Row | undefined, update: WireRowUpdate): Row | undefined {
    const whole = update.insert ?? update.initial;
    if (whole !== undefined) {
      const row = this.#fill({ ...this.#blank, _uuid: uuid }, whole);
      return old !== undefined && equalRows(old, row) ? old : row;
    }
    if (update.modify !== undefined) {
      if (old === undefined) throw this.#broken(uuid, 'modifies a row that was never sent');
      return this.#modified(old, update.modify);
    }
    if ('delete' in update) {
      if (old === undefined) throw this.#broken(uuid, 'deletes a row that was never sent');
      return undefined;
    }
    throw this.#broken(uuid, 'is none of initial, insert, modify, delete');
  }

  #fill(row: Record<string, Value> & { _uuid: string }, json: Readonly<Record<string, unknown>>): Row {
    for (const column in json) row[column] = decodeValue(this.#typeOf(column), json[column]);
    return row;
  }

  #modified(old: Row, json: Readonly<Record<string, unknown>>): Row {
    const row: Record<string, Value> & { _uuid: string } = { ...old };
    for (const column in json) {
      const type = this.#typeOf(column);
      row[column] = applyDifference(type, old[column], decodeValue(type, json[column]));
    }
    return row;
  }

  #typeOf(column: string): ColumnType {
    const type = this.#columns.get(column);
    if (type !== undefined) return type;
    throw new OvsdbError('protocol', `The server sent column ${column} of table ${this.name}, which is not monitored.`);
  }

  #broken(uuid: string, what: string): OvsdbError {
    return new OvsdbError('protocol', `The server's update of row ${uuid} of table ${this.name} ${what}.`);
  }

  commit(changes: readonly RowChange<Row>[]): void {
    for (const { uuid, old, new: next } of changes) {
      if (next === undefined) this.#rows.delete(uuid);
      else this.#rows.set(uuid, next);
      for (const index of this.#indexes.values()) moveInIndex(index, old, next);
    }
  }
}

function applyDifference(type: ColumnType, old: Value, json: Value): Value {
  if (type.max === 1) return json;
  if (type.kind === 'set') return applySetDifference(old as SetValue, json as SetValue);
  if (type.kind === 'map') return applyMapDifference(old as MapValue, json as MapValue);
  return json;
}

function equalRows(a: Row, b: Row): boolean {
  for (const column in b) if (!equalValues(a[column], b[column])) return false;
  for (const column in a) if (!(column in b)) return false;
  return true;
}

function moveInIndex(index: Index, old: Row | undefined, next: Row | undefined): void {
  const before = old === undefined ? undefined : index.keysOf(old);
  const after = next === undefined ? undefined : index.keysOf(next);
  if (before === after && typeof before !== 'object') return;
  if (old !== undefined) removeFromIndex(index, old._uuid, before);
  if (next !== undefined) addToIndex(index, next, after);
}

function addToIndex(index: Index, row: Row, keys = index.keysOf(row)): void {
  for (const key of keyList(keys)) {
    const found = index.uuids.get(key);
    if (found === undefined) index.uuids.set(key, row._uuid);
    else if (typeof found === 'object') found.add(row._uuid);
    else if (found !== row._uuid) index.uuids.set(key, new Set([found, row._uuid]));
  }
}

function removeFromIndex(index: Index, uuid: string, keys: string | readonly string[] | undefined): void {
  for (const key of keyList(keys)) {
    const found = index.uuids.get(key);
    if (typeof found === 'object') {
      found.delete(uuid);
      if (found.size === 0) index.uuids.delete(key);
    } else if (found === uuid) {
      index.uuids.delete(key);
    }
  }
}

function keyList(keys: string | readonly string[] | undefined): readonly string[] {
  return keys === undefined ? [] : typeof keys === 'string' ? [keys] : keys;
}
