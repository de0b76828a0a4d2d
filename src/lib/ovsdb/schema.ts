// The schema of a database (RFC 7047 section 3.2), read into the few facts that the rest of the room needs.
// The generated files in core/ovn have the same form, so that pure code can use them without this room.
import { OvsdbError } from './errors.ts';

export type AtomicType = 'integer' | 'real' | 'boolean' | 'string' | 'uuid';

/**
 * How a column looks in JavaScript:
 * scalar (exactly one value), optional (value or undefined), set (sorted array), map (plain object).
 */
export type ColumnKind = 'scalar' | 'optional' | 'set' | 'map';

export interface ColumnType {
  readonly kind: ColumnKind;
  readonly key: AtomicType;
  /** Only for maps. */
  readonly value?: AtomicType;
  /** The table that a uuid key (or element) refers to. */
  readonly refTable?: string;
  readonly refType?: 'strong' | 'weak';
  /** The table that a uuid map value refers to. */
  readonly valueRefTable?: string;
  readonly valueRefType?: 'strong' | 'weak';
  /** The allowed values of the key (or element). */
  readonly enum?: readonly (string | number | boolean)[];
  /** Fewest elements, when it is not what `kind` implies (0; scalar: 1). */
  readonly min?: number;
  /** Most elements, when there is a limit that `kind` does not imply. */
  readonly max?: number;
  /** False when the column can only be set by the insert. */
  readonly mutable?: false;
  /** True when the value does not survive a restart of the server. */
  readonly ephemeral?: true;
}

export interface TableSchema {
  /** False: a row lives only as long as a strong reference to it. */
  readonly isRoot: boolean;
  /** Sets of columns whose values together are unique. */
  readonly indexes: readonly (readonly string[])[];
  readonly maxRows?: number;
  readonly columns: Readonly<Record<string, ColumnType>>;
}

export interface DatabaseSchema {
  readonly name: string;
  readonly version: string;
  readonly tables: Readonly<Record<string, TableSchema>>;
}

interface RawBase {
  readonly type: AtomicType;
  readonly refTable?: string;
  readonly refType?: 'strong' | 'weak';
  readonly enum?: string | number | boolean | readonly ['set', readonly (string | number | boolean)[]];
}
interface RawType {
  readonly key: AtomicType | RawBase;
  readonly value?: AtomicType | RawBase;
  readonly min?: number;
  readonly max?: number | 'unlimited';
}
interface RawColumn {
  readonly type: AtomicType | RawType;
  readonly mutable?: boolean;
  readonly ephemeral?: boolean;
}
interface RawTable {
  readonly columns: Readonly<Record<string, RawColumn>>;
  readonly isRoot?: boolean;
  readonly indexes?: readonly (readonly string[])[];
  readonly maxRows?: number;
}

/** Reads what `get_schema` answers, or an .ovsschema file. Throws OvsdbError `protocol` when it is not a schema. */
export function parseSchema(json: unknown): DatabaseSchema {
  const raw = json as { name?: unknown; version?: unknown; tables?: Readonly<Record<string, RawTable>> } | null;
  if (typeof raw?.name !== 'string' || typeof raw.tables !== 'object' || raw.tables === null) {
    throw new OvsdbError('protocol', 'What the server sent as a database schema has no "name" and "tables".');
  }
  const entries = Object.entries(raw.tables);
  // RFC 7047 3.2: a schema in which no table is marked comes from before isRoot: then all are roots.
  const allRoots = !entries.some(([, table]) => table.isRoot === true);
  const tables = entries.map(([name, table]) => [name, parseTable(name, table, allRoots)] as const);
  return {
    name: raw.name,
    version: typeof raw.version === 'string' ? raw.version : '',
    tables: Object.fromEntries(tables),
  };
}

function parseTable(name: string, raw: RawTable, allRoots: boolean): TableSchema {
  if (typeof raw.columns !== 'object' || raw.columns === null) {
    throw new OvsdbError('protocol', `Table ${name} of the server's schema has no "columns".`);
  }
  const columns = Object.entries(raw.columns).map(([column, type]) => [column, parseColumn(type)] as const);
  return {
    isRoot: allRoots || raw.isRoot === true,
    indexes: raw.indexes ?? [],
    ...(raw.maxRows === undefined ? {} : { maxRows: raw.maxRows }),
    columns: Object.fromEntries(columns),
  };
}

function parseColumn(raw: RawColumn): ColumnType {
  const type: RawType = typeof raw.type === 'string' ? { key: raw.type } : raw.type;
  const key: RawBase = typeof type.key === 'string' ? { type: type.key } : type.key;
  const value: RawBase | undefined = typeof type.value === 'string' ? { type: type.value } : type.value;
  const { min = 1, max = 1 } = type;
  const kind = columnKind(value !== undefined, min, max);
  return {
    kind,
    key: key.type,
    ...(value === undefined ? {} : { value: value.type }),
    ...(key.refTable === undefined ? {} : { refTable: key.refTable, refType: key.refType ?? 'strong' }),
    ...(value?.refTable === undefined
      ? {}
      : { valueRefTable: value.refTable, valueRefType: value.refType ?? 'strong' }),
    ...(key.enum === undefined ? {} : { enum: Array.isArray(key.enum) ? key.enum[1] : [key.enum] }),
    ...(kind !== 'scalar' && min !== 0 ? { min } : {}),
    ...((kind === 'set' || kind === 'map') && max !== 'unlimited' ? { max } : {}),
    ...(raw.mutable === false ? { mutable: false as const } : {}),
    ...(raw.ephemeral === true ? { ephemeral: true as const } : {}),
  };
}

function columnKind(hasValue: boolean, min: number, max: number | 'unlimited'): ColumnKind {
  if (hasValue) return 'map';
  if (max !== 1) return 'set';
  return min === 0 ? 'optional' : 'scalar';
}
