import { type Cidr, lastValue, parseInterface } from './cidr.ts';
import { AddressError } from './error.ts';
import { type Family, formatIp, parseIp, width } from './ip.ts';

/** Addresses first..last, both included. */
export interface IpRange {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
}

/** Parses `ADDRESS`, `FIRST..LAST` or a CIDR. @throws AddressError */
export function parseRange(text: string): IpRange {
  if (text.includes('/')) {
    const { cidr } = parseInterface(text);
    return { family: cidr.family, first: cidr.base, last: lastValue(cidr) };
  }
  const parts = text.split('..');
  if (parts.length > 2) throw new AddressError(text, 'is not a range: ".." may stand only once');
  const first = parseIp(parts[0] ?? '');
  const last = parts.length === 2 ? parseIp(parts[1] ?? '') : first;
  if (first.family !== last.family) throw new AddressError(text, 'is not a range: its ends are of different families');
  if (first.value > last.value) throw new AddressError(text, 'is not a range: its first address is above its last');
  return { family: first.family, first: first.value, last: last.value };
}

export function formatRange({ family, first, last }: IpRange): string {
  const text = formatIp({ family, value: first });
  return first === last ? text : `${text}..${formatIp({ family, value: last })}`;
}

/** The fewest prefixes that together are the range, in rising order. */
export function rangeCidrs({ family, first, last }: IpRange): readonly Cidr[] {
  const cidrs: Cidr[] = [];
  for (let base = first; base <= last; ) {
    let bits = width(family);
    let size = 1n;
    while (bits > 0 && base % (size * 2n) === 0n && base + size * 2n - 1n <= last) {
      size *= 2n;
      bits -= 1;
    }
    cidrs.push({ family, base, bits });
    base += size;
  }
  return cidrs;
}
