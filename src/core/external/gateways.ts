/**
 * Which nodes carry gateways to a physical network, and in which order they take over from each other. Pure, and stable: a node that comes or goes
 * moves only what it gets or what it had (rendezvous hashing).
 */
import { hash32 } from '../ovn/mac.ts';

export type GatewayState = 'up' | 'draining' | 'lost' | 'down';

export interface GatewayNode {
  readonly node: string;
  readonly state: GatewayState;
}

export interface GatewayRank {
  readonly node: string;
  /** the highest that lives is active: 0 to 32767 (ovn-nb(5), HA_Chassis) */
  readonly priority: number;
}

/** Nodes that stand by for one gateway: each runs BFD sessions with all the others. */
const STANDBY = 4;
/** nodes that Weft chooses itself, where nobody has the label */
export const CHOSEN = 8;

/** a node that is being emptied is better than one that others have not reached of late, and that one than one whose uplink is dead */
const BASE: Readonly<Record<GatewayState, number>> = { up: 200, draining: 100, lost: 50, down: 10 };

/** At most `count` of them, the same ones whoever asks. @param seed what they are chosen for */
export function chosen(seed: string, nodes: readonly string[], count: number = CHOSEN): readonly string[] {
  return preferred(seed, nodes).slice(0, count).toSorted();
}

/** The node that a gateway belongs to while all is well. */
export function leaderOf(gateway: string, nodes: readonly string[]): string | undefined {
  return preferred(gateway, nodes)[0];
}

/** Who takes over from a leader, in which order, by the state of each. */
export function ranks(leader: string, nodes: readonly GatewayNode[]): readonly GatewayRank[] {
  const others = preferred(
    leader,
    nodes.map(({ node }) => node).filter((node) => node !== leader),
  );
  return ranksInOrder([leader, ...others.slice(0, STANDBY)], nodes);
}

/** The same where somebody says in which order, of at most 39; those that are not there are left out. */
export function ranksInOrder(order: readonly string[], nodes: readonly GatewayNode[]): readonly GatewayRank[] {
  const states = new Map(nodes.map(({ node, state }) => [node, state]));
  // states must not meet
  const first = order.slice(0, BASE.lost - BASE.down - 1);
  return first.flatMap((node, index) => {
    const state = states.get(node);
    return state === undefined ? [] : [{ node, priority: BASE[state] + first.length - index }];
  });
}

/** The nodes of `nodes` that carry a gateway or stand by for it, in order. */
export function standing(gateway: string, nodes: readonly string[]): readonly string[] {
  return preferred(gateway, nodes).slice(0, 1 + STANDBY);
}

/** The state that a rank was given for: what was decided before a restart is read back from the rows. */
export function isRankOfLost(priority: number): boolean {
  return priority > BASE.lost && priority < BASE.draining;
}

/** Who carries a gateway while all is well, from the ranks of now. */
export function leaderByRank(of: readonly GatewayRank[]): string | undefined {
  const preference = ({ priority }: GatewayRank) =>
    priority - Math.max(0, ...Object.values(BASE).filter((base) => base < priority));
  return of.toSorted((a, b) => preference(b) - preference(a))[0]?.node;
}

/** nodes in the order in which something prefers them */
function preferred(seed: string, nodes: readonly string[]): readonly string[] {
  const scored = nodes.map((node) => ({ node, score: hash32(`${seed}\n${node}`, 0x27d4eb2f) }));
  return scored.toSorted((a, b) => b.score - a.score || (a.node < b.node ? -1 : 1)).map(({ node }) => node);
}
