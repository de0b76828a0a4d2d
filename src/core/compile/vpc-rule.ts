/** Vpc -> Logical_Router and its static routes. */
import { type Cidr, cidrContains, cidrOf, coveringCidrs, formatCidr, parseInterface } from '../../lib/netaddr/cidr.ts';
import { AddressError, attempt } from '../../lib/netaddr/error.ts';
import { formatIp, type Ip, parseIp, width } from '../../lib/netaddr/ip.ts';
import type { StaticRoute, Vpc, VpcSpec } from '../../kinds/vpc.ts';
import { DNS_SEARCH_ANNOTATION, DNS_SERVERS_ANNOTATION, type VpcGuestSettings } from '../dhcp/guest-options.ts';
import { notImplemented } from './not-implemented.ts';
import { type Emit, type Read, rule } from './rule.ts';
import { SETTINGS_KEY } from './world.ts';

/** as Kube-OVN sets them for a VPC without external ports; seconds for the age */
const ROUTER_OPTIONS = {
  mac_binding_age_threshold: '300',
  dynamic_neigh_routers: 'true',
  always_learn_from_arp_request: 'false',
};

export const vpcRule = rule({
  kind: 'Vpc',
  reads: { kinds: ['Settings', 'Subnet'], facts: [] },
  emits: ['VpcRouter', 'VpcGuests'],
  run(vpc, name, read, emit) {
    for (const issue of notImplemented('Vpc', vpc).issues) emit.issue(issue);
    emit.row('Logical_Router', name, { options: ROUTER_OPTIONS, external_ids: { vendor: 'kube-ovn' } });
    emit.fact('VpcRouter', name, { router: name });
    const seen = new Set<string>();
    const routed = (vpc.spec?.staticRoutes ?? []).flatMap(
      (route, index) => staticRoute(name, vpc.spec!, route, `spec.staticRoutes[${index}]`, seen, read, emit) ?? [],
    );
    emit.fact('VpcGuests', name, guestSettings(vpc, routed, read));
  },
});

/** What its guests have to know: what is behind the router, and who answers their DNS questions. */
function guestSettings({ metadata }: Vpc, routed: readonly Cidr[], read: Read): VpcGuestSettings {
  const defaults = read.get('Settings', SETTINGS_KEY, ({ dnsServers = [], searchDomains = [] }) => ({
    dnsServers,
    searchDomains,
  }));
  const blocks = read
    .keys('Subnet', 'vpc', metadata.name)
    .map((key) => read.get('Subnet', key, ({ spec }) => spec?.cidrBlock ?? '') ?? '');
  const prefixes = blocks.flatMap((block) =>
    block.split(',').flatMap((text) => attempt(() => parseInterface(text.trim()).cidr) ?? []),
  );
  return {
    prefixes: [...prefixes, ...routed].toSorted(
      (a, b) => a.family - b.family || (a.base < b.base ? -1 : a.base > b.base ? 1 : a.bits - b.bits),
    ),
    dnsServers: listed(metadata.annotations?.[DNS_SERVERS_ANNOTATION]) ?? defaults?.dnsServers ?? [],
    searchDomains: listed(metadata.annotations?.[DNS_SEARCH_ANNOTATION]) ?? defaults?.searchDomains ?? [],
  };
}

function listed(text: string | undefined): readonly string[] | undefined {
  return text?.split(',').map((part) => part.trim());
}

/** @returns the prefix, if the route is in force */
function staticRoute(
  vpc: string,
  spec: VpcSpec,
  route: StaticRoute,
  path: string,
  seen: Set<string>,
  read: Read,
  emit: Emit,
): Cidr | undefined {
  const unbuilt = unbuiltPart(route);
  if (unbuilt) {
    emit.issue({
      reason: 'NotImplemented',
      field: `${path}.${unbuilt.field}`,
      message: `${path}.${unbuilt.field}: ${unbuilt.what} not built yet, so this route is left out: everything else of this object is in force`,
    });
    return undefined;
  }
  const parsed = parseRoute(route, path, emit);
  if (!parsed) return undefined;
  const prefix = formatCidr(parsed.prefix);
  const nextHop = formatIp(parsed.nextHop);
  if (onPeeringLink(spec, parsed.nextHop)) {
    emit.issue({
      reason: 'NotImplemented',
      field: `${path}.nextHopIP`,
      message: `${path}.nextHopIP: ${nextHop} is on a link to another VPC, which is not built yet (spec.vpcPeerings), so this route is left out`,
    });
    return undefined;
  }
  if (!subnetHolding(vpc, parsed.nextHop, read)) {
    emit.issue({
      reason: 'NextHopUnreachable',
      field: `${path}.nextHopIP`,
      message: `${path}.nextHopIP: ${nextHop} is in no subnet of VPC ${vpc}, so the route to ${prefix} is left out: add a subnet that holds it, or correct the address`,
    });
    return undefined;
  }
  const key = `${vpc}/${prefix}/${nextHop}`;
  if (seen.has(key)) return parsed.prefix;
  seen.add(key);
  emit.child({ table: 'Logical_Router', key: vpc, column: 'static_routes' }, 'Logical_Router_Static_Route', key, {
    ip_prefix: prefix,
    nexthop: nextHop,
    policy: 'dst-ip',
    route_table: '',
    external_ids: { vendor: 'kube-ovn' },
  });
  return parsed.prefix;
}

function unbuiltPart(route: StaticRoute): { readonly field: string; readonly what: string } | undefined {
  if (route.policy === 'policySrc') return { field: 'policy', what: 'routes by source (policySrc) are' };
  if (route.bfdId) return { field: 'bfdId', what: 'BFD on static routes is' };
  if (route.ecmpMode) return { field: 'ecmpMode', what: 'symmetric replies are' };
  if (route.routeTable) return { field: 'routeTable', what: 'route tables are' };
  return undefined;
}

function parseRoute(
  route: StaticRoute,
  path: string,
  emit: Emit,
): { readonly prefix: Cidr; readonly nextHop: Ip } | undefined {
  try {
    const cidr = route.cidr ?? '';
    const prefix = cidr.includes('/') ? parseInterface(cidr).cidr : hostPrefix(parseIp(cidr));
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

function hostPrefix(ip: Ip): Cidr {
  return cidrOf(ip, width(ip.family));
}

function onPeeringLink({ vpcPeerings = [] }: VpcSpec, nextHop: Ip): boolean {
  const links = vpcPeerings.flatMap(({ localConnectIP = '' }) => localConnectIP.split(','));
  return links.some((text) => {
    const link = attempt(() => parseInterface(text.trim()).cidr);
    return link !== undefined && cidrContains(link, nextHop);
  });
}

function subnetHolding(vpc: string, ip: Ip, read: Read): boolean {
  for (const prefix of coveringCidrs(hostPrefix(ip)))
    if (read.keys('Subnet', 'prefix', `${vpc}|${formatCidr(prefix)}`).length > 0) return true;
  return false;
}
