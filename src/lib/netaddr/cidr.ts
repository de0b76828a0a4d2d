import { AddressError } from './error.ts';
import { type Family, formatIp, type Ip, parseIp, width } from './ip.ts';

/** A prefix: `base` is its network address (host bits are zero), `bits` its length, 0..32 or 0..128. */
export interface Cidr {
  readonly family: Family;
  readonly base: bigint;
  readonly bits: number;
}

/** An address with the length of its prefix, as interfaces carry it (`10.0.0.5/24`). */
export interface InterfaceAddress {
  readonly ip: Ip;
  readonly cidr: Cidr;
}

/**
 * Parses `ADDRESS/LENGTH`; host bits may be set, the caller decides what that means.
 * @throws AddressError
 */
export function parseInterface(text: string): InterfaceAddress {
  const slash = text.indexOf('/');
  if (slash < 0) throw new AddressError(text, 'is not a CIDR: it has no prefix length');
  const ip = parseIp(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (!/^(0|[1-9][0-9]{0,2})$/.test(length))
    throw new AddressError(text, `is not a CIDR: prefix length ${JSON.stringify(length)} is not a number`);
  const bits = Number(length);
  if (bits > width(ip.family))
    throw new AddressError(text, `is not a CIDR: prefix length ${bits} is above ${width(ip.family)}`);
  return { ip, cidr: cidrOf(ip, bits) };
}

/** Parses a prefix whose host bits must be zero. @throws AddressError */
export function parseCidr(text: string): Cidr {
  const { ip, cidr } = parseInterface(text);
  if (ip.value !== cidr.base)
    throw new AddressError(text, `is not a network address: host bits are set (the network is ${formatCidr(cidr)})`);
  return cidr;
}

/** the prefix of length `bits` that holds `ip` */
export function cidrOf(ip: Ip, bits: number): Cidr {
  return { family: ip.family, base: ip.value & ~hostMask(ip.family, bits), bits };
}

/** A prefix, host bits cleared; an address is the prefix that holds it alone. @throws AddressError */
export function parsePrefix(text: string): Cidr {
  return text.includes('/') ? parseInterface(text).cidr : hostPrefix(parseIp(text));
}

/** The prefix that holds this address alone. */
export function hostPrefix(ip: Ip): Cidr {
  return cidrOf(ip, width(ip.family));
}

function hostMask(family: Family, bits: number): bigint {
  return (1n << BigInt(width(family) - bits)) - 1n;
}

export function formatCidr(cidr: Cidr): string {
  return `${formatIp({ family: cidr.family, value: cidr.base })}/${cidr.bits}`;
}

/** the all-ones address of a prefix (IPv4: the broadcast address) */
export function lastValue(cidr: Cidr): bigint {
  return cidr.base | hostMask(cidr.family, cidr.bits);
}

export function cidrContains(cidr: Cidr, ip: Ip): boolean {
  return ip.family === cidr.family && ip.value >= cidr.base && ip.value <= lastValue(cidr);
}

export function cidrCovers(outer: Cidr, inner: Cidr): boolean {
  return (
    outer.family === inner.family &&
    outer.bits <= inner.bits &&
    cidrOf({ family: inner.family, value: inner.base }, outer.bits).base === outer.base
  );
}

/** two prefixes overlap exactly when one covers the other */
export function cidrsOverlap(a: Cidr, b: Cidr): boolean {
  return cidrCovers(a, b) || cidrCovers(b, a);
}

/** the prefix itself and all shorter ones that cover it, longest first */
export function* coveringCidrs(cidr: Cidr): Generator<Cidr> {
  for (let bits = cidr.bits; bits >= 0; bits -= 1) yield cidrOf({ family: cidr.family, value: cidr.base }, bits);
}

/**
 * First and last address that a host may have: without network and all-ones address, except in /31, /127 (RFC 3021, RFC 6164)
 * and single-address prefixes, where every address is usable. (IPv6 has no broadcast; its all-ones address is left out as Kube-OVN does.)
 */
export function usableBounds(cidr: Cidr): { readonly first: bigint; readonly last: bigint } {
  const all = cidr.bits >= width(cidr.family) - 1;
  return all ? { first: cidr.base, last: lastValue(cidr) } : { first: cidr.base + 1n, last: lastValue(cidr) - 1n };
}

/** special-purpose prefixes (RFC 6890) that no tenant network can be */
export function specialPurpose(cidr: Cidr): string | undefined {
  for (const [text, name] of SPECIAL) if (cidrsOverlap(cidr, parseCidr(text))) return name;
  return undefined;
}

const SPECIAL: readonly (readonly [string, string])[] = [
  ['0.0.0.0/8', '"this network" (RFC 791)'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved (RFC 1112)'],
  ['::/128', 'the unspecified address'],
  ['::1/128', 'loopback'],
  ['::ffff:0:0/96', 'IPv4-mapped addresses'],
  ['fe80::/10', 'link-local'],
  ['ff00::/8', 'multicast'],
];
