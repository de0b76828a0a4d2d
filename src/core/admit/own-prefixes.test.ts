import { expect, test } from 'vitest';
import { admit } from './admit.ts';
import { neighbours, vpc } from './testing/neighbours.ts';

const warnings = (cidr: string, nextHopIP: string, policy?: 'policySrc') =>
  admit(
    vpc('red', { staticRoutes: [{ cidr, nextHopIP, ...(policy ? { policy } : {}) }] }),
    undefined,
    neighbours(),
  ).warnings.join();

test('a route to what is behind the router anyway is warned of', () => {
  expect(warnings('10.0.7.0/24', '10.0.0.9')).toMatch(
    /spec\.staticRoutes\[0\]\.cidr: 10\.0\.7\.0\/24 is a part of subnet net1/,
  );
  expect(warnings('10.0.0.7', '10.0.0.9')).toMatch(/10\.0\.0\.7 is a part of subnet net1/);
  expect(warnings('fd00:1::7', 'fd00:1::9')).toMatch(/is a part of subnet net2/);
  expect(warnings('10.0.0.0/16', '10.1.0.9')).toMatch(/has no effect: 10\.0\.0\.0\/16 is subnet net1/);
});

test('others are not: what covers subnets, what is elsewhere, routes by source', () => {
  expect(warnings('10.0.0.0/8', '10.0.0.9')).toBe('');
  expect(warnings('192.0.2.0/24', '10.0.0.9')).toBe('');
  expect(warnings('10.0.7.0/24', '10.0.0.9', 'policySrc')).toBe('');
});
