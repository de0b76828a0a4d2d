// Operations -> the JSON of a `transact` request, and its reply -> results or the error that it holds.
import { fromServerError, OvsdbError } from './errors.ts';
import { decodeValue, encodeKeys, encodeValue } from './notation.ts';
import type { Value } from './notation.ts';
import type { Condition, Mutation, Operation, OperationResult, RowValues } from './operations.ts';
import type { ColumnType, DatabaseSchema, TableSchema } from './schema.ts';

type WireOperation = Readonly<Record<string, unknown>>;

/** Throws OvsdbError `bad-value` that names operation, table, column, value and reason. */
export function encodeOperations(schema: DatabaseSchema, operations: readonly Operation[]): WireOperation[] {
  return operations.map((operation, index) => {
    try {
      return encodeOperation(schema, operation);
    } catch (error) {
      if (!(error instanceof OvsdbError)) throw error;
      throw new OvsdbError(error.code, `Operation ${index} (${titleOf(operation)}): ${error.message}.`, {
        operation: index,
      });
    }
  });
}

function encodeOperation(schema: DatabaseSchema, operation: Operation): WireOperation {
  if (!('table' in operation))
    return operation.op === 'comment' || operation.op === 'assert' ? { ...operation } : { op: 'abort' };
  const { op, table: name } = operation;
  const table = schema.tables[name];
  if (table === undefined) throw new OvsdbError('bad-value', `the server's ${schema.name} has no such table`);
  if (op === 'insert') {
    const { uuidName, uuid } = operation;
    const wire: Record<string, unknown> = { op, table: name, row: encodeRow(table, operation.row, true) };
    if (uuidName !== undefined) wire['uuid-name'] = uuidName;
    if (uuid !== undefined) wire['uuid'] = uuid;
    return wire;
  }
  const where = operation.where.map((condition) => encodeCondition(table, condition));
  if (op === 'mutate') {
    return {
      op,
      table: name,
      where,
      mutations: operation.mutations.map((mutation) => encodeMutation(table, mutation)),
    };
  }
  if (op === 'update') return { op, table: name, where, row: encodeRow(table, operation.row, false) };
  if (op === 'delete') return { op, table: name, where };
  if (op === 'select') return { op, table: name, where, ...(operation.columns && { columns: operation.columns }) };
  const { columns, until, timeout = 0 } = operation;
  return {
    op,
    table: name,
    timeout,
    where,
    columns,
    until,
    rows: operation.rows.map((row) => encodeRow(table, row, false)),
  };
}

function encodeRow(table: TableSchema, row: RowValues, skipUndefined: boolean): Record<string, unknown> {
  const wire: Record<string, unknown> = {};
  for (const column in row) {
    const value = row[column];
    if (value === undefined && skipUndefined) continue;
    wire[column] = encodeColumn(table, column, value, encodeValue);
  }
  return wire;
}

/** In JSON a condition is an array of column, function and value. */
export function encodeCondition(table: TableSchema, [column, function_, value]: Condition): unknown {
  return [column, function_, encodeColumn(table, column, value, encodeValue)];
}

function encodeMutation(table: TableSchema, [column, mutator, value]: Mutation): unknown {
  const keysOnly = mutator === 'delete' && Array.isArray(value) && table.columns[column]?.kind === 'map';
  return [column, mutator, encodeColumn(table, column, value, keysOnly ? encodeKeyValues : encodeValue)];
}

function encodeKeyValues(type: ColumnType, value: Value): unknown {
  return encodeKeys(type, value as readonly string[]);
}

const UUID_COLUMN: ColumnType = { kind: 'scalar', key: 'uuid' };

function typeOf(table: TableSchema, column: string): ColumnType {
  // RFC 7047 3.2: every table has these two besides the columns of its schema.
  const type = column === '_uuid' || column === '_version' ? UUID_COLUMN : table.columns[column];
  if (type === undefined) throw new OvsdbError('bad-value', `the server's table has no column ${column}`);
  return type;
}

function encodeColumn(
  table: TableSchema,
  column: string,
  value: Value,
  encode: (type: ColumnType, value: Value) => unknown,
): unknown {
  const type = typeOf(table, column);
  try {
    return encode(type, value);
  } catch (error) {
    if (error instanceof OvsdbError) throw new OvsdbError(error.code, `column ${column} ${error.message}`);
    throw error;
  }
}

function titleOf(operation: Operation | undefined): string {
  if (operation === undefined) return 'commit';
  return 'table' in operation ? `${operation.op} ${operation.table}` : operation.op;
}

/**
 * RFC 7047 4.1.3: one result per operation; after a failed one nulls; a failure at commit is one element more.
 * Throws OvsdbError with the code of the failure.
 */
export function decodeResults(
  schema: DatabaseSchema,
  operations: readonly Operation[],
  json: unknown,
): OperationResult[] {
  if (!Array.isArray(json))
    throw new OvsdbError('protocol', 'The server answered a transaction with no array of results.');
  const failed = json.findIndex((result) => typeof result === 'object' && result !== null && 'error' in result);
  if (failed !== -1) {
    const operation = operations[failed];
    const what = operation === undefined ? 'The commit' : `Operation ${failed} (${titleOf(operation)})`;
    throw fromServerError(json[failed], what, operation === undefined ? undefined : failed);
  }
  return operations.map((operation, index) => decodeResult(schema, operation, json[index]));
}

function decodeResult(schema: DatabaseSchema, operation: Operation, json: unknown): OperationResult {
  if (typeof json !== 'object' || json === null) {
    throw new OvsdbError('protocol', `The server gave no result of operation ${titleOf(operation)}.`);
  }
  const { uuid, count, rows } = json as { uuid?: unknown; count?: number; rows?: Record<string, unknown>[] };
  if (operation.op === 'insert') return { uuid: decodeValue(UUID_COLUMN, uuid) as string };
  if (operation.op === 'select') {
    const table = schema.tables[operation.table]!;
    return { rows: (rows ?? []).map((row) => decodeRow(table, row)) };
  }
  return count === undefined ? {} : { count };
}

function decodeRow(table: TableSchema, json: Readonly<Record<string, unknown>>): RowValues {
  const row: Record<string, Value> = {};
  for (const column in json) row[column] = decodeValue(typeOf(table, column), json[column]);
  return row;
}
