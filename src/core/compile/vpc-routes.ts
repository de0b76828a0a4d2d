/**
 * Static routes of a VPC.
 *
 *   policyDst  Logical_Router_Static_Route; several next hops of one prefix are equal-cost paths
 *   policySrc  Logical_Router_Policy for what leaves the VPC: a stock source route would win over connected networks (ovn-northd(8), IP Routing)
 */
import {
  type Cidr,
  cidrContains,
  cidrCovers,
  cidrOf,
  formatCidr,
  hostPrefix,
  parsePrefix,
  usableBounds,
} from '../../lib/netaddr/cidr.ts';
import { AddressError } from '../../lib/netaddr/error.ts';
import { type Family, formatIp, type Ip, parseIp } from '../../lib/netaddr/ip.ts';
import { addressesOf, prefixesOf } from '../../lib/netaddr/prefix-set.ts';
import type { StaticRoute, VpcSpec } from '../../kinds/vpc.ts';
import { linkPortName } from '../ovn/names.ts';
import { BfdSessions } from './route-bfd.ts';
import type { Emit, Read } from './rule.ts';
import type { RowRef } from '../ovn/row.ts';
import { hopsInUse, subnetOf } from './next-hops.ts';
import { behindGateway, type NatGateway } from './nat-gateway-hops.ts';
import { type External, externalHolding } from './vpc-external.ts';
import type { Link } from './vpc-links.ts';
import { viewSubnet, type VpcSubnet } from './vpc-subnets.ts';

/** What the router hands packets to besides machines of its subnets. */
export interface Ways {
  readonly links: readonly Link[];
  readonly externals: readonly External[];
  readonly natGateways: readonly NatGateway[];
}

export interface DestinationRoute {
  readonly prefix: Cidr;
  readonly table: string;
  /** its next hop is in an external subnet */
  readonly outward?: boolean;
}

export interface SourceRoute {
  /** packets from these addresses: the route's prefix without those of longer ones */
  readonly sources: readonly Cidr[];
  readonly family: Family;
  readonly table: string;
  readonly nextHops: readonly Ip[];
  /** of what has no other way: neither an inner prefix nor one of a static route */
  readonly isRest: boolean;
}

export interface Routes {
  /** in force */
  readonly destinations: readonly DestinationRoute[];
  /** all next hops, those that are left out because they are down too */
  readonly hops: readonly Pick<Readable, 'prefix' | 'nextHop' | 'bySource'>[];
  readonly sources: readonly SourceRoute[];
}

interface Readable {
  readonly prefix: Cidr;
  readonly nextHop: Ip;
  readonly table: string;
  readonly bySource: boolean;
  readonly outward: boolean;
  /** it asks for BFD */
  readonly bfd: boolean;
  /** field that names the next hop */
  readonly field: string;
  /** a physical gateway that is kept: whatever a user says of the same prefix counts instead */
  readonly isKept?: boolean;
}

export function staticRoutes(
  vpc: string,
  spec: VpcSpec | undefined,
  subnets: readonly VpcSubnet[],
  ways: Ways,
  read: Read,
  emit: Emit,
): Routes {
  const readable = (spec?.staticRoutes ?? []).flatMap(
    (route, index) => readRoute(vpc, route, `spec.staticRoutes[${index}]`, ways, read, emit) ?? [],
  );
  const byDestination = readable.filter(({ bySource }) => !bySource);
  const destinations = withoutDown(vpc, byDestination, read, emit);
  const written = new Set<string>();
  const sessions = new BfdSessions(emit);
  for (const { prefix, nextHop, table, bfd } of destinations) {
    const watched = spec?.enableBfd === true || bfd;
    const key = routeKey(vpc, prefix, formatIp(nextHop), table);
    if (written.has(key)) continue;
    written.add(key);
    const same = destinations.filter(
      (other) => other.table === table && formatCidr(other.prefix) === formatCidr(prefix),
    );
    const external = watched && same.length > 1 ? externalHolding(nextHop, ways.externals) : undefined;
    emitRoute(vpc, key, prefix, nextHop, table, emit, external && { bfd: sessions.with(external, nextHop) });
  }
  if (spec?.enableBfd === true && sessions.size === 0)
    emit.issue({
      severity: 'note',
      reason: 'NotImplemented',
      field: 'spec.enableBfd',
      message:
        'spec.enableBfd watches nobody: no prefix of spec.staticRoutes has several next hops in external subnets, and one that is alone is used whether it answers or not',
    });
  const bySource = withoutDown(
    vpc,
    readable.filter((route) => route.bySource),
    read,
    emit,
  );
  return { destinations, hops: readable, sources: sourceRoutes([...bySource, ...keptGateways(subnets)]) };
}

