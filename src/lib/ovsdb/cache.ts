// All monitored tables, and the application of one update of the server as a whole.
import { OvsdbError } from './errors.ts';
import type { DatabaseSchema } from './schema.ts';
import type { ReadableTable, Row, RowChange, WireTableUpdate } from './table-cache.ts';
import { TableCache } from './table-cache.ts';

/** A mapping from table name to the type of its rows, as tools/ovsdb-types.ts generates it. */
export type TableTypes<T> = { readonly [K in keyof T]: object };

/** A row of the cache. */
export type CachedRow<R> = R & { readonly _uuid: string };

/** What one update changed, by table; tables and rows without a change are absent. */
export type TableUpdates<T> = { readonly [K in keyof T]?: readonly RowChange<CachedRow<T[K]>>[] };

/** What a caller may do with the cache. */
export interface ReadableCache<T> {
  /** Throws when the table is not monitored. */
  table<K extends keyof T & string>(name: K): ReadableTable<CachedRow<T[K]>>;
}

export type WireUpdates = Readonly<Record<string, WireTableUpdate>>;
type Staged = readonly (readonly [TableCache, RowChange<Row>[]])[];

export class Cache<T> implements ReadableCache<T> {
  readonly #tables: ReadonlyMap<string, TableCache>;

  constructor(tables: Iterable<string>) {
    this.#tables = new Map(Array.from(tables, (name) => [name, new TableCache(name)]));
  }

  table<K extends keyof T & string>(name: K): ReadableTable<CachedRow<T[K]>> {
    const table = this.#tables.get(name);
    if (table === undefined)
      throw new Error(`Table ${name} is not monitored; name it in the session's monitor option.`);
    // The generated types describe what the schema, by which the rows were read, says too.
    return table as unknown as ReadableTable<CachedRow<T[K]>>;
  }

  /** Tells the tables which columns the server knows of those that are monitored. */
  setColumns(schema: DatabaseSchema, columns: ReadonlyMap<string, readonly string[]>): void {
    for (const [name, table] of this.#tables) {
      const types = schema.tables[name]?.columns ?? {};
      table.setColumns((columns.get(name) ?? []).map((column) => [column, types[column]!] as const));
    }
  }

  /** Applies a change relative to what is there. Throws OvsdbError `protocol`, and then has changed nothing. */
  applyChange(updates: WireUpdates): TableUpdates<T> | undefined {
    const staged = Object.keys(updates).map((name) => {
      const table = this.#monitored(name);
      return [table, table.stage(updates[name]!)] as const;
    });
    return commit<T>(staged);
  }

  /** Replaces everything by what `updates` lists; reports, and replaces, only what differs. */
  applyWhole(updates: WireUpdates): TableUpdates<T> | undefined {
    for (const name of Object.keys(updates)) this.#monitored(name);
    return commit<T>(
      Array.from(this.#tables.values(), (table) => [table, table.stageWhole(updates[table.name] ?? {})]),
    );
  }

  #monitored(name: string): TableCache {
    const table = this.#tables.get(name);
    if (table !== undefined) return table;
    throw new OvsdbError('protocol', `The server sent an update of table ${name}, which is not monitored.`);
  }
}

function commit<T>(staged: Staged): TableUpdates<T> | undefined {
  const changed = staged.filter(([, changes]) => changes.length > 0);
  if (changed.length === 0) return undefined;
  for (const [table, changes] of changed) table.commit(changes);
  return Object.fromEntries(changed.map(([table, changes]) => [table.name, changes])) as unknown as TableUpdates<T>;
}
