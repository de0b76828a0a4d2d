/** Next hops of equal cost: who has the address, and whether OVN has that port anywhere. */
import { hostPrefix } from '../../lib/netaddr/cidr.ts';
import { formatIp, type Ip } from '../../lib/netaddr/ip.ts';
import type { Emit, Read } from './rule.ts';
import { subnetCovering } from './vpc-subnets.ts';

export interface Hop {
  readonly nextHop: Ip;
  /** field that names it */
  readonly field: string;
}

/** The subnet of a VPC that holds an address. */
export function subnetOf(vpc: string, address: Ip, read: Read): string | undefined {
  return subnetCovering(vpc, hostPrefix(address), read);
}

/**
 * Several next hops without those whose port is down: OVN itself would go on sending them their share. A single one stays, and so do all when
 * all are down: there is nothing better. An address that no IP object has is taken to answer.
 */
export function hopsInUse<T extends Hop>(vpc: string, hops: readonly T[], read: Read, emit: Emit): readonly T[] {
  if (hops.length < 2) return hops;
  const down = new Map(hops.map((hop) => [hop, portDown(vpc, hop.nextHop, read)]));
  const up = hops.filter((hop) => down.get(hop) === undefined);
  if (up.length === 0) return hops;
  for (const [{ nextHop, field }, port] of down)
    if (port !== undefined)
      emit.issue({
        reason: 'NextHopDown',
        severity: 'warning',
        field,
        message: `${field}: ${formatIp(nextHop)} (IP object ${port}) is on no node, so its share goes to the other next hops until it is back: start its machine, or take the address out`,
      });
  return up;
}

function portDown(vpc: string, address: Ip, read: Read): string | undefined {
  const subnet = subnetOf(vpc, address, read);
  if (subnet === undefined) return undefined;
  return read
    .keys('IP', 'address', `${subnet}|${formatIp(address)}`)
    .toSorted()
    .find((port) => read.get('PortDown', port) !== undefined);
}
