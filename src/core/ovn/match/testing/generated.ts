/** Generated matches, right and wrong, and packets for tests. */
import fc from 'fast-check';
import type { Packet } from '../evaluate.ts';
import { MATCH_SYMBOLS, type MatchSymbol } from '../fields.ts';

/** the sets that generated matches name */
export const ADDRESS_SETS: Readonly<Record<string, readonly string[]>> = {
  four: ['10.0.0.1', '10.0.1.0/24'],
  six: ['fd00::1', 'fd00:1::/64'],
  none: [],
};
export const PORT_GROUPS: Readonly<Record<string, readonly string[]>> = { group: ['p1', 'p3'], nobody: [] };

/** values that packets carry and constants repeat, so that comparisons are true now and then */
const V4 = ['10.0.0.1', '10.0.0.2', '10.0.1.7', '224.0.0.1', '255.255.255.255'];
const V6 = ['fd00::1', 'fd00:1::7', 'ff02::1', 'ff02::16', 'fe80::1'];
const MACS = ['00:00:00:00:00:01', '02:00:00:00:00:02', 'ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:01', '33:33:00:00:00:01'];
const PORTS = ['p1', 'p2', 'p3'];
const SMALL = [0, 1, 2, 5, 6, 17, 58, 80, 133, 135, 136, 255, 443, 0x800, 0x806, 0x86dd];

const oneOf = <T>(values: readonly T[]) => fc.constantFrom(...values);

const number = fc.oneof(
  oneOf(SMALL).map(String),
  oneOf(SMALL).map((value) => `0x${value.toString(16)}`),
  fc.tuple(oneOf(SMALL), oneOf(SMALL)).map(([value, mask]) => `0x${value.toString(16)}/0x${mask.toString(16)}`),
  fc.tuple(oneOf(SMALL), oneOf(SMALL)).map(([value, mask]) => `${value}/${mask}`),
);
const v4 = fc.oneof(
  oneOf(V4),
  fc.tuple(oneOf(V4), fc.nat(33)).map(([ip, length]) => `${ip}/${length}`),
  oneOf(V4).map((ip) => `${ip}/255.0.255.0`),
);
const v6 = fc.oneof(
  oneOf(V6),
  fc.tuple(oneOf(V6), fc.nat(129)).map(([ip, length]) => `${ip}/${length}`),
  oneOf(V6).map((ip) => `${ip}/ffff::ff`),
);
const mac = fc.oneof(
  oneOf(MACS),
  oneOf(MACS).map((value) => `${value}/01:00:00:00:00:00`),
);
const text = fc.oneof(
  oneOf(PORTS).map((port) => JSON.stringify(port)),
  oneOf(['@group', '@nobody', '"\\u0070\\u0031"', '"a\\tb\\"c"']),
);

function fitting({ width }: MatchSymbol): fc.Arbitrary<string> {
  if (width === 0) return text;
  if (width === 48) return fc.oneof({ weight: 3, arbitrary: mac }, number);
  if (width === 32) return fc.oneof({ weight: 2, arbitrary: v4 }, oneOf(['$four', '$none']), number);
  if (width === 128) return fc.oneof({ weight: 2, arbitrary: v6 }, oneOf(['$six', '$none']), number);
  return width === 1 ? oneOf(['0', '1', '0x1', '1/1', '0/0']) : number;
}

const anything = fc.oneof(number, v4, v6, mac, text, oneOf(['$four', '$six', '$none']));

/** mostly of the field's kind */
function constant(symbol: MatchSymbol): fc.Arbitrary<string> {
  return fc.oneof({ weight: 9, arbitrary: fitting(symbol) }, anything);
}

function constants(symbol: MatchSymbol): fc.Arbitrary<string> {
  const one = constant(symbol);
  return fc.oneof(
    { weight: 4, arbitrary: one },
    fc
      .tuple(fc.array(one, { minLength: 1, maxLength: 3 }), oneOf([', ', ' ', ',']))
      .map(([list, comma]) => `{${list.join(comma)}}`),
  );
}

const relational = fc.oneof({ weight: 5, arbitrary: oneOf(['==', '!=']) }, oneOf(['<', '<=', '>', '>=']));

function reference({ name, width }: MatchSymbol): fc.Arbitrary<string> {
  const bits = fc
    .tuple(fc.nat(Math.max(1, width)), fc.nat(Math.max(1, width)))
    .map(([a, b]) => (a === b ? `${name}[${a}]` : `${name}[${Math.min(a, b)}..${Math.max(a, b)}]`));
  return fc.oneof({ weight: 5, arbitrary: fc.constant(name) }, bits);
}

const comparison = oneOf([...MATCH_SYMBOLS.values()]).chain((symbol) => {
  const field = reference(symbol);
  const range = oneOf(['<', '<=', '>', '>=']);
  return fc.oneof(
    { weight: 3, arbitrary: field },
    { weight: 6, arbitrary: fc.tuple(field, relational, constants(symbol)).map((words) => words.join(' ')) },
    fc.tuple(constants(symbol), relational, field).map((words) => words.join(' ')),
    fc
      .tuple(constant(symbol), range, field, constant(symbol))
      .map(([low, sign, name, high]) => `${low} ${sign} ${name} ${sign} ${high}`),
  );
});

