/** The node's tunnel address lives on the bridge of its NIC: that is where a userspace datapath looks for it. */
import type { Link } from '../../core/underlay/tunnel-networks.ts';
import { run } from '../../lib/proc/run.ts';

/** What is declared of an underlay on this node; what is not stays as it is. */
export interface UnderlayWish {
  /** with prefix length; other addresses of its family go */
  readonly address?: string | undefined;
  /** bytes */
  readonly mtu?: number | undefined;
  /**
   * The NIC must not answer ARP: a kernel answers for all of its addresses on each of its devices, and tunnels that are sent to the NIC's MAC
   * instead of the bridge's are lost. Only where the kernel sees what comes in by the NIC beside the switch: with a userspace datapath.
   */
  readonly silent?: boolean;
}

/**
 * Lines for `ip -batch` that bring a NIC and its bridge to where they should be: all global addresses of the NIC on the bridge (added there before
 * they are removed here), both up. None when they are there, or while there is no bridge yet.
 */
export function underlayCommands(
  nic: string,
  bridge: string,
  links: ReadonlyMap<string, Link>,
  { address: wanted, mtu: wish, silent = false }: UnderlayWish = {},
): readonly string[] {
  const [from, to] = [links.get(nic), links.get(bridge)];
  if (!to) return [];
  const mtu = wish ?? from?.mtu ?? to.mtu;
  const moving = from?.addresses ?? [];
  const replaces = (address: string) =>
    wanted !== undefined && address !== wanted && isIpv6(address) === isIpv6(wanted);
  const coming = [...moving, ...(wanted === undefined ? [] : [wanted])].filter(
    (address) => !replaces(address) && !to.addresses.includes(address),
  );
  return [
    ...(from && from.mtu !== mtu ? [`link set ${nic} mtu ${mtu}`] : []),
    ...(to.mtu === mtu ? [] : [`link set ${bridge} mtu ${mtu}`]),
    ...[...new Set(coming)].map((address) => `addr replace ${address} dev ${bridge}${isIpv6(address) ? ' nodad' : ''}`),
    ...moving.map((address) => `addr del ${address} dev ${nic}`),
    ...(silent && from?.arp ? [`link set ${nic} arp off`] : []),
    ...to.addresses.filter(replaces).map((address) => `addr del ${address} dev ${bridge}`),
    ...[from, to].flatMap((link) => (link && !link.up ? [`link set ${link.name} up`] : [])),
  ];
}

function isIpv6(address: string): boolean {
  return address.includes(':');
}

export async function runIp(commands: readonly string[]): Promise<void> {
  if (commands.length > 0) await run(['ip', '-batch', '-'], { input: `${commands.join('\n')}\n`, deadline: 10 });
}

export type Offloads = 'all' | 'checksums' | 'none';

/** Turns transmit offloads off, where Open vSwitch cannot carry them: segmentation (`tso`), or checksums, and segmentation with them (`tx`). */
export async function turnOffloadsOff(device: string, netns?: string, feature: 'tso' | 'tx' = 'tx'): Promise<void> {
  const inside = netns ? ['nsenter', `--net=${netns}`] : [];
  await run([...inside, 'ethtool', '-K', device, feature, 'off'], { deadline: 10 });
}
