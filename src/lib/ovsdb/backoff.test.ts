import { expect, test } from 'vitest';
import { Backoff } from './backoff.ts';

test('first at once, then doubling up to the limit, and from the minimum after a success', () => {
  const backoff = new Backoff({ minMs: 100, maxMs: 1000 });
  expect([1, 2, 3, 4, 5, 6, 7].map(() => backoff.next(0))).toEqual([0, 100, 200, 400, 800, 1000, 1000]);
  backoff.reset();
  expect(backoff.next(0)).toBe(100);
});

test('chance takes off a quarter at most', () => {
  const backoff = new Backoff({ minMs: 100 });
  backoff.next();
  expect(backoff.next(1)).toBe(75);
});
