/** Router policies of a VPC: the users' policy routes, its source routes, and what keeps links between VPCs to what was agreed. */
import { type Cidr, cidrOf, formatCidr } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { type Family, formatIp, type Ip, parseIp } from '../../lib/netaddr/ip.ts';
import { complementOf } from '../../lib/netaddr/prefix-set.ts';
import type { VpcSpec } from '../../kinds/vpc.ts';
import { readUserMatch } from '../access/user-match.ts';
import { ofFamily } from '../ovn/match/family.ts';
import { printMatch } from '../ovn/match/print.ts';
import type { MatchProblem } from '../ovn/match/problem.ts';
import { linkPortName, logicalRouterPortName, privateAddressSetName } from '../ovn/names.ts';
import { emitAddressSet, tellMissingSets } from './address-sets.ts';
import { hopsInUse } from './next-hops.ts';
import { poolSetsRead } from './pool-sets.ts';
import type { Emit, Read } from './rule.ts';
import { type External, viaSetName } from './vpc-external.ts';
import type { Link } from './vpc-links.ts';
import { LINK_RANGES } from './link-prefixes.ts';
import { type DestinationRoute, emitRoute, type SourceRoute, nextHopOf, type Ways } from './vpc-routes.ts';
import type { VpcSubnet } from './vpc-subnets.ts';

/** below what users want; at 0 OVN has a rule of its own that lets everything pass, and which of two counts is not said (ovn-northd(8)) */
const SOURCE_ROUTE_PRIORITY = 1;
/** single addresses that are translated to one of several external subnets, before prefixes that hold them and are translated to another */
const SINGLE_PRIORITY = 2;
/** the highest that OVN knows (ovn-nb(5)) */
export const MAX_PRIORITY = 32767;

/** The priority that a user's policy gets: between what is OVN's and what keeps links to what was agreed. */
export function policyPriority(priority: number, severalExternals = false): number {
  return Math.min(Math.max(priority, severalExternals ? SINGLE_PRIORITY + 1 : 1), MAX_PRIORITY - 1);
}

type PolicyRoute = NonNullable<VpcSpec['policyRoutes']>[number];

interface Policy {
  readonly priority: number;
  readonly match: string;
  readonly action: 'allow' | 'drop' | 'reroute';
  /** those in use */
  readonly nextHops?: readonly Ip[];
  /** all of them */
  readonly hops?: readonly Ip[];
}

export function emitPolicy(vpc: string, { priority, match, action, nextHops = [] }: Policy, emit: Emit): void {
  // OVN tells policies apart by priority and match
  const key = `${vpc}/${priority}/${match}`;
  emit.child({ table: 'Logical_Router', key: vpc, column: 'policies' }, 'Logical_Router_Policy', key, {
    priority,
    match,
    action,
    nexthops: nextHops.map(formatIp).toSorted(),
    options: {},
    external_ids: { vendor: 'kube-ovn' },
  });
}

/** @returns next hops that some of them send packets to, those that are down too */
export function policyRoutes(
  vpc: string,
  spec: VpcSpec | undefined,
  ways: Ways,
  read: Read,
  emit: Emit,
): readonly Ip[] {
  const written = new Set<string>();
  const hops: Ip[] = [];
  for (const [index, route] of (spec?.policyRoutes ?? []).entries()) {
    const policy = readPolicy(vpc, route, `spec.policyRoutes[${index}]`, ways, read, emit);
    if (!policy || written.has(`${policy.priority}/${policy.match}`)) continue;
    written.add(`${policy.priority}/${policy.match}`);
    hops.push(...(policy.hops ?? []));
    emitPolicy(vpc, policy, emit);
  }
  return hops;
}

function readPolicy(
  vpc: string,
  { priority = 0, match = '', action, nextHopIP = '' }: PolicyRoute,
  path: string,
  ways: Ways,
  read: Read,
  emit: Emit,
): Policy | undefined {
  const found = readUserMatch(match, poolSetsRead(read));
  if ('problem' in found) return unreadable(found.problem, match, action, path, emit);
  tellMissingSets(`${path}.match`, found.missing, emit);
  const policy = { priority: policyPriority(priority, ways.externals.length > 1), match: printMatch(found.match) };
  if (action === 'allow' || action === 'drop') return { ...policy, action };
  const nextHops = nextHopIP.split(',').flatMap((text) => {
    const ip = attempt(() => parseIp(text.trim()));
    const hop = ip ? nextHopOf(vpc, ip, ways, read) : `${JSON.stringify(text)} is no address`;
    if (typeof hop !== 'string') return hop;
    emit.issue({
      reason: ip ? 'NextHopUnreachable' : 'InvalidSpec',
      field: `${path}.nextHopIP`,
      message: `${path}.nextHopIP: ${hop}, so nothing is sent there: add a subnet that holds it, or correct the address`,
    });
    return [];
  });
  const field = `${path}.nextHopIP`;
  const inUse = hopsInUse(
    vpc,
    nextHops.map((nextHop) => ({ nextHop, field })),
    read,
    emit,
  ).map(({ nextHop }) => nextHop);
  const [first] = inUse;
  if (!first) return undefined;
  return {
    ...policy,
    match: printMatch(ofFamily(found.match, first.family)),
    action: 'reroute',
    nextHops: inUse,
    hops: nextHops,
  };
}

