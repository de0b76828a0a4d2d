import { describe, expect, it } from 'vitest';
import { applyDefaults } from './apply-defaults.ts';
import type { Json, StructuralSchema } from './structural-schema.ts';

const schema: StructuralSchema = {
  type: 'object',
  properties: {
    protocol: { type: 'string', default: 'IPv4' },
    dhcp: { type: 'object', default: {}, properties: { lease: { type: 'integer', default: 3600 } } },
    spec: { type: 'object', properties: { private: { type: 'boolean', default: false } } },
    free: { 'x-kubernetes-preserve-unknown-fields': true },
    maybe: { type: 'string', nullable: true, default: 'x' },
    list: { type: 'array', items: { type: 'object', properties: { weight: { type: 'integer', default: 1 } } } },
    map: { type: 'object', additionalProperties: { type: 'string' } },
  },
};

const always = { protocol: 'IPv4', dhcp: { lease: 3600 }, maybe: 'x' };

describe('applyDefaults', () => {
  it.each<[string, Json, Json]>([
    ['absent members get their default, and defaults theirs', {}, always],
    ['present ones stay', { protocol: 'Dual' }, { ...always, protocol: 'Dual' }],
    ['`spec:` with nothing after it is as good as no spec', { spec: null }, always],
    ['a null with a default becomes the default', { protocol: null }, always],
    ['a nullable null stays', { maybe: null }, { ...always, maybe: null }],
    ['a null of any type stays', { free: null }, { ...always, free: null }],
    ['no parent, no default inside of it', { spec: {} }, { ...always, spec: { private: false } }],
    ['items get theirs', { list: [{}, { weight: 2 }] }, { ...always, list: [{ weight: 1 }, { weight: 2 }] }],
    ['null values of a map go', { map: { a: null, b: 'x' } }, { ...always, map: { b: 'x' } }],
  ])('%s', (_name, value, expected) => {
    applyDefaults(schema, value);
    expect(value).toEqual(expected);
  });

  it('gives every object its own copy of a default', () => {
    const [a, b] = [{}, {}] as { dhcp?: Record<string, Json> }[];
    applyDefaults(schema, a as Json);
    applyDefaults(schema, b as Json);
    a!.dhcp!.lease = 1;
    expect(b!.dhcp).toEqual({ lease: 3600 });
  });
});
