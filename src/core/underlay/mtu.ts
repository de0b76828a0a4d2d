/**
 * How large a guest's packet may be, from what the nodes say of their links.
 *
 * Unicast between guests takes the network that they choose, and the default network when that one fails: the smaller of both counts. What OVN
 * sends elsewhere (broadcast, multicast, to a gateway chassis) may take any tunnel there is: for that the smallest of all counts.
 */
import type { Subnet } from '../../kinds/subnet.ts';
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import type { NodeUnderlayStatus, NodeUplink } from '../../kinds/node-underlay.ts';
import { attachmentConfig, providerOf } from '../ipam/attachments.ts';
import { type Encap, ENCAPS, overhead } from '../ovn/encap.ts';
import { choiceOf } from './choice.ts';

/** bytes, as long as no node has said otherwise (RFC 894) */
export const ETHERNET_MTU = 1500;

/** bytes of a guest's packet; without headers between nodes */
export interface GuestMtus {
  /** by the default network; undefined while no node has said anything */
  readonly standard: number | undefined;
  /** by network, the default one included */
  readonly byNetwork: Readonly<Record<string, number>>;
  /** by any network that tunnels run over */
  readonly floor: number | undefined;
}

export function guestMtus(reports: Iterable<NodeUnderlayStatus>): GuestMtus {
  const byNetwork = new Map<string, number>();
  let standard: number | undefined;
  let floor: number | undefined;
  for (const { networks = [], encapsulations = [] } of reports)
    for (const { name, address, mtu = 0, default: isDefault, inUse } of networks) {
      if (mtu <= 0) continue;
      const encaps = encapsulations.filter((encap): encap is Encap => (ENCAPS as readonly string[]).includes(encap));
      const fits =
        mtu - Math.max(...(encaps.length > 0 ? encaps : ENCAPS).map((one) => overhead(one, address.includes(':'))));
      byNetwork.set(name, Math.min(fits, byNetwork.get(name) ?? fits));
      if (isDefault) standard = Math.min(fits, standard ?? fits);
      if (isDefault || inUse) floor = Math.min(fits, floor ?? fits);
    }
  return { standard, byNetwork: Object.fromEntries(byNetwork), floor };
}

/** what is asked of an uplink */
type Carries = Pick<NodeUplink, 'name' | 'ready'> & { readonly mtu?: number | undefined };

/** Bytes that fit a packet on a physical network, on whichever node; undefined while none is on it. */
export function uplinkMtu(provider: string, uplinks: Iterable<Carries>): number | undefined {
  const mtus = [...uplinks].flatMap(({ name, ready, mtu }) => (name === provider && ready && mtu ? [mtu] : []));
  return mtus.length === 0 ? undefined : Math.min(...mtus);
}

/** What a subnet of a VLAN has; @param own spec.mtu, 0: all that fits. @param fits bytes that the physical network carries */
export function vlanMtu(own: number, fits = ETHERNET_MTU): number {
  return own === 0 ? fits : Math.min(own, fits);
}

export interface SubnetMtu {
  /** bytes that guests and the router are told */
  readonly mtu: number;
  /** bytes that fit whatever way a packet takes between guests, also when the chosen network fails */
  readonly safe: number;
  /** bytes that fit the chosen network */
  readonly chosen: number;
}

/** @param own spec.mtu; 0: what is safe. @param fallback bytes by flag, where no node has said anything */
export function subnetMtu(own: number, choices: readonly string[], mtus: GuestMtus, fallback: number): SubnetMtu {
  const standard = mtus.standard ?? fallback;
  const chosen = Math.min(
    ...(choices.length === 0 ? [standard] : choices.map((name) => mtus.byNetwork[name] ?? standard)),
  );
  const safe = Math.min(standard, chosen);
  if (own === 0 || safe === 0) return { mtu: own || safe, safe, chosen };
  return { mtu: own <= chosen ? own : safe, safe, chosen };
}

/** The networks between nodes that a subnet's guests choose, by it and by the attachments that it serves. */
export function choicesOf(subnet: Subnet, attachments: Iterable<NetworkAttachmentDefinition>): readonly string[] {
  const own = subnet.spec?.nodeNetwork;
  if (own) return [own];
  const { name } = subnet.metadata;
  const names = [...attachments]
    .filter((attachment) => serves(subnet, name, attachment))
    .flatMap((attachment) => choiceOf(subnet, attachment)?.network ?? []);
  return [...new Set(names)].toSorted();
}

function serves({ spec }: Subnet, name: string, attachment: NetworkAttachmentDefinition): boolean {
  const { namespace = '', name: own } = attachment.metadata;
  if (spec?.provider === providerOf(namespace, own)) return true;
  const config = attachmentConfig(attachment);
  return 'ours' in config && config.ours && config.subnet === name;
}
