import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyDefaults } from './apply-defaults.ts';
import { duplicateMembers, parseJson, stringifyJson } from './json-text.ts';
import { prune } from './prune.ts';
import { cloneJson, equalJson, type Json, type StructuralSchema } from './structural-schema.ts';
import { validate } from './validate.ts';

const member = fc.constantFrom('a', 'b', 'c', '__proto__', 'toString');

const json = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.string({ maxLength: 3 }),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 130n }),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.array(fc.tuple(member, tie('json')), { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
  ) as fc.Arbitrary<Json>,
})).json;

const schema = fc.letrec<{ schema: StructuralSchema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3 },
    fc.constant<StructuralSchema>({ type: 'string', default: 'd' }),
    fc.constant<StructuralSchema>({ type: 'integer', minimum: 0 }),
    fc.constant<StructuralSchema>({ type: 'string', nullable: true }),
    fc.constant<StructuralSchema>({ 'x-kubernetes-preserve-unknown-fields': true }),
    tie('schema').map((items): StructuralSchema => ({ type: 'array', items })),
    tie('schema').map((additionalProperties): StructuralSchema => ({ type: 'object', additionalProperties })),
    fc
      .dictionary(fc.constantFrom('a', 'b', 'c'), tie('schema'))
      .map((properties): StructuralSchema => ({ type: 'object', properties })),
  ) as fc.Arbitrary<StructuralSchema>,
})).schema;

describe('laws of schemas', () => {
  it('pruning twice prunes nothing more', () => {
    fc.assert(
      fc.property(schema, json, (s, value) => {
        prune(s, value);
        const once = cloneJson(value);
        expect(prune(s, value)).toEqual([]);
        expect(equalJson(value, once)).toBe(true);
      }),
    );
  });

  it('defaulting twice changes nothing more, and needs no pruning', () => {
    fc.assert(
      fc.property(schema, json, (s, value) => {
        prune(s, value);
        applyDefaults(s, value);
        const once = cloneJson(value);
        applyDefaults(s, value);
        expect(equalJson(value, once)).toBe(true);
        expect(prune(s, value)).toEqual([]);
      }),
    );
  });

  it('validation never throws, changes nothing, and repeats itself', () => {
    fc.assert(
      fc.property(schema, json, (s, value) => {
        const before = cloneJson(value);
        expect(validate(s, value)).toEqual(validate(s, value));
        expect(equalJson(value, before)).toBe(true);
      }),
    );
  });

  it('JSON text of a value reads back as the value, without duplicates', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = stringifyJson(value);
        expect(equalJson(parseJson(text), value)).toBe(true);
        expect(duplicateMembers(text)).toEqual([]);
      }),
    );
  });
});
