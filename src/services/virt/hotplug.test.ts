import { expect, test } from 'vitest';
import type { VmiSpec, VmInterface } from '../../kinds/virtual-machine.ts';
import { hotplugged } from './hotplug.ts';

const spec = (networks: readonly string[], interfaces?: readonly VmInterface[]): VmiSpec => ({
  networks: networks.map((name) => ({ name, multus: { networkName: name } })),
  ...(interfaces ? { domain: { devices: { interfaces } } } : {}),
});
const faces = (...names: readonly string[]): VmInterface[] => names.map((name) => ({ name }));

test('a network that is new in the template is plugged in, with its interface', () => {
  const template = spec(['a', 'b'], [{ name: 'a' }, { name: 'b', macAddress: '02:00:00:00:00:01' }]);
  expect(hotplugged('shop', template, spec(['a'], faces('a')))).toEqual(template);
});

test('an interface that is said to be absent is taken out; the network stays named', () => {
  const template = spec(['a', 'b'], [{ name: 'a' }, { name: 'b', state: 'absent' }]);
  expect(hotplugged('shop', template, spec(['a', 'b'], faces('a', 'b')))).toEqual(template);
  // an instance that named no interfaces names all of them now
  expect(hotplugged('shop', template, spec(['a', 'b']))).toEqual(template);
});

test('one that was taken out can come back, as what the template says of it now', () => {
  const template = {
    ...spec(['a'], faces('a', 'b')),
    networks: [
      { name: 'a', multus: { networkName: 'a' } },
      { name: 'b', multus: { networkName: 'other' } },
    ],
  };
  const before = spec(['a', 'b'], [{ name: 'a' }, { name: 'b', state: 'absent' }]);
  expect(hotplugged('shop', template, before)).toEqual(template);
});

test('a network that never came is forgotten when the template no longer asks for it', () => {
  const template = spec(['a'], faces('a'));
  const instance = spec(['a', 'b'], faces('a', 'b'));
  expect(hotplugged('shop', template, instance, new Set(['a']))).toEqual(template);
  expect(hotplugged('shop', spec(['a', 'c'], faces('a', 'c')), instance, new Set(['a']))).toEqual(
    spec(['a', 'c'], faces('a', 'c')),
  );
  // the guest has it, or has not said yet what it has
  expect(hotplugged('shop', template, instance, new Set(['a', 'b']))).toBeUndefined();
  expect(hotplugged('shop', template, instance)).toBeUndefined();
  // one that was there and was taken out stays named
  const gone = spec(['a', 'b'], [{ name: 'a' }, { name: 'b', state: 'absent' }]);
  expect(hotplugged('shop', template, gone, new Set(['a']))).toBeUndefined();
});

test.each([
  ['nothing changed', spec(['a'], faces('a')), spec(['a'], faces('a'))],
  ['it was done already', spec(['a'], [{ name: 'a', state: 'absent' }]), spec(['a'], [{ name: 'a', state: 'absent' }])],
  ['one that never was is absent', spec(['a', 'b'], [{ name: 'b', state: 'absent' }]), spec(['a'])],
  ['a network is gone from the template: that waits for the next start', spec(['a']), spec(['a', 'b'])],
  ['the networks stand in an annotation', spec(['a']), {}],
  ['the network is attached already', spec(['a', 'shop/a']), spec(['a'])],
  [
    'the network is attached twice',
    spec(['a', 'shop/a'], [{ name: 'shop/a', state: 'absent' }]),
    spec(['a', 'shop/a'], faces('a', 'shop/a')),
  ],
  ['there is no template', undefined, spec(['a'])],
])('nothing is to be done: %s', (_, template, instance) => {
  expect(hotplugged('shop', template, instance)).toBeUndefined();
});
