import { expect, test } from 'vitest';
import { CHECKS } from './checks.ts';

test('at least 16 checks, 5 of them for what must not pass, each with a positive control from the same guest', () => {
  const blocked = CHECKS.filter((check) => check.expect === 'blocked');
  expect(CHECKS.length).toBeGreaterThanOrEqual(16);
  expect(blocked.length).toBeGreaterThanOrEqual(5);
  const reaching = new Set(CHECKS.filter((check) => check.expect === 'reach').map(({ from }) => from));
  expect(blocked.filter(({ from }) => !reaching.has(from))).toEqual([]);
});

test('who is asked for by TCP is asked on a machine that answers by name', () => {
  for (const { probe, to } of CHECKS) if (probe.what === 'tcp/8080') expect(to).toMatch(/^[a-z-]+\/[a-z0-9-]+$/);
});
