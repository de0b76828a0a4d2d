import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cloneJson, equalJson, isObject, type Json, type JsonObject } from '../../lib/schema/structural-schema.ts';
import { jsonPatch } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import { strategicMergePatch } from './strategic-merge-patch.ts';

const member = fc.constantFrom('a', 'b', 'c', 'd');
const json = fc.letrec<{ json: Json }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.boolean(),
    fc.integer({ min: 0, max: 3 }),
    fc.constantFrom<Json>('x', 'y', 2n ** 70n),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(member, tie('json'), { maxKeys: 3 }),
  ) as fc.Arbitrary<Json>,
})).json;
const object = fc.dictionary(member, json, { maxKeys: 3 }) as fc.Arbitrary<JsonObject>;

/** The merge patch that leads from one state (without nulls) to another. */
function difference(from: Json | undefined, to: Json): Json {
  if (!isObject(to)) return to;
  const patch: JsonObject = {};
  const old = isObject(from) ? from : {};
  for (const name of Object.keys(old)) if (!Object.hasOwn(to, name)) patch[name] = null;
  for (const [name, value] of Object.entries(to))
    if (!equalJson(old[name], value))
      patch[name] = isObject(value) && !isObject(old[name]) ? difference({}, value) : difference(old[name], value);
  return patch;
}

describe('laws of merge patch (RFC 7386)', () => {
  it('applying a patch twice is applying it once', () => {
    fc.assert(
      fc.property(object, object, (target, patch) => {
        const once = mergePatch(cloneJson(target), cloneJson(patch));
        expect(equalJson(mergePatch(cloneJson(once), cloneJson(patch)), once)).toBe(true);
      }),
    );
  });

  it('the empty patch changes nothing; the difference of two states leads from one to the other', () => {
    fc.assert(
      fc.property(object, object, (from, to) => {
        expect(equalJson(mergePatch(cloneJson(from), {}), from)).toBe(true);
        expect(equalJson(mergePatch(cloneJson(from), difference(from, to)), to)).toBe(true);
      }),
    );
  });

  it('strategic merge is merge patch where no list has a key', () => {
    fc.assert(
      fc.property(object, object, (target, patch) => {
        const plain = mergePatch(cloneJson(target), cloneJson(patch)) as JsonObject;
        expect(equalJson(strategicMergePatch(cloneJson(target), cloneJson(patch)), plain)).toBe(true);
      }),
    );
  });
});

describe('strategic merge patch', () => {
  const pod = (): JsonObject => ({
    containers: [
      { name: 'a', image: '1' },
      { name: 'b', image: '1' },
    ],
    finalizers: ['x', 'y'],
  });
  it.each<[string, JsonObject, JsonObject]>([
    [
      'an item merges by its key',
      { containers: [{ name: 'b', tty: true }] },
      {
        containers: [
          { name: 'a', image: '1' },
          { name: 'b', image: '1', tty: true },
        ],
      },
    ],
    [
      'a new item is added',
      { containers: [{ name: 'c' }] },
      { containers: [...(pod().containers as Json[]), { name: 'c' }] },
    ],
    [
      '$patch: delete takes an item out',
      { containers: [{ name: 'a', $patch: 'delete' }] },
      { containers: [{ name: 'b', image: '1' }] },
    ],
    [
      '$patch: replace replaces the list',
      { containers: [{ name: 'z' }, { $patch: 'replace' }] },
      { containers: [{ name: 'z' }] },
    ],
    [
      '$setElementOrder orders',
      { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }], containers: [] },
      {
        containers: [
          { name: 'b', image: '1' },
          { name: 'a', image: '1' },
        ],
      },
    ],
    ['sets of values merge', { finalizers: ['z'] }, { finalizers: ['x', 'y', 'z'] }],
    ['values are taken out of sets', { '$deleteFromPrimitiveList/finalizers': ['x'] }, { finalizers: ['y'] }],
    ['$retainKeys drops the others', { $retainKeys: ['finalizers'] }, { containers: undefined as unknown as Json }],
  ])('%s', (_name, patch, expected) => {
    const wanted = JSON.parse(JSON.stringify({ ...pod(), ...expected })) as JsonObject;
    expect(strategicMergePatch(pod(), patch)).toEqual(wanted);
  });

  it('refuses directives and items that it does not understand', () => {
    expect(() => strategicMergePatch(pod(), { $patch: 'x' })).toThrow('unknown $patch directive');
    expect(() => strategicMergePatch(pod(), { containers: [{ image: '1' }] })).toThrow(
      'does not contain declared merge key',
    );
  });
});

describe('JSON patch (RFC 6902)', () => {
  it('copies numbers that a double cannot hold', () => {
    expect(jsonPatch({ a: 2n ** 70n }, [{ op: 'copy', from: '/a', path: '/b' }])).toEqual({
      a: 2n ** 70n,
      b: 2n ** 70n,
    });
  });

  it.each<[string, Json]>([
    ['no list', {}],
    ['no op', [{ path: '/a' }]],
    ['an unknown op', [{ op: 'x', path: '/a' }]],
    ['a path into nothing', [{ op: 'add', path: '/x/y', value: 1 }]],
    ['removing nothing', [{ op: 'remove', path: '/x' }]],
    ['copying nothing', [{ op: 'copy', from: '/x/y', path: '/b' }]],
    ['a test that fails', [{ op: 'test', path: '/a', value: 2 }]],
    ['the prototype', [{ op: 'add', path: '/__proto__/x', value: 1 }]],
    ['too many operations', Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/a', value: 1 }))],
  ])('refuses %s', (_name, patch) => {
    expect(() => jsonPatch({ a: 1 }, patch)).toThrow(expect.objectContaining({ name: 'StatusError' }));
  });
});
