/** Vpc -> Logical_Router: its routes, its policies, and its ends of links to other VPCs. */
import { type Cidr, formatCidr } from '../../lib/netaddr/cidr.ts';
import { formatIp, type Ip } from '../../lib/netaddr/ip.ts';
import type { Vpc } from '../../kinds/vpc.ts';
import {
  DNS_SEARCH_ANNOTATION,
  DNS_SERVERS_ANNOTATION,
  prefixesToTell,
  type VpcGuestSettings,
} from '../dhcp/guest-options.ts';
import { macFor } from '../ovn/mac.ts';
import { linkPortName } from '../ovn/names.ts';
import { linksOf } from './links-of-vpc.ts';
import { subnetOf } from './next-hops.ts';
import { natGatewayHops, withDefaultFirst } from './nat-gateway-hops.ts';
import { notImplemented } from './not-implemented.ts';
import { type Emit, type Read, rule } from './rule.ts';
import { emitExternals, externalsOf } from './vpc-external.ts';
import type { Link } from './vpc-links.ts';
import { beyondOf, linkFilters, policyRoutes, sourcePolicies } from './vpc-policies.ts';
import { defaultRoutes, linkRoutes, type Routes, staticRoutes } from './vpc-routes.ts';
import { subnetsOf } from './vpc-subnets.ts';
import { guardVlans } from './vlan-guards.ts';
import { datapathFits } from './vxlan-issues.ts';
import { SETTINGS_KEY } from './world.ts';

/** as Kube-OVN sets them; seconds for the age */
const ROUTER_OPTIONS = { mac_binding_age_threshold: '300', dynamic_neigh_routers: 'true' };
/** only where no other router is a neighbour */
const LONELY_OPTIONS = { ...ROUTER_OPTIONS, always_learn_from_arp_request: 'false' };

export const vpcRule = rule({
  kind: 'Vpc',
  reads: {
    kinds: ['IP', 'Node', 'PortDown', 'Settings', 'Subnet', 'Vpc', 'VpcPeering', 'IPPool', 'OvnEip', 'VpcNatGateway'],
    facts: ['VxlanMode', 'DatapathRank', 'VlanNetwork', 'GatewayNodes', 'GatewayStates'],
  },
  emits: ['VpcExternal', 'VpcRouter', 'VpcGuests', 'NextHopOf'],
  run(vpc, name, read, emit) {
    for (const issue of notImplemented('Vpc', vpc)) emit.issue(issue);
    if (!datapathFits('Vpc', name, read, emit)) return;
    const subnets = subnetsOf(name, read);
    const links = linksOf(name, vpc.spec, subnets, read, emit);
    const natGateways = natGatewayHops(name, read);
    const externals = withDefaultFirst(vpc.spec, natGateways, externalsOf(name, vpc.spec, read, emit));
    const vlans = subnets.filter(({ onVlan }) => onVlan);
    const ways = { links, externals, natGateways };
    emit.row('Logical_Router', name, {
      options: links.length + externals.length + vlans.length > 0 ? ROUTER_OPTIONS : LONELY_OPTIONS,
      external_ids: { vendor: 'kube-ovn' },
    });
    emit.fact('VpcRouter', name, { router: name });
    for (const link of links) linkPort(name, link, emit);
    linkFilters(name, links, emit);

    const { destinations: said, hops, sources } = staticRoutes(name, vpc.spec, subnets, ways, read, emit);
    const tables = new Set(['', ...subnets.map(({ routeTable }) => routeTable)]);
    const linked = [...said, ...linkRoutes(name, links, tables, said, emit)];
    const destinations = [...linked, ...defaultRoutes(name, externals[0], tables, linked, emit)];
    const reroutes = policyRoutes(name, vpc.spec, ways, read, emit);
    const beyond = beyondOf({ vpc: name, subnets, links, destinations }, emit);
    sourcePolicies(
      { vpc: name, beyond, subnets, links, externals, destinations, sources, reroutes: reroutes.length > 0 },
      emit,
    );
    guardVlans({ vpc: name, subnets, links, beyond, hops }, emit);

    for (const table of tables) {
      const prefixes = [
        ...subnets.flatMap(({ cidrs }) => cidrs),
        ...destinations.filter((route) => route.table === table).map(({ prefix }) => prefix),
      ];
      emit.fact('VpcGuests', `${name}|${table}`, guestSettings(vpc, prefixes, read));
    }
    leadsTo(name, hops, reroutes, read, emit);
    const behind = linked.filter(({ prefix, outward }) => prefix.bits > 0 && !outward).map(({ prefix }) => prefix);
    const inside = [...subnets.flatMap(({ cidrs }) => cidrs), ...behind];
    emitExternals(name, externals, { inside, several: externals.length + vlans.length > 1 }, emit);
  },
});

/**
 * What is behind each next hop: where its routes lead; behind one of a policy or of a route by source may be whatever static routes lead to.
 * A machine that was told so would send it back to the router.
 */
function leadsTo(vpc: string, hops: Routes['hops'], reroutes: readonly Ip[], read: Read, emit: Emit): void {
  const routed = hops.filter(({ bySource }) => !bySource);
  const all = routed.map(({ prefix }) => prefix);
  const found = [
    ...routed.map(({ nextHop, prefix }) => ({ nextHop, prefixes: [prefix] })),
    ...hops.filter(({ bySource }) => bySource).map(({ nextHop }) => ({ nextHop, prefixes: all })),
    ...reroutes.map((nextHop) => ({ nextHop, prefixes: all })),
  ];
  for (const [hop, ways] of Map.groupBy(found, ({ nextHop }) => formatIp(nextHop))) {
    const subnet = subnetOf(vpc, ways[0]!.nextHop, read);
    const prefixes = new Map(ways.flatMap((way) => way.prefixes).map((prefix) => [formatCidr(prefix), prefix]));
    if (subnet !== undefined && prefixes.size > 0)
      emit.fact('NextHopOf', `${subnet}|${hop}`, { prefixes: [...prefixes.values()] });
  }
}

/** This VPC's end of a link: a router port whose peer is the other VPC's. */
function linkPort(vpc: string, { remote, own }: Link, emit: Emit): void {
  const port = linkPortName(vpc, remote);
  emit.child({ table: 'Logical_Router', key: vpc, column: 'ports' }, 'Logical_Router_Port', port, {
    mac: macFor(port),
    networks: own.map(({ ip, cidr }) => `${formatIp(ip)}/${cidr.bits}`),
    peer: linkPortName(remote, vpc),
    ipv6_ra_configs: {},
    options: {},
    external_ids: { vendor: 'kube-ovn', lr: vpc },
  });
}

/** What its guests have to know: what is behind the router, and who answers their DNS questions. */
function guestSettings({ metadata }: Vpc, prefixes: readonly Cidr[], read: Read): VpcGuestSettings {
  const defaults = read.get('Settings', SETTINGS_KEY, ({ dnsServers = [], searchDomains = [] }) => ({
    dnsServers,
    searchDomains,
  }));
  return {
    prefixes: prefixesToTell(prefixes),
    dnsServers: listed(metadata.annotations?.[DNS_SERVERS_ANNOTATION]) ?? defaults?.dnsServers ?? [],
    searchDomains: listed(metadata.annotations?.[DNS_SEARCH_ANNOTATION]) ?? defaults?.searchDomains ?? [],
  };
}

function listed(text: string | undefined): readonly string[] | undefined {
  return text?.split(',').map((part) => part.trim());
}
