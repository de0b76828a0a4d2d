import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyMapDifference, applySetDifference } from './differences.ts';
import { decodeValue, emptyMap, encodeValue, equalValues, mapValue, sortedSet } from './notation.ts';
import type { Atom, MapValue, SetValue, Value } from './notation.ts';
import type { AtomicType, ColumnType } from './schema.ts';

const atoms: Record<AtomicType, fc.Arbitrary<Atom>> = {
  string: fc.oneof(
    fc.string(),
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom('', '__proto__', 'constructor', 'set'),
  ),
  integer: fc.maxSafeInteger(),
  real: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (Object.is(value, -0) ? 0 : value)),
  boolean: fc.boolean(),
  uuid: fc.uuid(),
};
const atomicType = fc.constantFrom<AtomicType>('string', 'integer', 'real', 'boolean', 'uuid');

function mapOf(type: ColumnType): fc.Arbitrary<MapValue> {
  return fc
    .array(fc.tuple(atoms[type.key].map(String), atoms[type.value!]), { maxLength: 8 })
    .map((entries) => mapValue(entries));
}

function valuesOf(type: ColumnType): fc.Arbitrary<Value> {
  if (type.kind === 'scalar') return atoms[type.key];
  if (type.kind === 'optional') return fc.option(atoms[type.key], { nil: undefined });
  return type.kind === 'set' ? fc.array(atoms[type.key], { maxLength: 8 }).map(sortedSet) : mapOf(type);
}

const columnType: fc.Arbitrary<ColumnType> = fc.oneof(
  fc.record({ kind: fc.constantFrom('scalar', 'optional', 'set'), key: atomicType }),
  fc.record({
    kind: fc.constant('map' as const),
    key: fc.constantFrom('string', 'integer', 'uuid'),
    value: atomicType,
  }),
);
const typedValue = columnType.chain((type) => fc.tuple(fc.constant(type), valuesOf(type)));

test('what is written reads back equal', () => {
  fc.assert(
    fc.property(typedValue, ([type, value]) => {
      const wire: unknown = JSON.parse(JSON.stringify(encodeValue(type, value)));
      const read = decodeValue(type, wire);
      expect(equalValues(read, value)).toBe(true);
      expect(equalValues(value, read)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('values are equal exactly when they are written the same', () => {
  const pair = columnType.chain((type) => fc.tuple(fc.constant(type), valuesOf(type), valuesOf(type)));
  const canonical = (value: Value): string =>
    JSON.stringify(
      typeof value === 'object' && !Array.isArray(value)
        ? Object.entries(value)
            .map(([key, of]) => JSON.stringify([key, of]))
            .toSorted()
        : (value ?? null),
    );
  fc.assert(
    fc.property(pair, ([, a, b]) => {
      expect(equalValues(a, b)).toBe(canonical(a) === canonical(b));
    }),
    { numRuns: 500 },
  );
});

const someSet = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 20 }).map(sortedSet);

test('the difference of two sets leads from the one to the other', () => {
  fc.assert(
    fc.property(someSet, someSet, (a, b) => {
      const difference = sortedSet([...a.filter((x) => !b.includes(x)), ...b.filter((x) => !a.includes(x))]);
      const before = [...a];
      expect(applySetDifference(a, difference)).toEqual(b);
      expect(a).toEqual(before);
    }),
  );
});

const someMap = fc
  .array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', '__proto__', 'constructor'), fc.constantFrom('0', '1', '')), {
    maxLength: 6,
  })
  .map((entries) => mapValue(entries));

test('the difference of two maps leads from the one to the other', () => {
  fc.assert(
    fc.property(someMap, someMap, (a, b) => {
      const difference = emptyMap();
      for (const key of Object.keys(a)) if (b[key] === undefined) difference[key] = a[key]!;
      for (const key of Object.keys(b)) if (a[key] !== b[key]) difference[key] = b[key]!;
      expect(equalValues(applyMapDifference(a, difference), b)).toBe(true);
    }),
  );
});

test('strings that the server sorts by UTF-8 bytes are sorted our way', () => {
  const sets = fc.array(fc.string({ unit: 'binary' }), { minLength: 2, maxLength: 6 }).map((all) => [...new Set(all)]);
  fc.assert(
    fc.property(sets, (strings) => {
      const asServer = strings.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const wire = asServer.length === 1 ? asServer[0] : ['set', asServer];
      const read = decodeValue({ kind: 'set', key: 'string' }, wire) as SetValue;
      expect(read).toEqual(sortedSet(strings));
    }),
  );
});
