// Which tables and columns a session follows, and the forms that this takes on the wire:
// monitor_cond_since / update3, or monitor_cond / update2 of servers before 2.12 (ovsdb-server(7), 4.1.12 to 4.1.16).
import { OvsdbError } from './errors.ts';
import type { WireUpdates } from './cache.ts';
import type { Condition } from './operations.ts';
import type { DatabaseSchema, TableSchema } from './schema.ts';
import { encodeCondition } from './transaction-notation.ts';

/** Columns to follow: names, or all that the server knows. */
export type MonitorColumns<R> = 'all' | readonly (keyof R & string)[];
/** Rows to follow: by default all; with `where`, those for which at least one condition holds. */
export interface MonitorCondition<R> {
  readonly columns: MonitorColumns<R>;
  readonly where: readonly Condition[];
}
/** By table, what to follow. Rows of the cache have the followed columns only. */
export type MonitorOptions<T> = { readonly [K in keyof T]?: MonitorColumns<T[K]> | MonitorCondition<T[K]> };

export type MonitorMethod = 'monitor_cond_since' | 'monitor_cond';

export interface MonitorRequest {
  /** The third parameter of the request: table -> columns and condition. */
  readonly tables: Readonly<Record<string, unknown>>;
  /** The columns asked for, by table. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
  /** The columns and their types as text: a cache read by other types cannot be resumed. */
  readonly signature: string;
  /** What was to be followed but is not in the server's schema: "Table" or "Table.column". */
  readonly missing: readonly string[];
}

interface Followed {
  readonly columns: 'all' | readonly string[];
  readonly where?: readonly Condition[];
}

/** Leaves out what an older schema does not have: whoever needs it looks at `missing`. */
export function monitorRequest(schema: DatabaseSchema, options: Readonly<Record<string, unknown>>): MonitorRequest {
  const tables: Record<string, unknown> = {};
  const columns = new Map<string, readonly string[]>();
  const missing: string[] = [];
  const types: unknown[] = [];
  for (const [name, option] of Object.entries(options)) {
    const table = schema.tables[name];
    if (table === undefined) {
      missing.push(name);
      continue;
    }
    const followed = (typeof option === 'object' && !Array.isArray(option) ? option : { columns: option }) as Followed;
    const known = knownColumns(table, followed.columns);
    if (followed.columns !== 'all')
      missing.push(...followed.columns.filter((c) => !known.includes(c)).map((c) => `${name}.${c}`));
    columns.set(name, known);
    types.push(
      name,
      known,
      known.map((column) => table.columns[column]),
    );
    tables[name] = [{ columns: known, ...encodeWhere(table, followed.where) }];
  }
  return { tables, columns, missing, signature: JSON.stringify(types) };
}

function knownColumns(table: TableSchema, wanted: 'all' | readonly string[]): readonly string[] {
  return wanted === 'all'
    ? Object.keys(table.columns)
    : wanted.filter((column) => Object.hasOwn(table.columns, column));
}

function encodeWhere(table: TableSchema, where: readonly Condition[] | undefined): object {
  return where === undefined ? {} : { where: where.map((condition) => encodeCondition(table, condition)) };
}

/** The reply to a monitor request. */
export interface InitialUpdate {
  /** True when `updates` is what changed since the transaction that was named in the request. */
  readonly resumed: boolean;
  readonly lastTransaction: string | undefined;
  readonly updates: WireUpdates;
}

export function readInitialUpdate(method: MonitorMethod, result: unknown): InitialUpdate {
  if (method === 'monitor_cond') return { resumed: false, lastTransaction: undefined, updates: asUpdates(result) };
  if (!Array.isArray(result) || result.length !== 3) {
    throw new OvsdbError(
      'protocol',
      'The server answered monitor_cond_since with something other than [found, last-txn-id, updates].',
    );
  }
  return { resumed: result[0] === true, lastTransaction: String(result[1]), updates: asUpdates(result[2]) };
}

/** An update notification, when it belongs to the monitor with this id. */
export function readUpdate(
  monitorId: string,
  method: string,
  params: unknown,
): { lastTransaction: string | undefined; updates: WireUpdates } | undefined {
  if (!Array.isArray(params) || params[0] !== monitorId) return undefined;
  if (method === 'update3') return { lastTransaction: String(params[1]), updates: asUpdates(params[2]) };
  return method === 'update2' ? { lastTransaction: undefined, updates: asUpdates(params[1]) } : undefined;
}

function asUpdates(json: unknown): WireUpdates {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as WireUpdates;
  throw new OvsdbError('protocol', 'The server sent a monitor update that is not a JSON object of tables.');
}
