import { describe, expect, it } from 'vitest';
import { prune } from './prune.ts';
import type { Json, StructuralSchema } from './structural-schema.ts';

const spec: StructuralSchema = {
  type: 'object',
  properties: { spec: { type: 'object', properties: { a: { type: 'string' } } } },
};

interface Case {
  readonly name: string;
  readonly schema: StructuralSchema;
  readonly value: Json;
  readonly kept: Json;
  readonly pruned: string[];
}

const cases: Case[] = [
  {
    name: 'unknown members go, at every depth',
    schema: spec,
    value: { spec: { a: 'x', b: 1 }, other: {} },
    kept: { spec: { a: 'x' } },
    pruned: ['spec.b', 'other'],
  },
  {
    name: 'an object without properties keeps nothing',
    schema: { type: 'object' },
    value: { a: 1 },
    kept: {},
    pruned: ['a'],
  },
  {
    name: 'preserve-unknown-fields keeps what is unknown and prunes what is specified',
    schema: { ...spec, 'x-kubernetes-preserve-unknown-fields': true },
    value: { spec: { b: 1 }, other: { c: 1 } },
    kept: { spec: {}, other: { c: 1 } },
    pruned: ['spec.b'],
  },
  {
    name: 'preserve-unknown-fields without a type takes anything',
    schema: { type: 'object', properties: { any: { 'x-kubernetes-preserve-unknown-fields': true } } },
    value: { any: [{ a: 1 }] },
    kept: { any: [{ a: 1 }] },
    pruned: [],
  },
  {
    name: 'items and additional properties are pruned one by one',
    schema: {
      type: 'object',
      properties: {
        list: { type: 'array', items: { type: 'object', properties: { a: {} } } },
        map: { type: 'object', additionalProperties: { type: 'object', properties: { a: {} } } },
      },
    },
    value: { list: [{ a: 1 }, { b: 1 }], map: { x: { c: 1 } } },
    kept: { list: [{ a: 1 }, {}], map: { x: {} } },
    pruned: ['list[1].b', 'map.x.c'],
  },
  {
    name: 'an embedded resource keeps what every resource has',
    schema: {
      type: 'object',
      properties: { template: { type: 'object', 'x-kubernetes-embedded-resource': true, properties: { spec: {} } } },
    },
    value: { template: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec: 1, status: 2 } },
    kept: { template: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec: 1 } },
    pruned: ['template.status'],
  },
];

describe('prune', () => {
  it.each(cases)('$name', ({ schema, value, kept, pruned }) => {
    expect(prune(schema, value)).toEqual(pruned);
    expect(value).toEqual(kept);
  });

  it('keeps apiVersion, kind and metadata of a resource', () => {
    const value = { apiVersion: 'v1', kind: 'K', metadata: { name: 'n' }, x: 1 };
    expect(prune({ type: 'object' }, value, { isResource: true })).toEqual(['x']);
    expect(value).toEqual({ apiVersion: 'v1', kind: 'K', metadata: { name: 'n' } });
  });

  it('is not fooled by members named like parts of Object.prototype', () => {
    const value = JSON.parse('{"__proto__":{"a":1},"constructor":2,"a":"x"}') as Json;
    expect(prune({ type: 'object', properties: { a: { type: 'string' } } }, value)).toEqual([
      '__proto__',
      'constructor',
    ]);
    expect(Object.keys(value as object)).toEqual(['a']);
  });
});
