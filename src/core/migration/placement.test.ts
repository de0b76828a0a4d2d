import { expect, test } from 'vitest';
import { placementOf } from './placement.ts';

const first = { node: 'node1', migration: undefined };
const target = { node: 'node2', migration: 'm1' };

test.each([
  ['nowhere', [], undefined, [], undefined],
  ['a launcher whose instance does not say yet where it runs', [first], undefined, [], { node: 'node1' }],
  ['a launcher, and an instance that an earlier one has left behind', [first], 'node3', [], { node: 'node1' }],
  ['a target pod, and a migration that goes on', [first, target], 'node1', ['m1'], { node: 'node1', target: 'node2' }],
  ['the same in the other order', [target, first], 'node1', ['m1'], { node: 'node1', target: 'node2' }],
  ['the instance says nothing', [target, first], undefined, ['m1'], { node: 'node1', target: 'node2' }],
  ['the machine has arrived', [first, target], 'node2', ['m1'], { node: 'node2' }],
  ['the migration has failed', [first, target], 'node1', [], { node: 'node1' }],
  ['only the target is left', [target], 'node1', ['m1'], { node: 'node2' }],
  [
    'back again: the old target is the source',
    [target, { node: 'node1', migration: 'm2' }],
    'node2',
    ['m2'],
    { node: 'node2', target: 'node1' },
  ],
])('%s', (_what, launchers, instanceNode, active, expected) => {
  expect(placementOf(launchers, instanceNode, new Set(active))).toEqual(expected);
});

test.each([
  ['it has arrived', [first, target], 'node2', [], 'node1', { node: 'node2', left: 'node1' }],
  [
    'it moves on',
    [target, { node: 'node3', migration: 'm2' }],
    'node2',
    ['m2'],
    'node1',
    { node: 'node2', target: 'node3', left: 'node1' },
  ],
  ['it was started anew elsewhere', [{ node: 'node3', migration: undefined }], 'node2', [], 'node1', { node: 'node3' }],
])('where it came from: %s', (_what, launchers, instanceNode, active, left, expected) => {
  expect(placementOf(launchers, instanceNode, new Set(active), left)).toEqual(expected);
});
