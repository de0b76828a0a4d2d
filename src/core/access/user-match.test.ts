/** Where in a match a set stands that cannot be named there. */
import { expect, test } from 'vitest';
import { type PoolSets, readUserMatch } from './user-match.ts';

const pools: PoolSets = (set) => (set === 'both' ? [4, 6] : set === 'both.v4' ? [4] : undefined);

test('the column is that of the set itself, not of one whose name begins alike', () => {
  expect(readUserMatch('ip4.src == $both.v4 && ip4.dst == $both', pools)).toMatchObject({ problem: { column: 35 } });
  expect(readUserMatch('ip4.dst == $both', pools)).toMatchObject({ problem: { column: 12 } });
});
