/** What a policy with a next hop of one family is about. */
import { expect, test } from 'vitest';
import type { Match } from './match.ts';
import { hasNoneOf, ofFamily } from './family.ts';
import { parseMatch } from './parse.ts';
import { printMatch } from './print.ts';

function read(text: string): Match {
  const parsed = parseMatch(text);
  if ('problem' in parsed) throw new Error(parsed.problem.message);
  return parsed.expression;
}

test.each([
  ['ip4', 'ip4'],
  ['ip4.src == 10.0.0.0/8 && tcp', 'ip4.src == 10.0.0.0/8 && tcp'],
  ['icmp4 || ip4.dst == 10.0.0.1', 'icmp4 || ip4.dst == 10.0.0.1'],
  ['ip4.src == $office', 'ip4.src == $office'],
  ['tcp.dst == 80', 'ip4 && tcp.dst == 80'],
  ['tcp || udp', 'ip4 && (tcp || udp)'],
  ['ip', 'ip4 && ip'],
  ['1', 'ip4'],
  ['0', '0'],
])('%s, with an IPv4 next hop, is %s', (text, expected) => {
  expect(printMatch(ofFamily(read(text), 4))).toBe(expected);
});

test.each([
  ['ip6', true],
  ['ip6.dst == fd00::/64 && tcp', true],
  ['ip4 || ip6', false],
  ['tcp', false],
  // never true anyway, and somebody else says so
  ['tcp && udp', false],
])('%s has no IPv4 packet: %s', (text, expected) => {
  expect(hasNoneOf(4, read(text))).toBe(expected);
});

test('what is too much to look at says its family once more', () => {
  const many = Array.from({ length: 300 }, (_, index) => `ip4.src == 10.0.${index % 256}.${index >> 8}`).join(' || ');
  expect(printMatch(ofFamily(read(many), 4))).toMatch(/^ip4 && /);
});
