import fc from 'fast-check';
import { Address4, Address6 } from 'ip-address';
import { describe, expect, test } from 'vitest';
import {
  cidrContains,
  cidrCovers,
  cidrOf,
  cidrsOverlap,
  coveringCidrs,
  formatCidr,
  lastValue,
  parseCidr,
  parseInterface,
  usableBounds,
} from './cidr.ts';
import { IntervalSet } from './interval-set.ts';
import { addToIp, compareIp, type Family, formatIp, type Ip, maxValue, parseIp, width } from './ip.ts';
import { isUnicastMac, localMac, parseMac } from './mac.ts';
import { PrefixTable } from './prefix-table.ts';
import { formatRange, parseRange, rangeCidrs } from './range.ts';

const v4 = fc.bigInt(0n, maxValue(4)).map((value): Ip => ({ family: 4, value }));
const sparse6 = fc
  .array(fc.constantFrom(0, 0, 0, 1, 0xffff, 0x2001, 0xdb8), { minLength: 8, maxLength: 8 })
  .map((groups) => groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n));
const v6 = fc.oneof(fc.bigInt(0n, maxValue(6)), sparse6).map((value): Ip => ({ family: 6, value }));
const ip = fc.oneof(v4, v6);
const cidr = ip.chain((address) =>
  fc.integer({ min: 0, max: width(address.family) }).map((bits) => cidrOf(address, bits)),
);

describe('addresses', () => {
  test('text and back', () => {
    fc.assert(
      fc.property(ip, (address) => {
        expect(parseIp(formatIp(address))).toEqual(address);
      }),
    );
  });

  test('IPv4 agrees with the oracle', () => {
    fc.assert(
      fc.property(v4, (address) => {
        expect(new Address4(formatIp(address)).bigInt()).toBe(address.value);
      }),
    );
  });

  test('IPv6 agrees with the oracle, value and RFC 5952 spelling', () => {
    fc.assert(
      fc.property(v6, (address) => {
        const oracle = Address6.fromBigInt(address.value);
        expect(parseIp(oracle.canonicalForm()).value).toBe(address.value);
        // the oracle prints IPv4-mapped addresses in hexadecimal; RFC 5952 section 5 wants them dotted
        if (address.value >> 32n !== 0xffffn) expect(formatIp(address)).toBe(oracle.correctForm());
      }),
    );
  });

  test('order is total and addition moves along it', () => {
    fc.assert(
      fc.property(ip, fc.bigInt(1n, 1000n), (address, step) => {
        fc.pre(address.value + step <= maxValue(address.family));
        const next = addToIp(address, step);
        expect(compareIp(address, next)).toBe(-1);
        expect(compareIp(next, address)).toBe(1);
        expect(addToIp(next, -step)).toEqual(address);
      }),
    );
  });

  test('arbitrary text never parses to something that prints as an unequal address', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f:.]{1,20}$/)), (text) => {
        let parsed: Ip;
        try {
          parsed = parseIp(text);
        } catch {
          return;
        }
        expect(parseIp(formatIp(parsed))).toEqual(parsed);
      }),
    );
  });
});

describe('prefixes', () => {
  test('text and back; bounds are inside', () => {
    fc.assert(
      fc.property(cidr, (prefix) => {
        expect(parseCidr(formatCidr(prefix))).toEqual(prefix);
        const { first, last } = usableBounds(prefix);
        expect(first <= last).toBe(true);
        for (const value of [first, last, prefix.base, lastValue(prefix)])
          expect(cidrContains(prefix, { family: prefix.family, value })).toBe(true);
      }),
    );
  });

  test('host bits are seen', () => {
    fc.assert(
      fc.property(ip, fc.integer({ min: 0, max: 128 }), (address, bits) => {
        fc.pre(bits <= width(address.family));
        const parsed = parseInterface(`${formatIp(address)}/${bits}`);
        expect(parsed.ip).toEqual(address);
        expect(cidrContains(parsed.cidr, address)).toBe(true);
      }),
    );
  });

  test('overlap is what intervals say', () => {
    const sameFamily = fc.constantFrom<Family>(4, 6).chain((family) => {
      const one = fc
        .tuple(fc.bigInt(0n, 255n), fc.integer({ min: width(family) - 8, max: width(family) }))
        .map(([value, bits]) => cidrOf({ family, value }, bits));
      return fc.tuple(one, one);
    });
    fc.assert(
      fc.property(sameFamily, ([a, b]) => {
        expect(cidrsOverlap(a, b)).toBe(a.base <= lastValue(b) && b.base <= lastValue(a));
        expect(cidrCovers(a, b)).toBe(a.base <= b.base && lastValue(b) <= lastValue(a));
        expect([...coveringCidrs(b)].some((prefix) => formatCidr(prefix) === formatCidr(a))).toBe(cidrCovers(a, b));
      }),
    );
  });

  test('longest-prefix match is what a scan finds', () => {
    const small = fc
      .tuple(fc.bigInt(0n, 255n), fc.integer({ min: 20, max: 32 }))
      .map(([value, bits]) => cidrOf({ family: 4, value }, bits));
    fc.assert(
      fc.property(fc.array(small, { maxLength: 12 }), fc.bigInt(0n, 255n), fc.nat(11), (prefixes, value, drop) => {
        const table = new PrefixTable<string>();
        for (const prefix of prefixes) table.set(prefix, formatCidr(prefix));
        const dropped = prefixes[drop];
        if (dropped) table.delete(dropped);
        const left = prefixes.filter((prefix) => !dropped || formatCidr(prefix) !== formatCidr(dropped));
        const best = left
          .filter((prefix) => cidrContains(prefix, { family: 4, value }))
          .toSorted((a, b) => b.bits - a.bits)[0];
        expect(table.lookup({ family: 4, value })).toBe(best && formatCidr(best));
      }),
    );
  });
});

