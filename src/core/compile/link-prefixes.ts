/** Which two VPCs a VpcPeering is about, and the addresses that their link has. */
import { type Cidr, cidrOf, coveringCidrs, parseCidr } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { addToIp, type Ip } from '../../lib/netaddr/ip.ts';
import type { VpcPeering } from '../../kinds/vpc-peering.ts';
import { hash32 } from '../ovn/mac.ts';

/** Two VPCs that VpcPeerings name, in the order of their names. */
export type Pair = readonly [first: string, second: string];

export function pairOf({ spec }: VpcPeering): Pair {
  const [first, second] = [spec?.localVpc ?? '', spec?.remoteVpc ?? ''].toSorted();
  return [first!, second!];
}

/** key of a pair in the index of VpcPeerings; names of objects have no bar */
export const pairKey = ([first, second]: Pair) => `${first}|${second}`;

/** addresses of links that Weft chooses: a router's own, never seen by guests, and no subnet can have them */
export const LINK_RANGES: readonly Cidr[] = [
  parseCidr('169.254.0.0/16'), // link-local (RFC 3927)
  parseCidr('fd57:6566:7400::/40'), // a unique local prefix of our own (RFC 4193)
];
/** in a /31 OVN takes the second address for the broadcast address, and drops what comes from there: errors that the router reports */
const LINK_BITS = 30;
/** links in a /24 */
const SLOTS = 64;
/** without the first and last /24, and that of cloud metadata services, 169.254.169.0/24 */
const LINK_SLOTS = 253 * SLOTS;
const METADATA_SLOT = 168 * SLOTS;

/** Prefixes of the link: what an object says, else ones that follow from the names, the same after any restart. */
export function linkPrefixes(pair: Pair, objects: readonly VpcPeering[]): readonly Cidr[] {
  const key = pairKey(pair);
  const slot = hash32(key, 1) % LINK_SLOTS;
  const free = slot >= METADATA_SLOT ? slot + SLOTS : slot;
  const said = objects.flatMap(({ spec }) => (spec?.linkCIDR ? (attempt(() => parseCidr(spec.linkCIDR!)) ?? []) : []));
  const v6 = (BigInt(hash32(key, 2)) << 32n) | BigInt(hash32(key, 3));
  const [v4Range, v6Range] = LINK_RANGES.map(({ family, base }): Ip => ({ family, value: base }));
  return [
    said[0] ?? cidrOf(addToIp(v4Range!, 256n + BigInt(free) * 4n), LINK_BITS),
    cidrOf(addToIp(v6Range!, v6 << 1n), 127),
  ];
}

/** All prefixes that a link may have as far as one of its objects says: which counts is decided among all of them. */
export function possibleLinks(peering: VpcPeering): readonly Cidr[] {
  const pair = pairOf(peering);
  return [...linkPrefixes(pair, []), ...linkPrefixes(pair, [peering]).slice(0, 1)];
}

/** Prefixes of links that hold this one. Of IPv6 nobody can say one: all have the same length. */
export function outerLinks(cidr: Cidr): readonly Cidr[] {
  return cidr.family === 6 ? [cidr] : [...coveringCidrs(cidr)];
}
