import { expect, test } from 'vitest';
import { evaluateMatch, expansion, type Packet } from './evaluate.ts';
import { type Level, MATCH_SYMBOLS } from './fields.ts';
import type { Match } from './match.ts';
import { parseMatch } from './parse.ts';
import { printMatch } from './print.ts';
import { parseSetValue, unusableSet } from './sets.ts';

const read = (text: string): Match => {
  const result = parseMatch(text);
  if ('problem' in result) throw new Error(`${text}: ${result.problem.message}`);
  return result.expression;
};

/** the column is where a person would look */
test.each([
  ['ip4.src == 10.0.0.256', 12, 'neither a number nor an IPv4'],
  ['ip4 && tcp.dst == 65536', 19, 'tcp.dst has 16 bits, the value needs 17'],
  ['ip4 && tcp || udp', 12, 'need parentheses'],
  ['ip4 && foo', 8, 'foo is not a field'],
  ['!tcp', 2, 'tcp can be tested positively only'],
  ['ip.proto != 6', 1, 'equality only'],
  ['ip4 && (tcp', 12, 'the match ends where ")" should stand here'],
  ['ip4.src = 10.0.0.1', 9, '"=" must be "=="'],
  ['inport == p1', 11, 'a number, an address, a string or a set should stand'],
  ['inport == 1', 11, 'a string'],
  ['icmp4.frag_mtu == 5', 1, 'not a field'],
  ['ip4.src > $a', 11, '== and != only'],
  ['ip4.src', 1, 'write "!= 0"'],
  ['', 1, 'the match ends'],
  ['tcp.dst == 80 tcp', 15, 'the match should end here'],
  ['ip4 && "x', 8, 'no closing quotation mark'],
  ['x'.repeat(20_000), 16_385, 'at most 16384 characters'],
])('%s: column %i', (text, column, message) => {
  expect(parseMatch(text)).toEqual({ problem: { column, message: expect.stringContaining(message) } });
});

test.each([
  ['ip4&&(tcp||udp)', 'ip4 && (tcp || udp)'],
  ['(ip4 && (tcp)) && (udp)', 'ip4 && tcp && udp'],
  ['!(tcp.dst == 80 && ip4.src == {10.0.0.1, 10.0.0.2})', 'tcp.dst != 80 || ip4.src != {10.0.0.1, 10.0.0.2}'],
  ['5 < tcp.dst <= 0x50', 'tcp.dst > 5 && tcp.dst <= 0x50'],
  ['ip4.src == 10.1.2.3/255.0.0.0', 'ip4.src == 10.0.0.0/8'],
  ['ip6.src == FD00:0::1/64', 'ip6.src == fd00::/64'],
  ['ct.est != 0 && ct.new == 0', 'ct.est && !ct.new'],
  ['inport == {"a" "\\u0062"}', 'inport == {"a", "b"}'],
  ['ip4.src[0..31] == {$a}', 'ip4.src == $a'],
  ['reg0[3] == 0x1 // comment', 'reg0[3]'],
])('%s reads as %s', (text, canonical) => expect(printMatch(read(text))).toBe(canonical));

const tcp: Packet = { 'eth.type': 0x800n, 'ip.proto': 6n, 'tcp.dst': 443n };
const udp: Packet = { 'eth.type': 0x800n, 'ip.proto': 17n, 'udp.dst': 443n };

test('a comparison is about packets that have the field', () => {
  for (const text of ['tcp.dst == 443', 'tcp.dst != 80', '!(tcp.dst == 80)', 'tcp.dst > 80']) {
    expect([text, evaluateMatch(read(text), tcp)]).toEqual([text, true]);
    expect([text, evaluateMatch(read(text), udp)]).toEqual([text, false]);
  }
});

test('levels of predicates follow from what they stand for', () => {
  const levelOf = (match: Match): Level => {
    if (match.kind === 'and' || match.kind === 'or')
      return match.operands.some((each) => levelOf(each) === 'nominal') ? 'nominal' : 'boolean';
    return match.kind === 'compare' && MATCH_SYMBOLS.get(match.field.name)?.level === 'nominal' ? 'nominal' : 'boolean';
  };
  for (const { name, predicate, level } of MATCH_SYMBOLS.values())
    if (predicate !== undefined) expect([name, level]).toEqual([name, levelOf(expansion(predicate))]);
});

test('sets are found by name, must exist and fit', () => {
  const values = ['10.0.0.0/24', 'fd00::1'].map((text) => parseSetValue(text)!);
  const sets = { addressSet: (name: string) => (name === 'a' ? values : undefined), portGroup: () => undefined };
  expect(unusableSet(read('ip6.src == $a'), sets)).toBeUndefined();
  expect(unusableSet(read('ip4 && ip4.src == $a'), sets)).toEqual({ kind: 'address-set', name: 'a' });
  expect(unusableSet(read('ip6.src == $b'), sets)).toEqual({ kind: 'address-set', name: 'b' });
  expect(unusableSet(read('inport == @g'), sets)).toEqual({ kind: 'port-group', name: 'g' });
  const at = (ip: bigint): Packet => ({ 'eth.type': 0x86ddn, 'ip6.src': ip });
  const context = { ...sets, isResident: () => true };
  expect(evaluateMatch(read('ip6.src == $a'), at((0xfd00n << 112n) | 1n), context)).toBe(true);
  expect(evaluateMatch(read('ip6.src == $a'), at(5n), context)).toBe(false);
  expect(parseSetValue('10.0.0.300')).toBeUndefined();
});

test('hostile depth and length end with a problem', () => {
  for (const text of [
    '('.repeat(16_000),
    '!('.repeat(8000),
    '{'.repeat(16_000),
    `${'('.repeat(101)}1${')'.repeat(101)}`,
  ])
    expect(parseMatch(text)).toHaveProperty('problem');
  expect(parseMatch(Array(1500).fill('ip4').join(' && '))).toHaveProperty('expression');
});
