import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evaluateMatch } from './evaluate.ts';
import { lintAcls, type LintedAcl } from './lint.ts';
import type { Match } from './match.ts';
import { parseMatch } from './parse.ts';
import { covers, termsOf } from './terms.ts';
import { matchText, packet } from './testing/generated.ts';

const read = (text: string): Match => {
  const result = parseMatch(text);
  if ('problem' in result) throw new Error(`${text}: ${result.problem.message}`);
  return result.expression;
};

const never = (text: string) => termsOf(read(text))?.length === 0;

test.each([
  'ip4 && ip6',
  'tcp && udp',
  'ip4 && ip6.src == fd00::1',
  'tcp.dst == 80 && udp',
  'tcp.dst == 80 && tcp.dst == 443',
  'tcp.dst < 10 && tcp.dst > 20',
  'tcp.dst == 80 && tcp.dst != 80',
  'ip4.src == 10.0.0.0/8 && ip4.src == 11.0.0.0/8',
  'inport == "a" && inport == "b"',
  'arp && ip.proto == 6',
  'ct.new && !ct.new',
  '(ip4 && ip6) || (tcp && udp)',
  'is_chassis_resident("a") && !is_chassis_resident("a")',
  '0',
])('%s can never be true', (text) => expect(never(text)).toBe(true));

test.each([
  'ip4 && tcp',
  'tcp || udp',
  'tcp.dst > 10 && tcp.dst < 12',
  'ip4.src == 10.0.0.0/8 && ip4.src == 10.1.0.0/16',
  'ip4.src == $a && ip4.src == $b',
])('%s can be true', (text) => expect(never(text)).toBe(false));

const wider = (outer: string, inner: string) => covers(termsOf(read(outer))!, termsOf(read(inner))!);

test.each([
  ['ip4', 'tcp && ip4'],
  ['ip', 'tcp.dst == 80'],
  ['ip4.src == 10.0.0.0/8', 'ip4.src == 10.1.2.3 && udp'],
  ['tcp.dst > 10', 'tcp.dst == 80'],
  ['tcp.dst < 1024', '10 < tcp.dst < 20'],
  ['tcp.dst != 22', 'tcp.dst == 80'],
  ['ip4.dst == $a', 'ip4.dst == $a && tcp'],
  ['tcp || udp', 'udp.dst == 53'],
  ['1', 'arp'],
])('%s covers %s', (outer, inner) => {
  expect(wider(outer, inner)).toBe(true);
  expect(wider(inner, outer)).toBe(false);
});

test('what can never be true is never true, what covers covers: against packets', () => {
  let decided = 0;
  fc.assert(
    fc.property(
      fc.array(matchText, { minLength: 2, maxLength: 2 }),
      fc.array(packet, { maxLength: 10 }),
      ([a, b], frames) => {
        const parsed = [a!, b!].map((text) => parseMatch(text));
        if (parsed.some((each) => 'problem' in each)) return;
        const [inner, outer] = parsed.map((each) => ('expression' in each ? each.expression : undefined)) as [
          Match,
          Match,
        ];
        const terms = [termsOf(inner), termsOf(outer)];
        if (!terms[0] || !terms[1]) return;
        const implied = covers(terms[1], terms[0]);
        if (implied) decided += 1;
        for (const frame of frames) {
          if (terms[0].length === 0) expect(evaluateMatch(inner, frame)).toBe(false);
          if (implied && evaluateMatch(inner, frame)) expect(evaluateMatch(outer, frame)).toBe(true);
          // alternatives that were found must not be fewer than there are
          if (evaluateMatch(inner, frame)) expect(terms[0].length).toBeGreaterThan(0);
        }
      },
    ),
    { numRuns: 4000 },
  );
  expect(decided).toBeGreaterThan(20);
});

const acl = (priority: number, match: string, action = 'drop', direction = 'to-lport'): LintedAcl => ({
  direction,
  priority,
  action,
  match: read(match),
});
const lint = (...acls: LintedAcl[]) =>
  lintAcls(
    acls,
    {
      always: ['to-lport', 'from-lport'].map((direction) => ({
        direction,
        match: read('arp || icmp6.type == {133, 134, 135, 136}'),
        what: 'address resolution',
      })),
    },
    (index) => `acls[${index}]`,
  );

test('a rule that a higher one covers is named with it', () => {
  expect(lint(acl(20, 'ip4', 'allow'), acl(10, 'tcp.dst == 80 && ip4'))).toEqual([
    { index: 1, message: expect.stringContaining('acls[0] has a higher priority (20)') },
  ]);
  expect(lint(acl(10, 'ip4', 'allow'), acl(20, 'tcp.dst == 80 && ip4'))).toEqual([]);
  expect(lint(acl(20, 'ip4', 'allow', 'from-lport'), acl(10, 'tcp.dst == 80 && ip4'))).toEqual([]);
});

test('two rules of one priority that disagree are not decided', () => {
  expect(lint(acl(10, 'ip4', 'allow'), acl(10, 'tcp && ip4'))[0]?.message).toContain('is not defined');
  expect(lint(acl(10, 'ip4'), acl(10, 'tcp && ip4'))).toEqual([]);
});

test('a rule about what always passes changes nothing', () => {
  expect(lint(acl(10, 'arp'))).toEqual([{ index: 0, message: 'it changes nothing: address resolution always passes' }]);
  expect(lint(acl(10, 'nd'))[0]?.message).toContain('always passes');
  expect(lint(acl(10, 'arp || ip4'))).toEqual([]);
});

test('a rule that can never match is told so once', () => {
  expect(lint(acl(20, '1'), acl(10, 'ip4 && ip6'))).toEqual([
    { index: 1, message: 'its match can never be true: parts of it exclude each other' },
  ]);
});

test('what would take long to see is not looked at, and that is said', () => {
  const bits = Array.from({ length: 8 }, (_, n) => `(xxreg0[${2 * n}] || xxreg0[${2 * n + 1}])`).join(' && ');
  const ranges = Array.from({ length: 800 }, (_, n) => `reg${n % 10} > ${n}`).join(' && ');
  expect(termsOf(read(`${bits} && ${ranges}`))).toBeUndefined();
  const set = (field: string, first: number) =>
    `${field} == {${Array.from({ length: 8 }, (_, n) => first + n).join(', ')}}`;
  const many = Array.from({ length: 400 }, (_, n) =>
    acl(n, `${set('tcp.src', n)} && ${set('tcp.dst', n)}`, n % 2 ? 'drop' : 'allow'),
  );
  expect(lint(...many).at(-1)?.message).toMatch(/^this rule and those after it were not looked at/);
});
