import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cidrContains, cidrOf, formatCidr, parseCidr } from './cidr.ts';
import { type Family, type Ip, maxValue, width } from './ip.ts';
import { addressesOf, complementOf, prefixesOf } from './prefix-set.ts';

const ip = (family: Family) => fc.bigInt({ min: 0n, max: maxValue(family) }).map((value): Ip => ({ family, value }));
const cidr = (family: Family) =>
  fc.tuple(ip(family), fc.integer({ min: 0, max: width(family) })).map(([address, bits]) => cidrOf(address, bits));
const family = fc.constantFrom<Family>(4, 6);

test('what is outside of 10.0.0.0/8', () => {
  expect(complementOf([parseCidr('10.0.0.0/8')], 4).map(formatCidr)).toEqual([
    '0.0.0.0/5',
    '8.0.0.0/7',
    '11.0.0.0/8',
    '12.0.0.0/6',
    '16.0.0.0/4',
    '32.0.0.0/3',
    '64.0.0.0/2',
    '128.0.0.0/1',
  ]);
  expect(complementOf([], 6).map(formatCidr)).toEqual(['::/0']);
  expect(complementOf([parseCidr('0.0.0.0/0')], 4)).toEqual([]);
});

test('every address is in exactly one: the prefixes, or their complement', () => {
  fc.assert(
    fc.property(
      family.chain((of) => fc.tuple(fc.array(cidr(of), { maxLength: 8 }), fc.array(ip(of)), fc.constant(of))),
      ([cidrs, addresses, of]) => {
        const outside = complementOf(cidrs, of);
        const edges = cidrs.map(({ base }) => ({ family: of, value: base }));
        for (const address of [...addresses, ...edges]) {
          const inside = cidrs.some((candidate) => cidrContains(candidate, address));
          expect(outside.filter((candidate) => cidrContains(candidate, address))).toHaveLength(inside ? 0 : 1);
        }
      },
    ),
  );
});

test('prefixes of a set are the set, each once, and no two of them could be one', () => {
  fc.assert(
    fc.property(
      family.chain((of) => fc.tuple(fc.array(cidr(of), { maxLength: 8 }), fc.constant(of))),
      ([cidrs, of]) => {
        const set = addressesOf(cidrs, of);
        const prefixes = prefixesOf(set, of);
        expect(addressesOf(prefixes, of).intervals).toEqual(set.intervals);
        for (const [index, { base, bits }] of prefixes.entries()) {
          const next = prefixes[index + 1];
          const mergeable =
            next !== undefined &&
            next.bits === bits &&
            cidrOf({ family: of, value: next.base }, bits - 1).base === base;
          expect(mergeable).toBe(false);
        }
      },
    ),
  );
});
