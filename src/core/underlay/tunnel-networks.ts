/** The networks between nodes that one node is on: what is declared, held against the devices that there are. */
import type { HostNetwork } from './host-networks.ts';
import type { NodeNetworks } from './node-annotations.ts';

/** One device of the node, as the kernel tells. */
export interface Link {
  readonly name: string;
  /** bytes */
  readonly mtu: number;
  /** somebody wants it up */
  readonly up: boolean;
  /** it is up, and there is a carrier */
  readonly running: boolean;
  /** it answers ARP, for any address of the node */
  readonly arp: boolean;
  /** global addresses with prefix length, `192.168.1.11/24` */
  readonly addresses: readonly string[];
}

export interface TunnelNetwork {
  /** ClusterNetwork, or a name of the Node's annotation; empty: the tunnel address belongs to none */
  readonly name: string;
  readonly address: string;
  readonly device: string;
  /** bytes; 0 while there is no device */
  readonly mtu: number;
  readonly isDefault: boolean;
  /** tunnels are to run over it even if no network chooses it: the Node's annotation lists it */
  readonly isListed: boolean;
  readonly up: boolean;
  /** why it is not up */
  readonly reason?: string;
}

export interface Sources {
  readonly annotated: NodeNetworks['addresses'];
  readonly hostNetworks: readonly HostNetwork[];
  /** device that has, or should have, the address of a network */
  readonly deviceOf: (network: HostNetwork) => string | undefined;
  /** NIC below the device whose carrier counts as well */
  readonly uplinkOf: (device: string) => string | undefined;
  readonly links: ReadonlyMap<string, Link>;
  /** tunnel address by flag: comes before everything else */
  readonly fixed: string | undefined;
  /** NIC by annotation of the Node */
  readonly tunnelInterface: string | undefined;
  /** device whose address is taken when nothing is declared */
  readonly fallbackDevice: string | undefined;
  /** InternalIP of the Node: the last resort */
  readonly internalAddress: string | undefined;
}

/** The default comes first, the others by name. A network without any address on this node is not among them. */
export function tunnelNetworks(sources: Sources): readonly TunnelNetwork[] {
  const named = new Map<string, TunnelNetwork>();
  for (const network of sources.hostNetworks) {
    const device = sources.deviceOf(network);
    const address = addressOf(network, device === undefined ? undefined : sources.links.get(device));
    if (device !== undefined && address !== undefined)
      named.set(network.name, onDevice(network.name, address, device, sources));
  }
  for (const [name, address] of sources.annotated)
    named.set(name, { ...onDevice(name, address, holderOf(address, sources), sources), isListed: true });
  const standard = defaultAddress(sources, named);
  const others = [...named.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  if (standard === undefined) return others;
  const known = others.find(({ address }) => address === standard);
  const first = known ?? onDevice('', standard, holderOf(standard, sources), sources);
  return [{ ...first, isDefault: true }, ...others.filter((network) => network !== known)];
}

/**
 * The declared address, also while the device has none; what is there otherwise counts more than what is said. A node that a static network has
 * no address for is not on it.
 */
function addressOf({ address, mode }: HostNetwork, link: Link | undefined): string | undefined {
  if (mode === 'static' && address === undefined) return undefined;
  const present = link?.addresses ?? [];
  return bare(address !== undefined && (present.length === 0 || present.includes(address)) ? address : present[0]);
}

function bare(address: string | undefined): string | undefined {
  return address?.split('/')[0];
}

function holderOf(address: string, { links }: Sources): string {
  for (const link of links.values()) if (link.addresses.some((one) => bare(one) === address)) return link.name;
  return '';
}

function onDevice(name: string, address: string, device: string, { links, uplinkOf }: Sources): TunnelNetwork {
  const link = links.get(device);
  const uplink = uplinkOf(device);
  const lower = uplink === undefined ? undefined : links.get(uplink);
  const reason =
    link === undefined
      ? device === ''
        ? `no device has address ${address}`
        : `there is no device ${device}`
      : !link.addresses.some((one) => bare(one) === address)
        ? `${device} does not have address ${address}`
        : !link.running
          ? `${device} is down`
          : lower && !lower.running
            ? `${lower.name} has no carrier`
            : undefined;
  return {
    name,
    address,
    device,
    mtu: link?.mtu ?? 0,
    isDefault: false,
    isListed: false,
    up: reason === undefined,
    ...(reason === undefined ? {} : { reason }),
  };
}

function defaultAddress(sources: Sources, named: ReadonlyMap<string, TunnelNetwork>): string | undefined {
  const { fixed, tunnelInterface, fallbackDevice, internalAddress, hostNetworks, links } = sources;
  const chosen = hostNetworks.find(({ isUnderlay, name }) => isUnderlay && named.has(name));
  const firstOf = (device: string | undefined) =>
    device === undefined ? undefined : bare(links.get(device)?.addresses[0]);
  return (
    fixed ??
    firstOf(tunnelInterface) ??
    (chosen && named.get(chosen.name)!.address) ??
    firstOf(fallbackDevice) ??
    (fallbackDevice === undefined ? internalAddress : undefined)
  );
}
