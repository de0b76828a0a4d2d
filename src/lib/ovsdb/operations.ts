// The operations of a transaction (RFC 7047 section 5.2) as plain data with JavaScript values, and builders of them.
// Pure. The session encodes the values by the server's schema when it sends the transaction.
import type { Atom, Value } from './notation.ts';

/** Column values by column name. In a uuid column, a string that is not a uuid is a `uuidName`. */
export type RowValues = Readonly<Record<string, Value>>;

/** RFC 7047 5.1 <function>. */
export type ConditionFunction = '<' | '<=' | '==' | '!=' | '>=' | '>' | 'includes' | 'excludes';
export type Condition = readonly [column: string, function_: ConditionFunction, value: Value];

/** RFC 7047 5.1 <mutator>. */
export type Mutator = '+=' | '-=' | '*=' | '/=' | '%=' | 'insert' | 'delete';
/** `delete` of a map column takes an array of keys, or a map of which the entries must match. */
export type Mutation = readonly [column: string, mutator: Mutator, value: Value];

export interface Insert {
  readonly op: 'insert';
  readonly table: string;
  /** Columns that are absent, or undefined, get their default. */
  readonly row: RowValues;
  /** A name for the new row, for use in uuid columns of the same transaction: letters, digits and underscores. */
  readonly uuidName?: string;
  /** The uuid that the row shall have (ovsdb-server >= 3.0 only); by default the server makes one. */
  readonly uuid?: string;
}
export interface Update {
  readonly op: 'update';
  readonly table: string;
  readonly where: readonly Condition[];
  /** `undefined` empties an optional column. */
  readonly row: RowValues;
}
export interface Mutate {
  readonly op: 'mutate';
  readonly table: string;
  readonly where: readonly Condition[];
  readonly mutations: readonly Mutation[];
}
export interface Delete {
  readonly op: 'delete';
  readonly table: string;
  readonly where: readonly Condition[];
}
export interface Select {
  readonly op: 'select';
  readonly table: string;
  readonly where: readonly Condition[];
  /** Default: all columns. */
  readonly columns?: readonly string[];
}
/** A guard: the transaction fails with code `timed-out` unless the selected rows are (`==`) or are not (`!=`) `rows`. */
export interface Wait {
  readonly op: 'wait';
  readonly table: string;
  readonly where: readonly Condition[];
  readonly columns: readonly string[];
  readonly until: '==' | '!=';
  readonly rows: readonly RowValues[];
  /** Milliseconds; default 0: decide at once. */
  readonly timeout?: number;
}
export interface Comment {
  readonly op: 'comment';
  /** Goes into the log of the database file. */
  readonly comment: string;
}
/** Fails with code `not-owner` unless the session holds the lock. */
export interface Assert {
  readonly op: 'assert';
  readonly lock: string;
}
export interface Abort {
  readonly op: 'abort';
}
export type Operation = Insert | Update | Mutate | Delete | Select | Wait | Comment | Assert | Abort;

/** What became of one operation. */
export interface OperationResult {
  /** insert: the uuid of the new row. */
  readonly uuid?: string;
  /** update, mutate, delete: how many rows matched. */
  readonly count?: number;
  /** select: the rows, with their `_uuid`. */
  readonly rows?: readonly RowValues[];
}

/** The condition that selects one row. */
export function byUuid(uuid: string): readonly Condition[] {
  return [['_uuid', '==', uuid]];
}

type Column<T, K extends keyof T> = (keyof T[K] & string) | '_uuid';
type ColumnValue<T, K extends keyof T, C> = C extends keyof T[K] ? T[K][C] : string;

type TypedCondition<T, K extends keyof T> = {
  [C in Column<T, K>]: readonly [C, ConditionFunction, ColumnValue<T, K, C>];
}[Column<T, K>];

type TypedMutation<T, K extends keyof T> = {
  [C in keyof T[K] & string]: readonly [C, Mutator, T[K][C] | readonly Atom[]];
}[keyof T[K] & string];

/** The builders, checked against the generated types of one database. */
export interface OperationBuilders<T> {
  insert<K extends keyof T & string>(table: K, row: Partial<T[K]>, uuidName?: string): Insert;
  update<K extends keyof T & string>(table: K, where: readonly TypedCondition<T, K>[], row: Partial<T[K]>): Update;
  mutate<K extends keyof T & string>(
    table: K,
    where: readonly TypedCondition<T, K>[],
    mutations: readonly TypedMutation<T, K>[],
  ): Mutate;
  delete<K extends keyof T & string>(table: K, where: readonly TypedCondition<T, K>[]): Delete;
  select<K extends keyof T & string>(
    table: K,
    where: readonly TypedCondition<T, K>[],
    columns?: readonly Column<T, K>[],
  ): Select;
  /** A guard that decides at once: the rows that `where` selects must have exactly these values in these columns. */
  wait<K extends keyof T & string>(
    table: K,
    where: readonly TypedCondition<T, K>[],
    rows: readonly Partial<T[K]>[],
    until?: '==' | '!=',
  ): Wait;
  /** A guard: at least one row must match, for example by an `includes` of one entry of a map that has others too. */
  exists<K extends keyof T & string>(table: K, where: readonly TypedCondition<T, K>[]): Wait;
  /** A guard: no row may match. */
  absent<K extends keyof T & string>(table: K, where: readonly TypedCondition<T, K>[]): Wait;
}

const BUILDERS: OperationBuilders<Record<string, Record<string, Value>>> = {
  insert: (table, row, uuidName) => ({ op: 'insert', table, row, ...(uuidName === undefined ? {} : { uuidName }) }),
  update: (table, where, row) => ({ op: 'update', table, where, row }),
  mutate: (table, where, mutations) => ({ op: 'mutate', table, where, mutations }),
  delete: (table, where) => ({ op: 'delete', table, where }),
  select: (table, where, columns) => ({ op: 'select', table, where, ...(columns === undefined ? {} : { columns }) }),
  wait: (table, where, rows, until = '==') => {
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    return { op: 'wait', table, where, columns, until, rows };
  },
  exists: (table, where) => ({ op: 'wait', table, where, columns: [], until: '!=', rows: [] }),
  absent: (table, where) => ({ op: 'wait', table, where, columns: [], until: '==', rows: [] }),
};

/** Typed builders: `const nb = operations<NorthboundTables>(); nb.insert('Logical_Switch', { name: 'net1' })`. */
export function operations<T>(): OperationBuilders<T> {
  return BUILDERS as unknown as OperationBuilders<T>;
}