/** What machines and hosts of a VLAN send to the router leaves by the VLAN's own gateway, unless it is for the VPC. */
function keptGateways(subnets: readonly VpcSubnet[]): readonly Readable[] {
  return subnets.flatMap(({ cidrs, physical, routeTable }) =>
    physical.flatMap((nextHop) =>
      cidrs
        .filter((cidr) => cidrContains(cidr, nextHop))
        .map((prefix) => ({
          prefix,
          nextHop,
          table: routeTable,
          bySource: true,
          outward: false,
          bfd: false,
          field: 'spec.gateway',
          isKept: true,
        })),
    ),
  );
}

/** Of equal-cost paths those that lead to a machine which is up. */
function withoutDown(vpc: string, routes: readonly Readable[], read: Read, emit: Emit): readonly Readable[] {
  const groups = Map.groupBy(routes, ({ prefix, table }) => `${table}|${formatCidr(prefix)}`);
  const left = new Set([...groups.values()].flatMap((group) => hopsInUse(vpc, group, read, emit)));
  return routes.filter((route) => left.has(route));
}

/** Routes over links that a VpcPeering made, in every table that is in use; a user's own route to the same prefix counts. */
export function linkRoutes(
  vpc: string,
  links: readonly Link[],
  tables: ReadonlySet<string>,
  own: readonly DestinationRoute[],
  emit: Emit,
): readonly DestinationRoute[] {
  const taken = new Map(own.map(({ prefix, table }) => [`${table}|${formatCidr(prefix)}`, 'spec.staticRoutes']));
  const routes: DestinationRoute[] = [];
  for (const { remote, remoteAddresses, managed } of links)
    for (const prefix of managed?.remotePrefixes ?? []) {
      const nextHop = remoteAddresses.find(({ family }) => family === prefix.family)!;
      for (const table of tables) {
        const by = taken.get(`${table}|${formatCidr(prefix)}`);
        if (by === undefined) {
          taken.set(`${table}|${formatCidr(prefix)}`, `VPC ${remote}`);
          emitRoute(vpc, routeKey(vpc, prefix, remote, table), prefix, nextHop, table, emit, {
            output_port: linkPortName(vpc, remote),
          });
          routes.push({ prefix, table });
        } else if (by !== `VPC ${remote}`)
          emit.issue({
            reason: 'PeeringOverlap',
            severity: 'warning',
            message: `${formatCidr(prefix)} of VPC ${remote}, which a VpcPeering connects, is not reached: ${by} has that prefix too`,
          });
      }
    }
  return routes;
}

/** To the physical routers of an external subnet, in every table where the user has no default route. */
export function defaultRoutes(
  vpc: string,
  external: External | undefined,
  tables: ReadonlySet<string>,
  own: readonly DestinationRoute[],
  emit: Emit,
): readonly DestinationRoute[] {
  const routes: DestinationRoute[] = [];
  for (const gateway of external?.gateways ?? []) {
    const prefix = cidrOf({ family: gateway.family, value: 0n }, 0);
    for (const table of tables) {
      if (
        own.some((route) => route.table === table && route.prefix.bits === 0 && route.prefix.family === prefix.family)
      )
        continue;
      const { subnet, port } = external!;
      emitRoute(vpc, routeKey(vpc, prefix, subnet, table), prefix, gateway, table, emit, { output_port: port });
      routes.push({ prefix, table });
    }
  }
  return routes;
}

/** @param via next hop, or what stands for it */
function routeKey(vpc: string, prefix: Cidr, via: string, table: string): string {
  return `${vpc}/${table === '' ? '' : `${table}/`}${formatCidr(prefix)}/${via}`;
}

export function emitRoute(
  vpc: string,
  key: string,
  prefix: Cidr,
  nextHop: Ip,
  table: string,
  emit: Emit,
  more: { readonly output_port?: string; readonly bfd?: RowRef } = {},
): void {
  emit.child({ table: 'Logical_Router', key: vpc, column: 'static_routes' }, 'Logical_Router_Static_Route', key, {
    ip_prefix: formatCidr(prefix),
    nexthop: formatIp(nextHop),
    policy: 'dst-ip',
    route_table: table,
    ...more,
    external_ids: { vendor: 'kube-ovn' },
  });
}

function readRoute(
  vpc: string,
  route: StaticRoute,
  path: string,
  ways: Ways,
  read: Read,
  emit: Emit,
): Readable | undefined {
  const parsed = parseRoute(route, path, emit);
  if (!parsed) return undefined;
  const nextHop = nextHopOf(vpc, parsed.nextHop, ways, read);
  const isExternal =
    externalHolding(typeof nextHop === 'string' ? parsed.nextHop : nextHop, ways.externals) !== undefined;
  sayUnbuilt(route, path, isExternal, emit);
  if (typeof nextHop === 'string') {
    emit.issue({
      reason: 'NextHopUnreachable',
      field: `${path}.nextHopIP`,
      message: `${path}.nextHopIP: ${nextHop}, so the route ${route.policy === 'policySrc' ? 'of' : 'to'} ${formatCidr(parsed.prefix)} is left out: add a subnet that holds it, or correct the address`,
    });
    return undefined;
  }
  return {
    prefix: parsed.prefix,
    nextHop,
    table: route.routeTable ?? '',
    bySource: route.policy === 'policySrc',
    outward: isExternal,
    bfd: Boolean(route.bfdId) && isExternal,
    field: `${path}.nextHopIP`,
  };
}

