/**
 * Which address of this node has to reach which of another.
 *
 *   data2 ──────── data2     the same network: what tunnels of guests who choose it run over
 *        ╲       ╱
 *          ╲   ╱             between two networks: what OVN sends with the sender's choice to the receiver's (routed between subnets, and to a
 *          ╱   ╲             node that has left a network), and broadcast
 *        ╱       ╲
 *   data3 ──────── data3
 */
import type { NodeUnderlayStatus } from '../../kinds/node-underlay.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { canonicalIp } from '../../lib/netaddr/ip.ts';
import type { TunnelNetwork } from './tunnel-networks.ts';

export interface AddressPair {
  /** network of this node */
  readonly here: string;
  /** network of the other node */
  readonly there: string;
  readonly node: string;
  readonly from: string;
  readonly to: string;
  /** bytes that should pass, as links count them */
  readonly expectedMtu: number;
  /** the other node says that it has the address */
  readonly isUp: boolean;
  /** tunnels of the other node that choose nothing run over it */
  readonly isDefault: boolean;
}

/** @param used addresses of this node that tunnels run over now: between two networks only those matter */
export function addressPairs(
  networks: readonly TunnelNetwork[],
  used: ReadonlySet<string>,
  node: string,
  { networks: theirs = [] }: NodeUnderlayStatus,
): readonly AddressPair[] {
  const standard = networks.find(({ isDefault }) => isDefault);
  return theirs.flatMap((there) => {
    const to = attempt(() => canonicalIp(there.address));
    if (to === undefined) return [];
    const isDefault = there.default === true;
    const same = networks.find(({ name }) => name === there.name);
    // nodes may be on different networks by default
    const direct = same ?? (isDefault ? standard : undefined);
    const mixed = networks.filter(
      (here) => here !== direct && used.has(here.address) && (there.inUse === true || isDefault),
    );
    return [direct, ...mixed].flatMap((here): AddressPair[] => {
      if (!here || to.includes(':') !== here.address.includes(':')) return [];
      const expectedMtu = Math.min(here.mtu, there.mtu ?? here.mtu);
      const ends = { here: here === direct ? there.name : here.name, there: there.name };
      return [{ ...ends, node, from: here.address, to, expectedMtu, isUp: there.up !== false, isDefault }];
    });
  });
}

export function isDirect({ here, there }: Pick<AddressPair, 'here' | 'there'>): boolean {
  return here === there;
}
