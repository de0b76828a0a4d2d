import { describe, expect, it } from 'vitest';
import { renderFieldError, renderFieldErrors } from './field-error.ts';
import type { Json, StructuralSchema } from './structural-schema.ts';
import { validate } from './validate.ts';

/** The errors of one field `x`, as kubectl shows them. */
function errors(schema: StructuralSchema, value: Json): string[] {
  return validate({ type: 'object', properties: { x: schema } }, { x: value }).map(renderFieldError);
}

describe('validate', () => {
  it.each<[StructuralSchema, Json]>([
    [{ type: 'string' }, ''],
    [{ type: 'integer' }, 3],
    [{ type: 'integer' }, 3.0],
    [{ type: 'integer', format: 'int64' }, 9223372036854775807n],
    [{ type: 'number' }, 340282366920938463463374607431768211455n],
    [{ type: 'boolean' }, false],
    [{ type: 'object' }, {}],
    [{ type: 'array', items: { type: 'string' } }, []],
    [{ type: 'string', nullable: true }, null],
    [{ 'x-kubernetes-preserve-unknown-fields': true }, [1, 'a', null]],
    [{ 'x-kubernetes-int-or-string': true }, '10%'],
    [{ 'x-kubernetes-int-or-string': true }, 10],
    [{ type: 'string', enum: ['IPv4', 'IPv6'] }, 'IPv6'],
    [{ type: 'string', pattern: '^a\\-b$' }, 'a-b'],
    [{ type: 'string', maxLength: 2 }, '\u{1f600}\u{1f600}'],
    [{ type: 'number', multipleOf: 0.1 }, 0.3],
    [{ type: 'string', format: 'not-known' }, 'x'],
    [{ type: 'string', anyOf: [{ pattern: 'a' }, { pattern: 'b' }] }, 'b'],
    [{ type: 'string', oneOf: [{ pattern: 'a' }, { pattern: 'b' }] }, 'a'],
    [{ type: 'string', not: { pattern: 'a' } }, 'b'],
    [{ type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' }, ['a', 'b']],
  ])('%o takes %o', (schema, value) => {
    expect(errors(schema, value)).toEqual([]);
  });

  it.each<[StructuralSchema, Json, string]>([
    [{ type: 'string' }, 1, 'x: Invalid value: "integer": x in body must be of type string: "integer"'],
    [{ type: 'integer' }, 1.5, 'x: Invalid value: "number": x in body must be of type integer: "number"'],
    [{ type: 'string' }, null, 'x: Invalid value: "null": x in body must be of type string: "null"'],
    [{ type: 'array', items: {} }, {}, 'x: Invalid value: "object": x in body must be of type array: "object"'],
    [{ type: 'object' }, [], 'x: Invalid value: "array": x in body must be of type object: "array"'],
    [{ type: 'string', enum: ['a', 'b'] }, 'c', 'x: Unsupported value: "c": supported values: "a", "b"'],
    [{ type: 'integer', minimum: 1 }, 0, 'x: Invalid value: 0: x in body should be greater than or equal to 1'],
    [
      { type: 'integer', maximum: 1, exclusiveMaximum: true },
      1,
      'x: Invalid value: 1: x in body should be less than 1',
    ],
    [{ type: 'integer', multipleOf: 2 }, 3, 'x: Invalid value: 3: x in body should be a multiple of 2'],
    [
      { type: 'integer', format: 'int32' },
      2 ** 31,
      'x: Invalid value: 2147483648: x in body must be of type int32: "2147483648"',
    ],
    [{ type: 'string', pattern: '^a$' }, 'b', `x: Invalid value: "b": x in body should match '^a$'`],
    [{ type: 'string', minLength: 2 }, 'a', 'x: Invalid value: "a": x in body should be at least 2 chars long'],
    [{ type: 'string', maxLength: 2 }, 'abc', 'x: Too long: may not be more than 2 bytes'],
    [{ type: 'array', maxItems: 1, items: {} }, [1, 2], 'x: Too many: 2: must have at most 1 items'],
    [{ type: 'array', minItems: 1, items: {} }, [], 'x: Invalid value: []: x in body should have at least 1 items'],
    [{ type: 'object', required: ['a'] }, {}, 'x.a: Required value'],
    [{ type: 'object', maxProperties: 0 }, { a: 1 }, 'x: Too many: 1: must have at most 0 items'],
    [
      { 'x-kubernetes-int-or-string': true },
      true,
      'x: Invalid value: "boolean": x in body must be of type integer,string: "boolean"',
    ],
    [
      { type: 'string', format: 'ipv4' },
      '010.0.0.1',
      'x: Invalid value: "010.0.0.1": x in body must be of type ipv4: "010.0.0.1"',
    ],
    [
      { type: 'string', oneOf: [{ pattern: 'a' }] },
      'b',
      'x: Invalid value: "b": x in body must validate one and only one schema (oneOf). Found none valid',
    ],
    [
      { type: 'string', not: { pattern: 'a' } },
      'a',
      'x: Invalid value: "a": x in body must not validate the schema (not)',
    ],
    [{ type: 'string', allOf: [{ pattern: '^a$' }] }, 'b', `x: Invalid value: "b": x in body should match '^a$'`],
    [
      { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
      ['a', 'a'],
      'x[1]: Duplicate value: "a"',
    ],
    [
      {
        type: 'array',
        items: { type: 'object' },
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
      },
      [{ k: 1 }, { k: 1, v: 2 }],
      'x[1]: Duplicate value: {"k":1}',
    ],
  ])('%o refuses %o', (schema, value, expected) => {
    expect(errors(schema, value)).toEqual([expected]);
  });

  it('names items and members of maps, and finds every mistake', () => {
    const schema: StructuralSchema = {
      type: 'object',
      properties: {
        list: { type: 'array', items: { type: 'object', required: ['a'] } },
        map: { type: 'object', additionalProperties: { type: 'integer' } },
      },
    };
    const found = validate(schema, { list: [{}, { a: 1 }], map: { k: 'v' } });
    expect(found.map(({ path }) => path)).toEqual(['list[0].a', 'map.k']);
    expect(renderFieldErrors(found)).toMatch(/^\[list\[0\]\.a: Required value, map\.k: Invalid value: /);
  });

  it('says first what an alternative wants when none fits', () => {
    const schema: StructuralSchema = { type: 'string', anyOf: [{ pattern: '^a$' }, { pattern: '^b$' }] };
    expect(errors(schema, 'c')[0]).toContain('must validate at least one schema (anyOf)');
  });
});
