/** Where a port may be bound: what is seen of its machine counts, for all of its ports at once; a plain pod's port is where its IP object says. */
import { expect, test } from 'vitest';
import { Compiler } from './engine.ts';
import { RULES } from './rules.ts';
import { largeWorld } from './testing/scale.ts';
import type { Change } from './world.ts';

const PORT = 'Logical_Switch_Port/vm0.load.net0.load.ovn';
const options = (compiler: Compiler) => compiler.rows.columns(PORT)?.['options'];
const seen = (object: { node: string; target?: string } | undefined): Change => ({
  kind: 'Placement',
  key: 'load/vm0',
  object,
});

test('one node, two while the machine moves, one again', () => {
  const compiler = new Compiler(RULES);
  compiler.apply(largeWorld(2, 1));
  expect(options(compiler)).toEqual({ 'requested-chassis': 'node1' });
  compiler.apply([seen({ node: 'node1' })]);
  expect(options(compiler)).toEqual({ 'requested-chassis': 'node1' });
  const { dirty } = compiler.apply([seen({ node: 'node1', target: 'node2' })]);
  expect([...dirty.rows]).toEqual([PORT]);
  expect(options(compiler)).toEqual({ 'requested-chassis': 'node1,node2', 'activation-strategy': 'rarp' });
  compiler.apply([seen({ node: 'node2' })]);
  expect(options(compiler)).toEqual({ 'requested-chassis': 'node2' });
  // stopped: it stays where the IP object remembers it
  compiler.apply([seen(undefined)]);
  expect(options(compiler)).toEqual({ 'requested-chassis': 'node1' });
});

test.each([
  [{ node: 'node1,evil' }, {}],
  [{ node: 'node1', target: 'node2,evil' }, { 'requested-chassis': 'node1' }],
])('names that are none of nodes become no list: %j', (placement, expected) => {
  const compiler = new Compiler(RULES);
  compiler.apply([...largeWorld(1, 1), seen(placement)]);
  expect(options(compiler)).toEqual(expected);
});
