/** The tunnel addresses of a chassis and of its ports (ovn-controller(8): ovn-encap-ip, ovn-encap-ip-default, Interface external_ids:encap-ip). */
import type { TunnelNetwork } from './tunnel-networks.ts';

export interface EncapPlan {
  /** the default first; empty while there is none */
  readonly addresses: readonly string[];
  /** networks that tunnels run over beside the default: name -> address */
  readonly addressOf: ReadonlyMap<string, string>;
}

/**
 * @param chosen networks that some user's network chooses: a tunnel address that nobody needs would only add tunnels, over which broadcast of
 *   everybody may go
 * @param unfit networks that tunnels must not run over
 */
export function encapPlan(
  networks: readonly TunnelNetwork[],
  chosen: ReadonlySet<string>,
  unfit: (network: string) => boolean,
): EncapPlan {
  const standard = networks.find(({ isDefault }) => isDefault);
  if (!standard) return { addresses: [], addressOf: new Map() };
  const others = networks.filter(
    ({ name, address, isDefault, isListed }) =>
      !isDefault && address !== standard.address && (isListed || chosen.has(name)) && !unfit(name),
  );
  const addresses = [...new Set(others.map(({ address }) => address))].toSorted();
  return {
    addresses: [standard.address, ...addresses],
    addressOf: new Map(others.map(({ name, address }) => [name, address])),
  };
}
