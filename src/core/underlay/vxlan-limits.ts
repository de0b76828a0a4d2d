/**
 * What VXLAN leaves of OVN's numbers (ovn-architecture(7), Tunnel Encapsulations): a VNI has 24 bits, 12 for the datapath and 12 for the port, and
 * the upper half of the port numbers belongs to multicast groups. One node that speaks VXLAN limits the whole installation.
 */
import type { Match } from '../ovn/match/match.ts';
import { parseMatch } from '../ovn/match/parse.ts';

/** routers and switches together: number 0 is none */
export const VXLAN_DATAPATHS = 4095;
/** ports of one switch or router, those to routers included: number 0 is none */
export const VXLAN_PORTS = 2047;

/** part of a limit from which on it is warned of, in percent */
const WARN_PERCENT = 90;

export function isNear(count: number, limit: number): boolean {
  return count * 100 > limit * WARN_PERCENT;
}

/** what an ACL matches on a packet's way in; a packet out of a VXLAN tunnel does not carry it */
export function matchesIngressPort(text: string): boolean {
  const parsed = parseMatch(text);
  return 'expression' in parsed && readsIngressPort(parsed.expression);
}

function readsIngressPort(match: Match): boolean {
  if (match.kind === 'and' || match.kind === 'or') return match.operands.some(readsIngressPort);
  return match.kind === 'compare' && match.field.name === 'inport';
}
