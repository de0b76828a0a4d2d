/** What Node annotations of Kube-OVN say of tunnels. */
import { attempt } from '../../lib/netaddr/error.ts';
import { canonicalIp } from '../../lib/netaddr/ip.ts';

/** JSON object, network -> tunnel address of this node */
export const NODE_NETWORKS_ANNOTATION = 'ovn.kubernetes.io/node_networks';
/** the NIC whose address the tunnels have by default */
export const TUNNEL_INTERFACE_ANNOTATION = 'ovn.kubernetes.io/tunnel_interface';

/** names of networks: as objects are named */
const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

export function isNetworkName(text: string): boolean {
  return NAME.test(text);
}

export interface NodeNetworks {
  readonly addresses: ReadonlyMap<string, string>;
  /** sentence parts: what is left out, and why */
  readonly problems: readonly string[];
}

export function parseNodeNetworks(text: string | undefined): NodeNetworks {
  const addresses = new Map<string, string>();
  if (text === undefined || text.trim() === '') return { addresses, problems: [] };
  const value = attemptJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return {
      addresses,
      problems: [`annotation ${NODE_NETWORKS_ANNOTATION} must be a JSON object, {"network":"address"}`],
    };
  const problems: string[] = [];
  for (const [name, address] of Object.entries(value)) {
    const ip = typeof address === 'string' ? attempt(() => canonicalIp(address)) : undefined;
    if (!isNetworkName(name))
      problems.push(`annotation ${NODE_NETWORKS_ANNOTATION}: ${JSON.stringify(name)} is no name of a network`);
    else if (ip === undefined)
      problems.push(
        `annotation ${NODE_NETWORKS_ANNOTATION}: ${JSON.stringify(address)} of network ${JSON.stringify(name)} is no address`,
      );
    else addresses.set(name, ip);
  }
  return { addresses, problems };
}

function attemptJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