/** matches as people write them, some of them wrong by type, width or level */
export const matchText: fc.Arbitrary<string> = fc.letrec<{ readonly match: string; readonly operand: string }>(
  (tie) => ({
    match: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      comparison,
      oneOf(['0', '1', 'is_chassis_resident("p1")', '!is_chassis_resident("p1")']),
      fc
        .tuple(fc.array(tie('operand'), { minLength: 2, maxLength: 4 }), oneOf([' && ', ' || ', '&&', '||']))
        .map(([operands, sign]) => operands.join(sign)),
    ),
    operand: fc.oneof(
      { weight: 5, arbitrary: comparison },
      { weight: 1, arbitrary: comparison.map((each) => `!${each}`) },
      { weight: 2, arbitrary: tie('match').map((each) => `(${each})`) },
      { weight: 2, arbitrary: tie('match').map((each) => `!(${each})`) },
    ),
  }),
).match;

const SCRAPS = [
  '&&',
  '||',
  '!',
  '(',
  ')',
  '{',
  '}',
  '[',
  ']',
  '..',
  '==',
  '<',
  '0',
  '1',
  'x',
  '"',
  ' ',
  '.',
  ':',
  '/',
  '$',
  '@',
  ',',
];

/** a match with one to three scraps put in, taken out or swapped */
export const mutatedText: fc.Arbitrary<string> = fc
  .tuple(matchText, fc.array(fc.tuple(fc.nat(), oneOf(SCRAPS), fc.nat(2)), { minLength: 1, maxLength: 3 }))
  .map(([match, edits]) => edits.reduce((result, [at, scrap, width]) => splice(result, at, scrap, width), match));

function splice(match: string, at: number, scrap: string, width: number): string {
  const start = at % (match.length + 1);
  return match.slice(0, start) + scrap + match.slice(start + width);
}

const address = (text: string) => BigInt(`0x${text.replaceAll(':', '')}`);
const macs = oneOf(MACS.map(address));
const v4s = oneOf(V4.map((ip) => ip.split('.').reduce((value, octet) => value * 256n + BigInt(octet), 0n)));
const v6s = oneOf([
  (0xfd00n << 112n) | 1n,
  (0xfd000001n << 96n) | 7n,
  (0xff02n << 112n) | 1n,
  (0xff02n << 112n) | 0x16n,
  (0xfe80n << 112n) | 1n,
]);
const small = (max: number) => oneOf(SMALL.filter((value) => value <= max).map(BigInt));

const frame = {
  inport: oneOf(PORTS),
  'eth.src': macs,
  'eth.dst': macs,
  reg0: small(65_535),
  ct_state: oneOf([0n, 0x21n, 0x22n, 0x2an, 0x30n]),
};
// without ip.dscp: ovn-trace loses it from its microflow
const internet = { 'ip.ttl': oneOf([1n, 64n, 255n]) };
const ports = (name: string) => ({ [`${name}.src`]: small(65_535), [`${name}.dst`]: small(65_535) });
const upper = [
  { 'ip.proto': fc.constant(6n), ...ports('tcp'), 'tcp.flags': oneOf([0n, 2n, 16n]) },
  { 'ip.proto': fc.constant(17n), ...ports('udp') },
  { 'ip.proto': fc.constant(132n), ...ports('sctp') },
];
const kinds: readonly Record<string, fc.Arbitrary<bigint>>[] = [
  { 'eth.type': fc.constant(0x806n), 'arp.op': oneOf([1n, 2n]), 'arp.spa': v4s, 'arp.tpa': v4s, 'arp.sha': macs },
  { 'eth.type': fc.constant(0x1234n) },
  ...[...upper, { 'ip.proto': fc.constant(1n), 'icmp4.type': oneOf([0n, 3n, 8n]), 'icmp4.code': oneOf([0n, 4n]) }].map(
    (payload) => ({ 'eth.type': fc.constant(0x800n), 'ip4.src': v4s, 'ip4.dst': v4s, ...internet, ...payload }),
  ),
  ...[
    ...upper,
    { 'ip.proto': fc.constant(58n), 'icmp6.type': oneOf([128n, 133n, 135n, 136n]), 'icmp6.code': oneOf([0n, 1n]) },
  ].map((payload) => ({ 'eth.type': fc.constant(0x86ddn), 'ip6.src': v6s, 'ip6.dst': v6s, ...internet, ...payload })),
];

/** packets with the fields that their protocols have */
export const packet: fc.Arbitrary<Packet> = fc.oneof(
  ...kinds.map((fields) =>
    fc.record({ ...frame, ...fields }).map(({ reg0, ...rest }): Packet => ({ ...rest, xxreg0: reg0 << 96n })),
  ),
);
