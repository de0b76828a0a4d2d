import { AddressError } from './error.ts';

export type Family = 4 | 6;

/** An address as a number: IPv4 in 0..2^32-1, IPv6 in 0..2^128-1. */
export interface Ip {
  readonly family: Family;
  readonly value: bigint;
}

/** address width in bits */
export function width(family: Family): number {
  return family === 4 ? 32 : 128;
}

/** the all-ones address of a family */
export function maxValue(family: Family): bigint {
  return (1n << BigInt(width(family))) - 1n;
}

/**
 * Parses one IPv4 or IPv6 address.
 * IPv4: exactly four decimal octets without leading zeros (inet_pton(3) strictness: `010.0.0.1` is an error, not 8.0.0.1).
 * IPv6: RFC 4291 section 2.2, all three forms; no zone, no brackets, no prefix length.
 * @throws AddressError
 */
export function parseIp(text: string): Ip {
  return text.includes(':') ? { family: 6, value: parseIpv6(text) } : { family: 4, value: parseIpv4(text, text) };
}

const OCTET = /^(0|[1-9][0-9]{0,2})$/;

function parseIpv4(part: string, text: string): bigint {
  const octets = part.split('.');
  if (octets.length !== 4) throw new AddressError(text, 'is not an IP address');
  let value = 0;
  for (const octet of octets) {
    if (!OCTET.test(octet))
      throw new AddressError(
        text,
        `is not an IP address: octet ${JSON.stringify(octet)} is not a decimal number without leading zeros`,
      );
    const number = Number(octet);
    if (number > 255) throw new AddressError(text, `is not an IP address: octet ${octet} is above 255`);
    value = value * 256 + number;
  }
  return BigInt(value);
}

function parseIpv6(text: string): bigint {
  const halves = text.split('::');
  if (halves.length > 2) throw new AddressError(text, 'is not an IPv6 address: "::" may stand only once');
  const head = groups(halves[0] ?? '', text, halves.length === 1);
  const tail = halves.length === 2 ? groups(halves[1] ?? '', text, true) : [];
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1)
    throw new AddressError(text, 'is not an IPv6 address: it has the wrong number of groups');
  const all = [...head, ...Array<number>(missing).fill(0), ...tail];
  return all.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

const GROUP = /^[0-9a-fA-F]{1,4}$/;

/** the 16-bit groups of one side of "::"; `last` says that it may end in a dotted IPv4 address */
function groups(side: string, text: string, last: boolean): number[] {
  if (side === '') return [];
  const words = side.split(':');
  const result: number[] = [];
  for (const [index, word] of words.entries()) {
    if (last && index === words.length - 1 && word.includes('.')) {
      const v4 = Number(parseIpv4(word, text));
      result.push(v4 >>> 16, v4 & 0xffff);
    } else if (GROUP.test(word)) {
      result.push(Number.parseInt(word, 16));
    } else {
      throw new AddressError(
        text,
        `is not an IPv6 address: group ${JSON.stringify(word)} is not 1 to 4 hexadecimal digits`,
      );
    }
  }
  return result;
}

/** Text of an address: IPv4 dotted decimal, IPv6 as RFC 5952 recommends (section 5 for IPv4-mapped addresses). */
export function formatIp(ip: Ip): string {
  return ip.family === 4 ? formatIpv4(Number(ip.value)) : formatIpv6(ip.value);
}

function formatIpv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

function formatIpv6(value: bigint): string {
  if (value >> 32n === 0xffffn) return `::ffff:${formatIpv4(Number(value & 0xffffffffn))}`;
  const parts: number[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) parts.push(Number((value >> shift) & 0xffffn));
  const [start, length] = longestZeroRun(parts);
  const hex = (list: number[]) => list.map((group) => group.toString(16)).join(':');
  if (length < 2) return hex(parts);
  return `${hex(parts.slice(0, start))}::${hex(parts.slice(start + length))}`;
}

/** first longest run of zero groups (RFC 5952 4.2.3) */
function longestZeroRun(parts: readonly number[]): [start: number, length: number] {
  let best: [number, number] = [0, 0];
  for (let start = 0; start < parts.length; start += 1) {
    let end = start;
    while (end < parts.length && parts[end] === 0) end += 1;
    if (end - start > best[1]) best = [start, end - start];
    if (end > start) start = end;
  }
  return best;
}

/** the text of `text` in its one canonical spelling. @throws AddressError */
export function canonicalIp(text: string): string {
  return formatIp(parseIp(text));
}

/** @throws RangeError when the sum leaves the family's address space */
export function addToIp(ip: Ip, count: bigint): Ip {
  const value = ip.value + count;
  if (value < 0n || value > maxValue(ip.family))
    throw new RangeError(`${formatIp(ip)} + ${count} leaves the address space`);
  return { family: ip.family, value };
}

/** IPv4 before IPv6, then by number */
export function compareIp(a: Ip, b: Ip): -1 | 0 | 1 {
  if (a.family !== b.family) return a.family < b.family ? -1 : 1;
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}
