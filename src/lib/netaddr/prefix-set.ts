/** Sets of addresses as prefixes: what OVN's matches and address sets take. */
import { type Cidr, lastValue } from './cidr.ts';
import { type Interval, IntervalSet } from './interval-set.ts';
import { type Family, maxValue, width } from './ip.ts';

/** the addresses of those prefixes that are of `family` */
export function addressesOf(cidrs: readonly Cidr[], family: Family): IntervalSet {
  return new IntervalSet(
    cidrs
      .filter((cidr) => cidr.family === family)
      .map((cidr): Interval => ({ first: cidr.base, last: lastValue(cidr) })),
  );
}

/** the fewest prefixes that together are exactly the set, in rising order */
export function prefixesOf(set: IntervalSet, family: Family): Cidr[] {
  return set.intervals.flatMap((interval) => [...split(interval, family)]);
}

/** the fewest prefixes that hold every address of the family that none of `cidrs` holds; n prefixes leave at most n times the address width */
export function complementOf(cidrs: readonly Cidr[], family: Family): Cidr[] {
  const all = new IntervalSet([{ first: 0n, last: maxValue(family) }]);
  return prefixesOf(all.without(addressesOf(cidrs, family)), family);
}

/** Takes from the front of the interval the largest prefix that starts there and ends inside. */
function* split({ first, last }: Interval, family: Family): Generator<Cidr> {
  const bits = width(family);
  for (let base = first; base <= last; ) {
    let host = 0;
    while (host < bits) {
      const size = 1n << BigInt(host + 1);
      if (base % size !== 0n || base + size - 1n > last) break;
      host += 1;
    }
    yield { family, base, bits: bits - host };
    base += 1n << BigInt(host);
  }
}
