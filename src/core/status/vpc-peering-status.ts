import { formatCidr } from '../../lib/netaddr/cidr.ts';
import type { VpcPeering, VpcPeeringStatus } from '../../kinds/vpc-peering.ts';
import type { Link } from '../compile/vpc-links.ts';
import { type Finding, withCondition } from './condition.ts';

/** Status of a peering: the link's prefixes, what is reachable on either side, the Ready condition. @param link the local end, if there is one */
export function vpcPeeringStatus(
  peering: VpcPeering,
  link: Link | undefined,
  ready: Finding,
  now: string,
): VpcPeeringStatus {
  return {
    conditions: withCondition(peering.status?.conditions as never, ready, now) as never,
    linkCIDR: link?.own.map(({ cidr }) => formatCidr(cidr)).join(',') ?? '',
    localPrefixes: link?.managed?.localPrefixes.map(formatCidr) ?? [],
    remotePrefixes: link?.managed?.remotePrefixes.map(formatCidr) ?? [],
  };
}
