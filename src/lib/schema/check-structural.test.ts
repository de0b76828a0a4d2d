import { describe, expect, it } from 'vitest';
import { checkStructural } from './check-structural.ts';
import type { Json } from './structural-schema.ts';

describe('checkStructural', () => {
  it('takes a schema of everything that CRDs use', () => {
    const schema: Json = {
      type: 'object',
      required: ['spec'],
      properties: {
        spec: {
          type: 'object',
          properties: {
            port: { 'x-kubernetes-int-or-string': true },
            any: { 'x-kubernetes-preserve-unknown-fields': true },
            list: { type: 'array', items: { type: 'string', pattern: '^a' } },
            map: { type: 'object', additionalProperties: { type: 'integer', default: 1 } },
          },
        },
      },
    };
    expect(checkStructural(schema, 's')).toEqual([]);
  });

  it.each<[string, Json, string]>([
    ['no object', 'x', 's'],
    ['no type', { properties: {} }, 's.type'],
    ['an unknown type', { type: 'text' }, 's.type'],
    ['a reference', { type: 'object', $ref: '#/x' }, 's.$ref'],
    ['uniqueItems', { type: 'array', items: { type: 'string' }, uniqueItems: true }, 's.uniqueItems'],
    ['an array without items', { type: 'array' }, 's.items'],
    ['a bad pattern', { type: 'string', pattern: '(' }, 's.pattern'],
    ['a default that is invalid', { type: 'string', default: 1 }, 's.default'],
    [
      'a map list without keys',
      { type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'map' },
      's.x-kubernetes-list-map-keys',
    ],
    [
      'a mistake deep inside',
      { type: 'object', properties: { a: { type: 'array', items: {} } } },
      's.properties[a].items.type',
    ],
    ['an enum that is no list', { type: 'string', enum: 'a' }, 's.enum'],
    ['a bound that is no number', { type: 'integer', minimum: '1' }, 's.minimum'],
    ['alternatives that are no schemas', { type: 'string', anyOf: ['a'] }, 's.anyOf'],
    ['properties that are no object', { type: 'object', properties: [] }, 's.properties'],
  ])('refuses %s', (_name, schema, path) => {
    expect(checkStructural(schema, 's').map((error) => error.path)).toContain(path);
  });
});