/** A match that came past the door and cannot be read. Nobody knows what a drop should have been about, so it drops everything until it is corrected. */
function unreadable(
  { column, message }: MatchProblem,
  match: string,
  action: PolicyRoute['action'],
  path: string,
  emit: Emit,
): Policy | undefined {
  const drops = action === 'drop';
  emit.issue({
    reason: 'InvalidSpec',
    field: `${path}.match`,
    message: `${path}.match: ${JSON.stringify(match)}, column ${column}: ${message}: ${drops ? 'everything that the router would forward is dropped until this is corrected' : 'correct it; this policy route is left out'}`,
  });
  return drops ? { priority: MAX_PRIORITY, match: 'ip4 || ip6', action: 'drop' } : undefined;
}

export interface SourceRouting {
  readonly vpc: string;
  readonly subnets: readonly VpcSubnet[];
  readonly links: readonly Link[];
  /** the first has the default route */
  readonly externals: readonly External[];
  readonly destinations: readonly DestinationRoute[];
  readonly sources: readonly SourceRoute[];
  /** names of address sets: what the VPC has no way to but by default */
  readonly beyond: (family: Family) => string;
  /** a policy route sends packets elsewhere */
  readonly reroutes: boolean;
}

/**
 * Source routes as policies. OVN looks at policies only when a route was found, so where no default route is, one is made that leads
 * nowhere, and what no policy claims is dropped.
 */
export function sourcePolicies(routing: SourceRouting, emit: Emit): void {
  for (const family of [4, 6] as const) {
    const sources = routing.sources.filter((route) => route.family === family);
    const externals = routing.externals.length > 1 ? routing.externals : [];
    const usable = externals.filter(({ gateways }) => gateways.some((ip) => ip.family === family));
    if (sources.length === 0 && !routing.reroutes && usable.length === 0) continue;
    const inside = insideOf(routing, family);
    if (inside.length === 0) continue;
    if (sources.length > 0 || usable.length > 0) {
      const isAsked = usable.length > 0 || sources.some(({ isRest }) => !isRest);
      const outside = !isAsked
        ? ''
        : addressSet(privateAddressSetName(`outside${family}`, routing.vpc), complementOf(inside, family), emit);
      for (const { sources: from, table, nextHops, isRest } of sources)
        emitPolicy(
          routing.vpc,
          {
            priority: SOURCE_ROUTE_PRIORITY,
            match: [
              ...fromTable(routing, table),
              `ip${family}.src == ${literal(from)}`,
              `ip${family}.dst == $${isRest ? routing.beyond(family) : outside}`,
            ].join(' && '),
            action: 'reroute',
            nextHops,
          },
          emit,
        );
      for (const external of usable)
        for (const single of [true, false]) viaPolicy(routing, external, single, family, outside, emit);
    }
    if (sources.length === 0 && !routing.reroutes) continue;
    fallback(routing, family, inside, sources, emit);
  }
}

/**
 * What the VPC has no way to but by default. Networks outside that its router is in itself are a part of it.
 * @returns names of the address sets, which are made when they are asked for
 */
export function beyondOf(
  { vpc, subnets, links, destinations }: Pick<SourceRouting, 'vpc' | 'subnets' | 'links' | 'destinations'>,
  emit: Emit,
): (family: Family) => string {
  const names = new Map<Family, string>();
  return (family) => {
    const made = names.get(family);
    if (made !== undefined) return made;
    const known = [
      ...insideOf({ subnets, links, externals: [] }, family),
      ...destinations.map(({ prefix }) => prefix).filter(({ bits, family: of }) => bits > 0 && of === family),
    ];
    const name = addressSet(privateAddressSetName(`beyond${family}`, vpc), complementOf(known, family), emit);
    names.set(family, name);
    return name;
  };
}

/** What is translated to an address of one of several external subnets is sent there; to the first the routes lead. */
function viaPolicy(
  { vpc, externals }: SourceRouting,
  external: External,
  single: boolean,
  family: Family,
  outside: string,
  emit: Emit,
): void {
  const isFirst = external === externals[0];
  if (isFirst && !single) return;
  const via = addressSet(viaSetName(vpc, external.subnet, family, single), [], emit);
  const match = `ip${family}.src == $${via} && ip${family}.dst == $${outside}`;
  const priority = single ? SINGLE_PRIORITY : SOURCE_ROUTE_PRIORITY;
  const nextHops = external.gateways.filter((ip) => ip.family === family);
  emitPolicy(vpc, { priority, match, ...(isFirst ? { action: 'allow' } : { action: 'reroute', nextHops }) }, emit);
}