test('ranges: text and back', () => {
  fc.assert(
    fc.property(ip, fc.bigInt(0n, 300n), (address, length) => {
      fc.pre(address.value + length <= maxValue(address.family));
      const range = { family: address.family, first: address.value, last: address.value + length };
      expect(parseRange(formatRange(range))).toEqual(range);
    }),
  );
});

test('a range as prefixes: exactly its addresses, and no two of them could be one', () => {
  const ends = fc.tuple(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: 600 }));
  fc.assert(
    fc.property(ends, ([a, b]) => {
      const [first, last] = [BigInt(Math.min(a, b)), BigInt(Math.max(a, b))];
      const cidrs = rangeCidrs({ family: 4, first, last });
      const covered = cidrs.flatMap((cidr) => {
        expect(cidr.base % (1n << BigInt(32 - cidr.bits))).toBe(0n);
        return [cidr.base, lastValue(cidr)];
      });
      expect(covered[0]).toBe(first);
      expect(covered.at(-1)).toBe(last);
      for (let index = 1; index + 1 < covered.length; index += 2) expect(covered[index + 1]).toBe(covered[index]! + 1n);
      for (const [index, cidr] of cidrs.entries()) {
        const next = cidrs[index + 1];
        const couldMerge = next?.bits === cidr.bits && cidr.base % (1n << BigInt(33 - cidr.bits)) === 0n;
        expect(couldMerge).toBe(false);
      }
    }),
  );
});

test('MACs made from bits are local unicast addresses', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, (1n << 64n) - 1n), (bits) => {
      const mac = localMac(bits);
      expect(parseMac(mac)).toBe(mac);
      expect(isUnicastMac(mac)).toBe(true);
      expect(Number.parseInt(mac.slice(0, 2), 16) & 2).toBe(2);
    }),
  );
});

test('an interval set is a set', () => {
  const edit = fc.record({
    add: fc.boolean(),
    first: fc.integer({ min: 0, max: 60 }),
    length: fc.integer({ min: 0, max: 9 }),
  });
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 30 }), fc.array(edit, { maxLength: 5 }), (edits, others) => {
      const set = new IntervalSet();
      const other = new IntervalSet();
      const model = new Set<number>();
      const otherModel = new Set<number>();
      const apply = (target: IntervalSet, mirror: Set<number>, { add, first, length }: (typeof edits)[number]) => {
        if (add) target.add(BigInt(first), BigInt(first + length));
        else target.remove(BigInt(first), BigInt(first + length));
        for (let value = first; value <= first + length; value += 1) {
          if (add) mirror.add(value);
          else mirror.delete(value);
        }
      };
      for (const item of edits) apply(set, model, item);
      for (const item of others) apply(other, otherModel, item);
      expect(set.size).toBe(BigInt(model.size));
      expect(set.lowest).toBe(model.size === 0 ? undefined : BigInt(Math.min(...model)));
      const difference = set.without(other);
      for (let value = 0; value < 75; value += 1) {
        expect(set.has(BigInt(value))).toBe(model.has(value));
        expect(difference.has(BigInt(value))).toBe(model.has(value) && !otherModel.has(value));
      }
      // sorted, disjoint, not adjacent
      for (const [index, item] of set.intervals.entries()) {
        const next = set.intervals[index + 1];
        if (next) expect(item.last + 1n < next.first).toBe(true);
      }
    }),
  );
});

test('two interval sets: what is in both, the lowest in and outside of the other', () => {
  const numbers = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 30 });
  const setOf = (list: readonly number[]) =>
    new IntervalSet(list.map((value) => ({ first: BigInt(value), last: BigInt(value) })));
  const lowest = (list: readonly number[]) => (list.length === 0 ? undefined : BigInt(Math.min(...list)));
  fc.assert(
    fc.property(numbers, numbers, (left, right) => {
      const [a, b] = [setOf(left), setOf(right)];
      const both = left.filter((value) => right.includes(value));
      expect(a.intersection(b).intervals).toEqual(setOf(both).intervals);
      expect(a.lowestIn(b)).toBe(lowest(both));
      expect(a.lowestOutside(b)).toBe(lowest(left.filter((value) => !right.includes(value))));
    }),
  );
});
