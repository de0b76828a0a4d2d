/** Reads what a plan of uplinks is made from: devices and routes of the kernel (ip(8)), bridges of Open vSwitch. */
import { readFile } from 'node:fs/promises';
import type { Bridge, Device, NodeState, Route, Saved } from '../../core/provider/state.ts';
import { run } from '../../lib/proc/run.ts';
import { hasCarrier } from './links.ts';
import type { LocalSwitch } from './local-switch.ts';

/** what bridges of ours say in external_ids */
export const PROVIDER_KEY = 'weft-provider-network';
export const UPLINK_KEY = 'weft-uplink';
export const SAVED_KEY = 'weft-saved';
export const BRIDGE_MAPPINGS = 'ovn-bridge-mappings';
export const MAC_MAPPINGS = 'ovn-chassis-mac-mappings';

interface DeviceInfo {
  readonly ifname: string;
  readonly ifindex: number;
  readonly address?: string;
  readonly mtu: number;
  readonly flags: readonly string[];
  readonly master?: string;
  readonly link?: string;
  readonly linkinfo?: { readonly info_kind?: string };
  readonly addr_info: readonly {
    readonly local?: string;
    readonly prefixlen: number;
    readonly broadcast?: string;
    readonly scope: string;
    readonly protocol?: string;
    readonly noprefixroute?: boolean;
  }[];
}

export interface RouteInfo {
  readonly type?: string;
  readonly dst: string;
  readonly gateway?: string;
  readonly via?: { readonly family: string; readonly host: string };
  readonly dev?: string;
  readonly table?: string;
  readonly protocol?: string;
  readonly scope?: string;
  readonly prefsrc?: string;
  readonly metric?: number;
  readonly flags?: readonly string[];
  readonly metrics?: readonly Readonly<Record<string, number>>[];
  readonly nexthops?: readonly {
    readonly gateway?: string;
    readonly via?: { readonly family: string; readonly host: string };
    readonly dev?: string;
    readonly weight?: number;
    readonly flags?: readonly string[];
  }[];
}

/** What the NIC hears from routers, the bridge hears itself; what a routing daemon has found, it finds again. */
const NOT_OURS = new Set(['ra', 'redirect', 'bgp', 'ospf', 'isis', 'rip', 'eigrp', 'babel', 'zebra']);
const NOT_MOVED = new Set(['local', 'broadcast', 'anycast', 'multicast']);

export async function readNodeState(local: LocalSwitch, nics: readonly string[]): Promise<NodeState> {
  const json = async (...args: readonly string[]): Promise<unknown> =>
    JSON.parse((await run(['ip', '-j', ...args], { deadline: 10 })).stdout || '[]');
  const [devices, ipv4, ipv6] = await Promise.all([
    json('-d', 'addr', 'show'),
    json('-4', 'route', 'show', 'table', 'all'),
    json('-6', 'route', 'show', 'table', 'all'),
  ]);
  const routes = [
    ...(ipv4 as readonly RouteInfo[]).flatMap((route) => routesOf(route, 4)),
    ...(ipv6 as readonly RouteInfo[]).flatMap((route) => routesOf(route, 6)),
  ];
  const infos = (devices as readonly DeviceInfo[]).filter(({ ifname }) => ifname !== undefined);
  const ipv6Off = new Map(await Promise.all(nics.map(async (nic) => [nic, await isIpv6Off(nic)] as const)));
  return {
    devices: new Map(infos.map((info) => [info.ifname, deviceOf(info, ipv6Off.get(info.ifname))])),
    routes,
    ...switchState(local),
  };
}

/** The part of it that the local switch's database knows. */
export function switchState({ session }: LocalSwitch): Pick<NodeState, 'bridges' | 'bridgeMappings' | 'macMappings'> {
  const ports = session.cache.table('Port').rows;
  const interfaces = session.cache.table('Interface').rows;
  const bridges = [...session.cache.table('Bridge').rows.values()].map((row): Bridge => {
    const ids = row.external_ids ?? {};
    const own = row.ports.flatMap((uuid) => ports.get(uuid) ?? []).filter(({ name }) => name !== row.name);
    const faces = own.map(({ name, interfaces: uuids }) => {
      return [name, uuids.flatMap((uuid) => interfaces.get(uuid)?.name ?? [])] as const;
    });
    const saved = savedOf(ids[SAVED_KEY]);
    return {
      name: row.name,
      ports: new Map(faces),
      provider: ids[PROVIDER_KEY],
      uplink: ids[UPLINK_KEY],
      saved,
    };
  });
  const [root] = session.cache.table('Open_vSwitch').rows.values();
  return {
    bridges: new Map(bridges.map((bridge) => [bridge.name, bridge])),
    bridgeMappings: root?.external_ids[BRIDGE_MAPPINGS] ?? '',
    macMappings: root?.external_ids[MAC_MAPPINGS] ?? '',
  };
}