function fallback(
  { vpc, subnets, destinations, reroutes }: SourceRouting,
  family: Family,
  inside: readonly Cidr[],
  sources: readonly SourceRoute[],
  emit: Emit,
): void {
  const everything = cidrOf({ family, value: 0n }, 0);
  const tables = new Set([...subnets.map(({ routeTable }) => routeTable), '']);
  const without = [...tables].filter(
    (table) =>
      (reroutes || sources.some((route) => route.table === table)) &&
      !destinations.some(({ prefix, table: of }) => of === table && prefix.family === family && prefix.bits === 0),
  );
  // the router's own address answers nobody: what goes there goes nowhere
  const first = subnets.find(({ cidrs }) => cidrs.some((cidr) => cidr.family === family));
  if (without.length === 0 || !first) return;
  const gateway = first.gateways.find((ip) => ip.family === family);
  if (!gateway) return;
  for (const table of without)
    emitRoute(vpc, `${vpc}/${table === '' ? '' : `${table}/`}nowhere/${family}`, everything, gateway, table, emit);
  if (destinations.some(({ prefix }) => prefix.family === family && prefix.bits === 0)) return;
  const routed = [...inside, ...destinations.map(({ prefix }) => prefix)];
  const unrouted = addressSet(privateAddressSetName(`unrouted${family}`, vpc), complementOf(routed, family), emit);
  const claimed = complementOf(
    sources.flatMap((route) => route.sources),
    family,
  );
  if (claimed.length === 0) return;
  const from =
    sources.length > 0
      ? [`ip${family}.src == $${addressSet(privateAddressSetName(`unclaimed${family}`, vpc), claimed, emit)}`]
      : [];
  emitPolicy(
    vpc,
    {
      priority: SOURCE_ROUTE_PRIORITY,
      match: [...from, `ip${family}.dst == $${unrouted}`].join(' && '),
      action: 'drop',
    },
    emit,
  );
}

/** what is behind the router, its links included */
function insideOf(
  { subnets, links, externals }: Pick<SourceRouting, 'subnets' | 'links' | 'externals'>,
  family: Family,
): readonly Cidr[] {
  return [
    ...externals.flatMap(({ own }) => own.map(({ cidr }) => cidr)),
    ...subnets.flatMap(({ cidrs }) => cidrs),
    ...links.flatMap(({ own, managed }) => [...own.map(({ cidr }) => cidr), ...(managed?.remotePrefixes ?? [])]),
  ].filter((cidr) => cidr.family === family);
}

/** what comes from subnets that use a route table; nothing to say where there is only the main one */
function fromTable({ vpc, subnets }: SourceRouting, table: string): readonly string[] {
  if (subnets.every(({ routeTable }) => routeTable === table)) return [];
  const ports = subnets
    .filter(({ routeTable }) => routeTable === table)
    .map(({ name }) => logicalRouterPortName(vpc, name));
  return [`inport == {${ports.map((port) => JSON.stringify(port)).join(', ')}}`];
}

/** Over a link that a VpcPeering made comes only what was agreed: no other subnets, nobody behind the other VPC. */
export function linkFilters(vpc: string, links: readonly Link[], emit: Emit): void {
  for (const { remote, own, managed } of links) {
    if (!managed) continue;
    // errors that the other router reports come from its end of the link; those that this one reports go back over it, and it is as if they
    // had come in by it (ovn-northd(8), Logical Router Datapaths)
    const link = [...LINK_RANGES, ...own.map(({ cidr }) => cidr)];
    const port = `inport == ${JSON.stringify(linkPortName(vpc, remote))}`;
    for (const family of [4, 6] as const)
      for (const [side, prefixes] of [
        ['src', [...managed.remotePrefixes, ...link]],
        ['dst', [...managed.localPrefixes, ...managed.remotePrefixes]],
      ] as const) {
        const others = complementOf(prefixes, family);
        const name = addressSet(privateAddressSetName(`link_not_${side}${family}`, vpc, remote), others, emit);
        emitPolicy(
          vpc,
          { priority: MAX_PRIORITY, match: `${port} && ip${family}.${side} == $${name}`, action: 'drop' },
          emit,
        );
      }
  }
}

/** @returns its name */
export function addressSet(name: string, cidrs: readonly Cidr[], emit: Emit): string {
  emitAddressSet(name, cidrs, emit);
  return name;
}

function literal(cidrs: readonly Cidr[]): string {
  return cidrs.length === 1 ? formatCidr(cidrs[0]!) : `{${cidrs.map(formatCidr).join(', ')}}`;
}