/** what OVN cannot do; the route itself is in force */
function sayUnbuilt(route: StaticRoute, path: string, isExternal: boolean, emit: Emit): void {
  const say = (field: string, why: string) =>
    emit.issue({
      reason: 'NotImplemented',
      field: `${path}.${field}`,
      message: `${path}.${field} has no effect, the route itself is in force: ${why}`,
    });
  if (route.bfdId && !isExternal) say('bfdId', 'OVN runs BFD sessions in external subnets only');
  if (route.ecmpMode) say('ecmpMode', 'OVN keeps replies on the way of their request on gateway routers only');
}

function parseRoute(
  route: StaticRoute,
  path: string,
  emit: Emit,
): { readonly prefix: Cidr; readonly nextHop: Ip } | undefined {
  try {
    const cidr = route.cidr ?? '';
    const prefix = parsePrefix(cidr);
    const nextHop = parseIp(route.nextHopIP ?? '');
    if (prefix.family !== nextHop.family)
      throw new AddressError(
        route.nextHopIP ?? '',
        `is IPv${nextHop.family}, but the prefix ${cidr} is IPv${prefix.family}`,
      );
    return { prefix, nextHop };
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    emit.issue({
      reason: 'InvalidSpec',
      field: path,
      message: `${path}: ${error.message}, so this route is left out: correct it`,
    });
    return undefined;
  }
}

/** Whom a router hands packets to that are for that next hop; or why it cannot. */
export function nextHopOf(vpc: string, address: Ip, ways: Ways, read: Read): Ip | string {
  const router = behindGateway(address, ways.natGateways, ways.externals);
  return router ?? unreachable(vpc, address, ways, read) ?? address;
}

/** Why a router cannot hand packets to that address; undefined when it can. */
function unreachable(vpc: string, nextHop: Ip, { links, externals }: Ways, read: Read): string | undefined {
  const text = formatIp(nextHop);
  const external = externalHolding(nextHop, externals);
  if (external)
    return external.own.some(({ ip }) => sameAddress(ip, nextHop))
      ? `${text} is the router's own address in external subnet ${external.subnet}`
      : undefined;
  for (const { own, remote, remoteAddresses } of links) {
    const mine = own.find(({ cidr }) => cidrCovers(cidr, hostPrefix(nextHop)));
    if (!mine) continue;
    const theirs = remoteAddresses.filter(({ family }) => family === nextHop.family);
    if (theirs.some(({ value }) => value === nextHop.value)) return undefined;
    return `${text} is nobody's address on the link to VPC ${remote} (the other end is ${theirs.map(formatIp).join(', ')})`;
  }
  const subnet = subnetOf(vpc, nextHop, read);
  if (subnet === undefined) return `${text} is in no subnet of VPC ${vpc} and on no link of it that works`;
  return noMachine(viewSubnet(subnet, read), nextHop);
}

function sameAddress(a: Ip, b: Ip): boolean {
  return a.family === b.family && a.value === b.value;
}

/** Why an address in a subnet can be no machine's. */
export function noMachine({ name, cidrs, gateways }: VpcSubnet, ip: Ip): string | undefined {
  if (gateways.some(({ family, value }) => family === ip.family && value === ip.value))
    return `${formatIp(ip)} is the router's own address in subnet ${name}, not a machine's`;
  const cidr = cidrs.find((each) => cidrContains(each, ip));
  const bounds = cidr && usableBounds(cidr);
  if (!bounds || (ip.value >= bounds.first && ip.value <= bounds.last)) return undefined;
  return `${formatIp(ip)} is the network or broadcast address of subnet ${name}, not a machine's`;
}

/** Source routes of one prefix are equal-cost paths; a longer prefix wins over those that cover it. */
function sourceRoutes(readable: readonly Readable[]): readonly SourceRoute[] {
  const groups = new Map<string, Readable[]>();
  for (const route of readable) {
    const key = `${route.table}|${formatCidr(route.prefix)}`;
    const group = groups.get(key);
    if (!group) groups.set(key, [route]);
    else if (route.isKept !== true && group.every(({ nextHop }) => nextHop.value !== route.nextHop.value))
      group.push(route);
  }
  const all = [...groups.values()];
  return all.map((group) => {
    const { prefix, table } = group[0]!;
    const { family } = prefix;
    const longer = all
      .map(([other]) => other!)
      .filter((other) => other.table === table && other.prefix.bits > prefix.bits && cidrCovers(prefix, other.prefix))
      .map((other) => other.prefix);
    const rest = addressesOf([prefix], family).without(addressesOf(longer, family));
    return {
      sources: prefixesOf(rest, family),
      family,
      table,
      nextHops: group.map(({ nextHop }) => nextHop),
      isRest: group[0]!.isKept === true,
    };
  });
}
