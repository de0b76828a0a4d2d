import { expect, test } from 'vitest';
import type { ColumnType } from './schema.ts';
import { parseSchema } from './schema.ts';

function parsed(type: unknown, more: object = {}): ColumnType {
  const schema = parseSchema({ name: 'D', version: '1.0.0', tables: { T: { columns: { c: { type, ...more } } } } });
  return schema.tables['T']!.columns['c']!;
}

const uuid = { type: 'uuid', refTable: 'Other', refType: 'weak' };

test.each<[unknown, ColumnType]>([
  ['string', { kind: 'scalar', key: 'string' }],
  [{ key: 'integer' }, { kind: 'scalar', key: 'integer' }],
  [
    { key: 'real', min: 0 },
    { kind: 'optional', key: 'real' },
  ],
  [
    { key: 'string', min: 0, max: 'unlimited' },
    { kind: 'set', key: 'string' },
  ],
  [
    { key: uuid, min: 1, max: 3 },
    { kind: 'set', key: 'uuid', refTable: 'Other', refType: 'weak', min: 1, max: 3 },
  ],
  [{ key: { type: 'uuid', refTable: 'O' } }, { kind: 'scalar', key: 'uuid', refTable: 'O', refType: 'strong' }],
  [
    { key: 'string', value: { type: 'uuid', refTable: 'O' }, min: 0, max: 'unlimited' },
    { kind: 'map', key: 'string', value: 'uuid', valueRefTable: 'O', valueRefType: 'strong' },
  ],
  [{ key: { type: 'string', enum: ['set', ['a', 'b']] } }, { kind: 'scalar', key: 'string', enum: ['a', 'b'] }],
  [{ key: { type: 'string', enum: 'a' } }, { kind: 'scalar', key: 'string', enum: ['a'] }],
])('%j', (raw, type) => {
  expect(parsed(raw)).toEqual(type);
});

test('columns that cannot change, or do not last, say so', () => {
  expect(parsed('string', { mutable: false, ephemeral: true })).toEqual({
    kind: 'scalar',
    key: 'string',
    mutable: false,
    ephemeral: true,
  });
});

test('without any root mark all tables are roots; with one, only the marked', () => {
  const roots = (a: object, b: object) => {
    const { tables } = parseSchema({ name: 'D', tables: { A: { columns: {}, ...a }, B: { columns: {}, ...b } } });
    return [tables['A']!.isRoot, tables['B']!.isRoot];
  };
  expect(roots({}, {})).toEqual([true, true]);
  expect(roots({ isRoot: false }, {})).toEqual([true, true]);
  expect(roots({ isRoot: true }, {})).toEqual([true, false]);
});

test.each([null, 'x', {}, { name: 'D' }, { name: 'D', tables: null }, { name: 'D', tables: { T: {} } }])(
  'refuses %j',
  (json) => {
    expect(() => parseSchema(json)).toThrow(/"columns"|"name" and "tables"/);
  },
);
