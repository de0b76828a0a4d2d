import { describe, expect, test } from 'vitest';
import { OvsdbError } from './errors.ts';
import { decodeValue, encodeKeys, encodeValue, equalValues, mapValue } from './notation.ts';
import type { Value } from './notation.ts';
import type { ColumnType } from './schema.ts';

const UUID = '0045e960-c4ea-4497-90d1-3bdfdd70a579';
const uuids: ColumnType = { kind: 'set', key: 'uuid' };
const text: ColumnType = { kind: 'scalar', key: 'string' };
const tag: ColumnType = { kind: 'optional', key: 'integer' };
const ids: ColumnType = { kind: 'map', key: 'string', value: 'string' };
const queues: ColumnType = { kind: 'map', key: 'integer', value: 'uuid' };

test.each<[ColumnType, unknown, Value]>([
  [text, 'net1', 'net1'],
  [tag, ['set', []], undefined],
  [tag, 7, 7],
  [uuids, ['uuid', UUID], [UUID]],
  [uuids, ['set', []], []],
  [queues, ['map', [[3, ['uuid', UUID]]]], { 3: UUID }],
])('reads %j from %j', (type, wire, value) => {
  expect(decodeValue(type, wire)).toEqual(value);
});

test.each<[ColumnType, unknown]>([
  [text, 7],
  [text, null],
  [tag, ['set', [1, 2]]],
  [uuids, UUID],
  [uuids, ['set', 'x']],
  [ids, ['map', ['a', 'b']]],
  [ids, { a: 'b' }],
])('refuses %j from %j', (type, wire) => {
  expect(() => decodeValue(type, wire)).toThrow(/^The server sent .* where a value of type .* belongs\.$/);
});

test('a string in a uuid column is a uuid, or the name of an insert', () => {
  expect(encodeValue(uuids, [UUID, 'port1'])).toEqual([
    'set',
    [
      ['uuid', UUID],
      ['named-uuid', 'port1'],
    ],
  ]);
  expect(encodeValue(queues, { 3: UUID })).toEqual(['map', [[3, ['uuid', UUID]]]]);
});

test('the keys to delete from a map are a set of the key type', () => {
  expect(encodeKeys(ids, ['a', '3'])).toEqual(['set', ['a', '3']]);
  expect(encodeKeys(queues, ['3'])).toEqual(['set', [3]]);
});

test.each<[ColumnType, Value, RegExp]>([
  [text, 7, /takes a string, not 7/],
  [text, undefined, /takes a string, not undefined/],
  [tag, 'x', /takes an integer below 2\^53, not "x"/],
  [tag, 2 ** 53, /takes an integer/],
  [tag, [1, 2], /takes at most one value, not \[1,2\]/],
  [uuids, ['no uuid'], /takes a uuid, or the uuidName/],
  [ids, ['a'], /takes a map/],
  [queues, { x: UUID }, /takes an integer/],
])('refuses to write %j as %j', (type, value, sentence) => {
  expect(() => encodeValue(type, value)).toThrow(OvsdbError);
  expect(() => encodeValue(type, value)).toThrow(sentence);
});

describe('a map', () => {
  const read = decodeValue(ids, [
    'map',
    [
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ],
  ]) as Record<string, string>;

  test('takes any key', () => {
    expect(Object.keys(read)).toEqual(['__proto__', 'constructor']);
    expect(read['__proto__']).toBe('x');
    expect(encodeValue(ids, read)).toEqual([
      'map',
      [
        ['__proto__', 'x'],
        ['constructor', 'y'],
      ],
    ]);
  });

  test('has no key that was not put in', () => {
    expect(mapValue({})['constructor']).toBeUndefined();
    expect(mapValue({})['__proto__']).toBeUndefined();
  });
});

test.each<[Value, Value, boolean]>([
  [[], [], true],
  [[], {}, false],
  [{}, undefined, false],
  [['a'], 'a', false],
  [['a', 'b'], ['a'], false],
  [{ a: '1' }, mapValue({ a: '1' }), true],
  [{ a: '1' }, { b: '1' }, false],
  [mapValue({ constructor: 'x' }), {}, false],
])('equalValues(%j, %j) is %j', (a, b, equal) => {
  expect(equalValues(a, b)).toBe(equal);
  expect(equalValues(b, a)).toBe(equal);
});
