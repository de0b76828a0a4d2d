/** Printer columns of custom resources (apiextensions pkg/registry/customresource/tableconvertor). */
import { type Json } from '../../../lib/schema/structural-schema.ts';
import { age } from './human-duration.ts';
import { compileJsonPath, textOf, type JsonPath } from './json-path.ts';
import type { Column, RowPrinter } from './resource.ts';

export interface PrinterColumn {
  readonly name: string;
  readonly type: Column['type'];
  readonly format?: string;
  readonly description?: string;
  readonly priority?: number;
  readonly jsonPath: string;
}

export const NAME_COLUMN: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  priority: 0,
};

export const AGE_COLUMN: Column = {
  name: 'Age',
  type: 'date',
  description: 'CreationTimestamp is a timestamp representing the server time when this object was created.',
  priority: 0,
};

const DEFAULT_COLUMNS: readonly PrinterColumn[] = [
  { name: 'Age', type: 'date', description: AGE_COLUMN.description!, jsonPath: '.metadata.creationTimestamp' },
];

/** Columns and row printer; without columns of its own a kind shows its age. @throws SyntaxError for a bad path */
export function printerColumns(columns: readonly PrinterColumn[] | undefined): { columns: Column[]; row: RowPrinter } {
  const shown = columns && columns.length > 0 ? columns : DEFAULT_COLUMNS;
  const cells = shown.map(({ type, jsonPath }) => ({ type, path: compileJsonPath(jsonPath) }));
  return {
    columns: [NAME_COLUMN, ...shown.map(({ jsonPath: _path, priority = 0, ...column }) => ({ ...column, priority }))],
    row: (object, now) => [object.metadata.name, ...cells.map(({ type, path }) => cell(type, path, object, now))],
  };
}

function cell(type: Column['type'], path: JsonPath, object: Json, now: Date): Json {
  const [value] = path(object);
  if (value === undefined || value === null) return null;
  if (type === 'string') return textOf(value);
  if (type === 'date') return typeof value === 'string' ? age(value, now) : null;
  if (type === 'boolean') return typeof value === 'boolean' ? value : null;
  if (typeof value === 'bigint') return value;
  if (typeof value !== 'number') return null;
  return type === 'integer' ? Math.trunc(value) : value;
}
