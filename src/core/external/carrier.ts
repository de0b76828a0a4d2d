/** Why a node carries a gateway, in a sentence for people: who would while all is well, and what is the matter with that one. */

import type { KubeObject } from '../../kinds/object.ts';
import { isRankOfLost } from './gateways.ts';

export interface GatewayFacts {
  /** node that carries it, as OVN says */
  readonly carrier: string | undefined;
  /** node that carries it while all is well */
  readonly leader: string;
  /** of all nodes that may carry it; of one that has lost it, see `isRankOfLost` */
  readonly priorities: ReadonlyMap<string, number>;
  /** nodes that take no new pods */
  readonly cordoned: ReadonlySet<string>;
  /** nodes whose uplink does not work -> why */
  readonly cut: ReadonlyMap<string, string>;
}

export function whyCarried({ carrier, leader, priorities, cordoned, cut }: GatewayFacts): string {
  if (carrier === undefined)
    return `nobody carries it: ${[...priorities.keys()].toSorted().join(', ')} may, and none does`;
  const own = cut.get(carrier);
  const although = own === undefined ? '' : `, although its own uplink does not work (${own})`;
  if (carrier === leader) return `it leads${although}`;
  return `${leader} leads, ${whyNot({ leader, priorities, cordoned, cut }, carrier)}${although}`;
}

function whyNot({ leader, priorities, cordoned, cut }: Omit<GatewayFacts, 'carrier'>, carrier: string): string {
  const uplink = cut.get(leader);
  if (uplink !== undefined) return `whose uplink does not work (${uplink})`;
  if (cordoned.has(leader)) return 'which is cordoned';
  const priority = priorities.get(leader);
  if (priority === undefined) return 'which is not there';
  if (isRankOfLost(priority)) return 'which other nodes did not reach by their tunnels of late';
  return priority > (priorities.get(carrier) ?? 0)
    ? 'which other nodes do not reach by their tunnels'
    : 'which is on its way back';
}

/** The node takes no new pods: it is on its way out. */
export function isCordoned({ spec }: KubeObject): boolean {
  return (spec as { readonly unschedulable?: boolean } | undefined)?.unschedulable === true;
}
