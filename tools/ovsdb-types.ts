// Generates the row types of OVN's two databases from the schemas that the engine carries:
//
//   node tools/ovsdb-types.ts [ENGINE_ROOT]      writes src/core/ovn/generated/nb.ts and sb.ts
//
// Without an argument: the root in WEFT_ENGINE_ROOT, or the newest in /var/lib/weft/engine.
import { globSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AtomicType, ColumnType, DatabaseSchema, TableSchema } from '../src/lib/ovsdb/schema.ts';
import { parseSchema } from '../src/lib/ovsdb/schema.ts';

/** The generated files: which schema each comes from. */
export const OVN_DATABASES = [
  { file: 'nb.ts', schema: 'ovn-nb.ovsschema', prefix: 'Northbound' },
  { file: 'sb.ts', schema: 'ovn-sb.ovsschema', prefix: 'Southbound' },
] as const;

const OUTPUT = new URL('../src/core/ovn/generated/', import.meta.url);

/** Reads a schema of the engine. */
export function engineSchema(engineRoot: string, file: string): DatabaseSchema {
  return parseSchema(JSON.parse(readFileSync(join(engineRoot, 'usr/share/ovn', file), 'utf8')));
}

/** The text of a generated file: the same for the same schema. */
export function generateTypes(schema: DatabaseSchema, prefix: string): string {
  const tables = Object.entries(schema.tables).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    `// Generated from the schema of ${schema.name} ${schema.version} by tools/ovsdb-types.ts. Do not edit; to regenerate:`,
    '//   node tools/ovsdb-types.ts',
    '',
    ...tables.map(([name, table]) => tableInterface(name, table)),
    `/** The rows of ${schema.name}, by table name. */`,
    `export interface ${prefix}Tables {`,
    ...tables.map(([name]) => `  readonly ${name}: ${typeName(name)};`),
    '}',
    '',
    `/** The tables and columns of ${schema.name}. */`,
    `export const ${prefix.toLowerCase()}Schema = {`,
    `  name: ${quote(schema.name)},`,
    `  version: ${quote(schema.version)},`,
    '  tables: {',
    ...tables.map(([name, table]) => tableDescription(name, table)),
    '  },',
    '} as const;',
    '',
  ].join('\n');
}

function sortedColumns(table: TableSchema): [string, ColumnType][] {
  return Object.entries(table.columns).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function tableInterface(name: string, table: TableSchema): string {
  const columns = sortedColumns(table).map(([column, type]) => columnProperty(column, type));
  return [`/** A row of ${name}. */`, `export interface ${typeName(name)} {`, ...columns, '}', ''].join('\n');
}

/** Logical_Switch -> LogicalSwitch */
function typeName(table: string): string {
  return table.replaceAll('_', '');
}

function columnProperty(column: string, type: ColumnType): string {
  const mark = type.kind === 'optional' ? '?' : '';
  const refers = type.refTable ?? type.valueRefTable;
  const line = `  readonly ${column}${mark}: ${columnTypeText(type)};`;
  return refers === undefined ? line : `  /** ${type.valueRefType ?? type.refType} reference: ${refers} */\n${line}`;
}

function columnTypeText(type: ColumnType): string {
  const key = type.enum === undefined ? JS_TYPES[type.key] : type.enum.map((value) => quote(value)).join(' | ');
  if (type.kind === 'scalar') return key;
  if (type.kind === 'optional') return `${key} | undefined`;
  if (type.kind === 'set') return type.enum === undefined ? `readonly ${key}[]` : `readonly (${key})[]`;
  return `Readonly<Record<string, ${JS_TYPES[type.value!]}>>`;
}

const JS_TYPES: Readonly<Record<AtomicType, string>> = {
  integer: 'number',
  real: 'number',
  boolean: 'boolean',
  string: 'string',
  uuid: 'string',
};

function tableDescription(name: string, table: TableSchema): string {
  const { isRoot, indexes, maxRows } = table;
  return [
    `    ${name}: {`,
    `      isRoot: ${isRoot},`,
    `      indexes: ${literal(indexes)},`,
    ...(maxRows === undefined ? [] : [`      maxRows: ${maxRows},`]),
    '      columns: {',
    ...sortedColumns(table).map(([column, type]) => `        ${column}: ${literal(type)},`),
    '      },',
    '    },',
  ].join('\n');
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((element) => literal(element)).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return quote(value);
  return `{ ${Object.entries(value)
    .map(([key, member]) => `${key}: ${literal(member)}`)
    .join(', ')} }`;
}

function quote(value: unknown): string {
  return typeof value === 'string' ? `'${value.replaceAll(/['\\]/g, '\\$&')}'` : String(value);
}

function defaultEngineRoot(): string {
  const root =
    process.env['WEFT_ENGINE_ROOT'] ??
    globSync('/var/lib/weft/engine/*')
      .filter((path) => statSync(join(path, 'usr/share/ovn'), { throwIfNoEntry: false })?.isDirectory())
      .toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
  if (root === undefined)
    throw new Error('No engine found in /var/lib/weft/engine; name its root directory as the argument.');
  return root;
}

if (import.meta.main) {
  const root = process.argv[2] ?? defaultEngineRoot();
  for (const { file, schema, prefix } of OVN_DATABASES) {
    writeFileSync(new URL(file, OUTPUT), generateTypes(engineSchema(root, schema), prefix));
  }
}
