/**
 * Whether tunnels may run over a network. OVN does not change the underlay of a port by itself: what is sent to an address that does not answer
 * is lost. A port has one tunnel address for all its peers, so one broken pair is enough to leave the network: for every node that has lost
 * somebody on it, and only while the lost one is alive elsewhere.
 */
import type { TunnelNetwork } from './tunnel-networks.ts';

/** undefined: not known yet */
export type Reachable = boolean | undefined;

/** Another node, as it says itself, and as it is seen from here. */
export interface PeerNode {
  readonly node: string;
  readonly networks: ReadonlyMap<string, PeerNetwork>;
}

export interface PeerNetwork {
  readonly address: string;
  /** as the other node says */
  readonly up: boolean;
  readonly isDefault: boolean;
  /** as it is seen from here */
  readonly reachable: Reachable;
}

/** Why tunnels must not run over each network that they must not run over. The default network has no replacement and is never among them. */
export function unfitNetworks(
  networks: readonly TunnelNetwork[],
  peers: readonly PeerNode[],
): ReadonlyMap<string, string> {
  const unfit = new Map<string, string>();
  for (const network of networks) {
    if (network.isDefault) continue;
    const reason = network.up ? brokenPair(network, peers) : (network.reason ?? 'it is down');
    if (reason !== undefined) unfit.set(network.name, reason);
  }
  return unfit;
}

function brokenPair({ name }: TunnelNetwork, peers: readonly PeerNode[]): string | undefined {
  for (const { node, networks } of peers) {
    const there = networks.get(name);
    if (!there || !isAlive(networks, name)) continue;
    if (!there.up) return `${node} says that it is down there`;
    if (there.reachable === false) return `${node} (${there.address}) does not answer on it`;
  }
  return undefined;
}

/** a node that answers nowhere is gone: no network is to blame */
function isAlive(networks: PeerNode['networks'], except: string): boolean {
  return [...networks].some(([name, { reachable }]) => name !== except && reachable === true);
}
