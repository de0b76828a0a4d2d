/**
 * Which nodes the ports of a machine are pinned to, from where the machine is and from where OVN has them. Pure.
 *
 * A port may not simply be taken from one node and given to another: both of their ovn-controllers write `Port_Binding.chassis`, and the one
 * that lets go can empty what the other has just written (controller/binding.c: set_pb_chassis_in_sbrec): for some milliseconds the port is
 * nowhere, and its peers drop what they send. So when a machine has arrived, the source lets go first, because its interface goes with its pod:
 *
 *     requested-chassis   chassis  additional_chassis
 *     source,target       source   target               both have it; the target's side has been opened by RARP
 *     source,target       -        target               the source has let go
 *     target              target   -                    the target is alone
 *
 * Each step is one write of one ovn-controller, and the target has the port in all of them.
 */
import type { Placement } from './placement.ts';

/** Where OVN has the ports of a machine that are on more than one node: an observation. Names of chassis, of all the ports together. */
export interface PortsBound {
  readonly chassis: readonly string[];
  readonly additional: readonly string[];
  /** the source was waited for as long as is reasonable */
  readonly late?: true;
}

/** Whether the source of a move that has ended has not let go yet, and is about to. */
export function isHeldBySource({ node, target, left }: Placement, bound: PortsBound | undefined): boolean {
  // one that goes back at once comes to where it is still bound: nobody lets go there
  if (left === undefined || left === target || left === node || !bound) return false;
  return bound.chassis.includes(left) && bound.additional.includes(node);
}

/** In the order of `requested-chassis`: the first has the port, the second is let in by the machine's RARP. */
export function pinOf(
  placement: Placement,
  bound: PortsBound | undefined,
): { readonly node: string; readonly target?: string } {
  const { node, target, left } = placement;
  if (!bound?.late && isHeldBySource(placement, bound)) return { node: left!, target: node };
  return target === undefined ? { node } : { node, target };
}
