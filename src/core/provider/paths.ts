/** Addresses and routes of devices: what there is, and the lines of ip-batch(8) that put it on another device. */
import { addressKey, type Device, type NodeState, type Route } from './state.ts';

export interface Path {
  readonly addresses: readonly string[];
  readonly routes: readonly Pick<Route, 'family' | 'text'>[];
}

/** What devices have together, each thing once. */
export function pathOf(devices: readonly string[], { devices: all, routes }: NodeState): Path {
  const addresses = new Map(
    devices.flatMap((name) => all.get(name)?.addresses ?? []).map((address) => [addressKey(address), address]),
  );
  const texts = new Map(
    routes
      .filter(({ device }) => devices.includes(device))
      .map(({ family, text }) => [`${family} ${text}`, { family, text }]),
  );
  return { addresses: [...addresses.values()], routes: [...texts.values()] };
}

/** Lines for the addresses that a device lacks. They are the node's own already: nobody has to be asked whether they are free. */
export function pathLines({ addresses }: Pick<Path, 'addresses'>, device: Device): readonly string[] {
  const there = new Set(device.addresses.map(addressKey));
  return addresses
    .filter((address) => !there.has(addressKey(address)))
    .map((address) => `addr replace ${address} dev ${device.name}${addressKey(address).includes(':') ? ' nodad' : ''}`);
}

/** Lines for the routes that do not lead over a device yet. A next hop must be in reach before a route may name it. */
export function routeLines({ routes }: Pick<Path, 'routes'>, device: string, state: NodeState): readonly string[] {
  const there = new Set(
    state.routes.filter((route) => route.device === device).map(({ family, text }) => `${family} ${text}`),
  );
  const hops = (text: string) => (/ via | nexthop /.test(text) ? 1 : 0);
  return routes
    .filter(({ family, text }) => !there.has(`${family} ${text}`))
    .toSorted((a, b) => hops(a.text) - hops(b.text))
    .map(({ text }) => `route replace ${text.replaceAll('%', device)}`);
}
