/** The node's tunnel address lives on the bridge of its NIC: that is where a userspace datapath looks for it. */
import { run } from '../../lib/proc/run.ts';
import { underlayBridge } from './chassis.ts';

interface AddressInfo {
  readonly family: string;
  readonly local: string;
  readonly prefixlen: number;
  readonly scope: string;
}

interface LinkInfo {
  readonly ifname: string;
  readonly mtu: number;
  readonly flags: readonly string[];
  readonly addr_info: readonly AddressInfo[];
}

/**
 * Moves all global addresses of `nic` to its bridge (added there before they are removed here) and brings both up. Doing it again is fine.
 * @returns the bridge's global addresses, or undefined while the bridge has no device yet
 */
export async function settleUnderlay(nic: string): Promise<readonly string[] | undefined> {
  const bridge = underlayBridge(nic);
  const links = await linksOf([nic, bridge]);
  const [from, to] = [links.get(nic), links.get(bridge)];
  if (!to) return undefined;
  const isGlobal = ({ scope }: AddressInfo) => scope === 'global';
  const moving = from?.addr_info.filter(isGlobal) ?? [];
  const text = ({ local, prefixlen }: AddressInfo) => `${local}/${prefixlen}`;
  const commands = [
    ...(from && from.mtu !== to.mtu ? [`link set ${bridge} mtu ${from.mtu}`] : []),
    ...moving.map(
      (address) => `addr replace ${text(address)} dev ${bridge}${address.family === 'inet6' ? ' nodad' : ''}`,
    ),
    ...moving.map((address) => `addr del ${text(address)} dev ${nic}`),
    ...[from, to].flatMap((link) => (link && !link.flags.includes('UP') ? [`link set ${link.ifname} up`] : [])),
  ];
  if (commands.length > 0) await run(['ip', '-batch', '-'], { input: `${commands.join('\n')}\n`, deadline: 10 });
  return [...to.addr_info.filter(isGlobal), ...moving].map(({ local }) => local);
}

async function linksOf(names: readonly string[]): Promise<Map<string, LinkInfo>> {
  const { stdout } = await run(['ip', '-j', 'addr', 'show'], { deadline: 10 });
  const all = JSON.parse(stdout) as LinkInfo[];
  return new Map(all.filter(({ ifname }) => names.includes(ifname)).map((link) => [link.ifname, link]));
}

/** Turns transmit checksum offload (and with it TSO) off, where Open vSwitch cannot carry it. */
export async function turnOffloadsOff(device: string, netns?: string): Promise<void> {
  await run([...(netns ? ['nsenter', `--net=${netns}`] : []), 'ethtool', '-K', device, 'tx', 'off'], { deadline: 10 });
}
