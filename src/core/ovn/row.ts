/** Rows as Weft names them: by table and key, never by UUID. */

export type Atom = string | number | boolean;

/** A reference to another row of ours: the planner turns it into a UUID. */
export interface RowRef {
  readonly table: string;
  readonly key: string;
}

export type ColumnValue = Atom | RowRef | readonly (Atom | RowRef)[] | Readonly<Record<string, Atom>>;
export type Columns = Readonly<Record<string, ColumnValue>>;

/** `table/key` */
export type RowId = string;

export function rowId(table: string, key: string): RowId {
  return `${table}/${key}`;
}

export function splitRowId(id: RowId): RowRef {
  const slash = id.indexOf('/');
  return { table: id.slice(0, slash), key: id.slice(slash + 1) };
}

export function isRowRef(value: unknown): value is RowRef {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    'table' in value &&
    'key' in value &&
    typeof value.table === 'string'
  );
}

/** identity of a member within a set column */
export function memberKey(value: Atom | RowRef): string {
  return typeof value === 'object' ? `@${rowId(value.table, value.key)}` : `${typeof value}:${value}`;
}
