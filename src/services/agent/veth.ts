/** A pair of virtual Ethernet devices: one end for the integration bridge, the other, configured, in the pod's network namespace. */
import { createHash } from 'node:crypto';
import { sourceRoutes } from '../../core/ipam/source-routes.ts';
import type { Route } from '../../core/ipam/guest-routes.ts';
import { CommandError, run } from '../../lib/proc/run.ts';

export interface PodInterface {
  /** name in the pod */
  readonly name: string;
  /** path of the pod's network namespace */
  readonly netns: string;
  readonly mac: string;
  /** bytes */
  readonly mtu: number;
  /** `10.0.0.5/16` */
  readonly addresses: readonly string[];
  readonly routes: readonly Route[];
  readonly gateways: readonly string[];
  /** place of the interface among the pod's own on our networks, from 0: routes of earlier ones are preferred */
  readonly index: number;
}

/** Name of the node's end: follows from container and interface, 15 bytes. */
export function hostDevice(containerId: string, ifname: string): string {
  return `weft${createHash('sha256').update(`${containerId}/${ifname}`).digest('hex').slice(0, 11)}`;
}

/**
 * The node's end takes whatever a guest sends, also one whose MTU was raised by hand: the router must see such a packet to answer that it is
 * too big.
 */
const HOST_MTU = 9216;

/** above the metrics of connected routes (0, for IPv6 256): a network that the pod is on is reached by that interface */
const FIRST_METRIC = 1024;

/** Makes the pair anew and configures the pod's end. */
export async function makeVeth(
  host: string,
  { name, netns, mac, mtu, addresses, routes, gateways, index }: PodInterface,
): Promise<void> {
  await removeVeth(host);
  await run(
    [
      'ip',
      'link',
      'add',
      host,
      'mtu',
      String(Math.max(mtu, HOST_MTU)),
      'type',
      'veth',
      'peer',
      'name',
      name,
      'address',
      mac,
      'mtu',
      String(mtu),
      'netns',
      netns,
    ],
    { deadline: 10 },
  );
  const metric = FIRST_METRIC + index;
  const commands = [
    ...addresses.map((address) => `addr add ${address} dev ${name}${address.includes(':') ? ' nodad' : ''}`),
    `link set lo up`,
    `link set ${name} up`,
    ...routes
      .filter((route) => !isDefault(route))
      .map(({ dst, gw }) => `route replace ${dst} via ${gw} dev ${name} metric ${metric}`),
  ];
  await Promise.all([run(['ip', 'link', 'set', host, 'up'], { deadline: 10 }), inNetns(netns, commands)]);
  // rules outlive their devices: that of an interface which was taken out of the pod, and comes back, is there
  for (const { family, commands: rules } of sourceRoutes(name, index, addresses, gateways, routes))
    await inNetns(netns, rules, 'File exists', [`-${family}`]);
  // a default route that the cluster's own network set is not ours to replace
  for (const { gw } of routes.filter(isDefault))
    await inNetns(netns, [`route add default via ${gw} dev ${name}`], 'File exists');
}

/** Removes the pair; an absent one is fine. */
export async function removeVeth(host: string): Promise<void> {
  try {
    await run(['ip', 'link', 'del', host], { deadline: 10 });
  } catch (error) {
    if (!(error instanceof CommandError) || !/Cannot find device/.test(error.stderr)) throw error;
  }
}

/** true when the pod's end is there and carries these addresses */
export async function isConfigured(netns: string, name: string, addresses: readonly string[]): Promise<boolean> {
  try {
    const { stdout } = await run(['nsenter', `--net=${netns}`, 'ip', '-j', 'addr', 'show', 'dev', name], {
      deadline: 10,
    });
    const [link] = JSON.parse(stdout) as { addr_info: { local: string; prefixlen: number }[] }[];
    const present = new Set(link?.addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`));
    return addresses.every((address) => present.has(address));
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

async function inNetns(
  netns: string,
  commands: readonly string[],
  tolerated?: string,
  options: readonly string[] = [],
): Promise<void> {
  try {
    await run(['nsenter', `--net=${netns}`, 'ip', ...options, '-batch', '-'], {
      input: `${commands.join('\n')}\n`,
      deadline: 10,
    });
  } catch (error) {
    if (tolerated === undefined || !(error instanceof CommandError) || !error.stderr.includes(tolerated)) throw error;
  }
}

function isDefault({ dst }: Route): boolean {
  return dst === '0.0.0.0/0' || dst === '::/0';
}