function savedOf(text: string | undefined): Saved | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Saved;
  } catch {
    return undefined; // somebody wrote into it: what the devices have is what counts
  }
}

function deviceOf(info: DeviceInfo, ipv6Off: boolean | undefined): Device {
  const { ifname: name, flags } = info;
  const off = [flags.includes('NOARP'), ...(ipv6Off === undefined ? [] : [ipv6Off])];
  return {
    name,
    index: info.ifindex,
    mac: info.address ?? '',
    mtu: info.mtu,
    up: flags.includes('UP'),
    carrier: hasCarrier(flags),
    kind: info.linkinfo?.info_kind ?? '',
    master: info.master,
    lower: info.link,
    answers: off.every(Boolean) ? 'no' : off.some(Boolean) ? 'partly' : 'yes',
    addresses: info.addr_info.flatMap(({ local, prefixlen, broadcast, scope, protocol, noprefixroute }) => {
      if (local === undefined || scope !== 'global' || protocol === 'kernel_ra') return [];
      const more = [broadcast === undefined ? '' : ` brd ${broadcast}`, noprefixroute ? ' noprefixroute' : ''];
      return [`${local}/${prefixlen}${more.join('')}`];
    }),
  };
}

/** One for each device that it leads over; none for what comes and goes with addresses, or belongs to somebody else. */
export function routesOf(route: RouteInfo, family: 4 | 6): readonly Route[] {
  const { type, dst, table, protocol, dev, nexthops = [] } = route;
  if (table === 'local' || NOT_MOVED.has(type ?? '') || NOT_OURS.has(protocol ?? '')) return [];
  if (dst === 'fe80::/64' || dst === 'ff00::/8') return [];
  const devices = new Set([dev, ...nexthops.map((hop) => hop.dev)].flatMap((device) => device ?? []));
  return [...devices].map((device) => ({ family, device, text: routeText(route, family, device) }));
}

function routeText(route: RouteInfo, family: 4 | 6, device: string): string {
  const { type, dst, table, protocol, scope, prefsrc, metric, metrics = [], nexthops = [] } = route;
  const target = dst === 'default' ? (family === 4 ? '0.0.0.0/0' : '::/0') : dst;
  const options = metrics.flatMap((group) => Object.entries(group).map(([name, value]) => `${name} ${value}`));
  return [
    ...(type === undefined || type === 'unicast' ? [] : [type]),
    target,
    ...hopWords(route, device),
    ...(table === undefined || table === 'main' ? [] : [`table ${table}`]),
    ...(protocol === undefined ? [] : [`proto ${protocol}`]),
    ...(scope === undefined || scope === 'global' ? [] : [`scope ${scope}`]),
    ...(prefsrc === undefined ? [] : [`src ${prefsrc}`]),
    ...(metric === undefined ? [] : [`metric ${metric}`]),
    ...options,
    ...nexthops.flatMap((hop) => ['nexthop', ...hopWords(hop, device), `weight ${hop.weight ?? 1}`]),
  ].join(' ');
}

function hopWords(
  { gateway, via, dev, flags = [] }: Pick<RouteInfo, 'gateway' | 'via' | 'dev' | 'flags'>,
  device: string,
) {
  return [
    ...(gateway === undefined ? [] : [`via ${gateway}`]),
    ...(via === undefined ? [] : [`via ${via.family} ${via.host}`]),
    ...(dev === undefined ? [] : [`dev ${dev === device ? '%' : dev}`]),
    ...(flags.includes('onlink') ? ['onlink'] : []),
  ];
}

/** undefined on a machine that has no IPv6 at all */
async function isIpv6Off(device: string): Promise<boolean | undefined> {
  try {
    return (await readFile(`/proc/sys/net/ipv6/conf/${device}/disable_ipv6`, 'utf8')).trim() === '1';
  } catch {
    return undefined;
  }
}
