/**
 * What a subnet tells its guests by DHCP and router advertisement: everything that a guest needs to work, unless the user said otherwise.
 * Options given by the user replace those of the same name.
 */
import { type Cidr, cidrCovers, formatCidr } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { parseIp } from '../../lib/netaddr/ip.ts';
import type { Options } from './option-text.ts';
import { dhcpValue, fittingRoutes, type OptionValue, raValue, type StaticRoute } from './option-value.ts';

/** what is known of one family of a subnet */
export interface GuestNetwork {
  readonly cidr: Cidr;
  readonly gateway: string;
  /** where that is a physical router: the address of the VPC's router, which has the VPC behind it */
  readonly inner?: string;
  /** MAC address of the router's port: the server answers from there, so that what guests learn of neighbours agrees */
  readonly routerMac: string;
  /** bytes; 0 when not known */
  readonly mtu: number;
}

/** what a VPC means for its guests */
export interface VpcGuestSettings {
  /** IPv4 prefixes behind the router that guests may be told, see `prefixesToTell` */
  readonly prefixes: readonly Cidr[];
  /** addresses of both families */
  readonly dnsServers: readonly string[];
  readonly searchDomains: readonly string[];
}

/** annotation of a Vpc: addresses of DNS servers for its guests, separated by comma */
export const DNS_SERVERS_ANNOTATION = 'network.harvesterhci.io/dns-servers';
/** annotation of a Vpc: domains in which its guests look up names, separated by comma */
export const DNS_SEARCH_ANNOTATION = 'network.harvesterhci.io/dns-search';

/** seconds, as Kube-OVN has it */
const LEASE_TIME = 3600;
/** seconds, as Kube-OVN has them */
const RA_MAX_INTERVAL = 30;
const RA_MIN_INTERVAL = 5;
/** bytes (RFC 8200 section 5) */
const IPV6_LEAST_MTU = 1280;

export interface Dhcpv4 {
  readonly options: Readonly<Record<string, string>>;
  /** some routes do not fit into option 121: the default route covers them */
  readonly routesOmitted: boolean;
}

/** routes that fit into the 255 octets of option 121: the shortest one takes 6 (RFC 3442) */
const MOST_ROUTES = Math.floor(255 / 6);

/**
 * What guests may be told of the prefixes behind their router: without those inside others, as all lead to the same next hop; and no more than
 * what fills option 121, the subnet's own, and one that shows that there are more. So a VPC of 1,000 subnets tells as little as one of 50, and
 * a route that nobody would be told of changes nothing.
 */
export function prefixesToTell(prefixes: readonly Cidr[]): readonly Cidr[] {
  const outer: Cidr[] = [];
  const told = prefixes.filter(({ family, bits }) => family === 4 && bits > 0);
  for (const cidr of told.toSorted((a, b) => (a.base < b.base ? -1 : a.base > b.base ? 1 : a.bits - b.bits))) {
    const last = outer.at(-1);
    if (!last || !cidrCovers(last, cidr)) outer.push(cidr);
  }
  return outer.toSorted(longestFirst).slice(0, MOST_ROUTES + 2);
}

/** @param defaultRoute false for an interface that shall not have the default route */
export function dhcpv4Options(
  network: GuestNetwork,
  vpc: VpcGuestSettings,
  given: Options,
  defaultRoute = true,
): Dhcpv4 {
  const { cidr, gateway, inner, routerMac, mtu } = network;
  const router = addresses(given['router']) ?? [gateway];
  const wanted: readonly StaticRoute[] = [
    ...routesBehind(cidr, vpc.prefixes).map((dst) => ({ dst, gw: inner ?? router[0]! })),
    ...(defaultRoute ? [{ dst: '0.0.0.0/0', gw: router[0]! }] : []),
  ];
  const routes = keepLast(wanted, defaultRoute);
  const classless = given['classless_static_route'] ?? given['ms_classless_static_route'];
  const options: Record<string, OptionValue> = {
    lease_time: { kind: 'integer', value: LEASE_TIME },
    server_id: one(gateway),
    server_mac: { kind: 'mac', mac: routerMac },
    ...(mtu > 0 ? { mtu: { kind: 'integer', value: mtu } } : {}),
    ...dnsOptions(4, vpc),
    // nothing but the default route is what the option router says
    ...(routes.length > (defaultRoute ? 1 : 0) ? bothClassless({ kind: 'routes', routes }) : {}),
    ...(defaultRoute ? { router: { kind: 'addresses', addresses: router } } : {}),
    ...(classless ? bothClassless(classless) : {}),
    ...given,
  };
  if (!defaultRoute) delete options['router'];
  return { options: printed(options, dhcpValue), routesOmitted: !classless && routes.length < wanted.length };
}

/** Search domains go by router advertisement: OVN sends option 24 as text instead of names in wire format (RFC 3646), and clients refuse that. */
export function dhcpv6Options(
  { routerMac }: GuestNetwork,
  vpc: VpcGuestSettings,
  given: Options,
): Record<string, string> {
  const { dns_server: servers } = dnsOptions(6, vpc);
  return printed(
    { server_id: { kind: 'mac', mac: routerMac }, ...(servers ? { dns_server: servers } : {}), ...given },
    dhcpValue,
  );
}

/** columns of ipv6_ra_configs */
export function raConfigs(
  { mtu }: GuestNetwork,
  vpc: VpcGuestSettings,
  dhcpv6: Options,
  given: Options,
): Record<string, string> {
  const { dns_server: servers, domain_search: search } = { ...dnsOptions(6, vpc), ...dhcpv6 };
  const server = addresses(servers)?.[0];
  const longest = given['max_interval'];
  const max = longest?.kind === 'integer' ? longest.value : RA_MAX_INTERVAL;
  return printed(
    {
      address_mode: { kind: 'choice', word: 'dhcpv6_stateful' },
      send_periodic: { kind: 'flag', value: true, spelling: 'word' },
      max_interval: { kind: 'integer', value: max },
      // at most three quarters of the longest (RFC 4861 section 6.2.1)
      min_interval: { kind: 'integer', value: Math.min(RA_MIN_INTERVAL, Math.floor((max * 3) / 4)) },
      ...(mtu >= IPV6_LEAST_MTU ? { mtu: { kind: 'integer', value: mtu } } : {}),
      ...(server === undefined ? {} : { rdnss: one(server) }),
      ...(search ? { dnssl: search } : {}),
      ...given,
    },
    raValue,
  );
}

/** addresses are made by the guest itself, from the prefix and its MAC */
export function isSlaac(given: Options): boolean {
  const mode = given['address_mode'];
  return mode?.kind === 'choice' && mode.word !== 'dhcpv6_stateful';
}

/** Prefixes other than the subnet's own, the longest first (so does RFC 3442 order them), each once. */
function routesBehind(own: Cidr, prefixes: readonly Cidr[]): readonly string[] {
  const others = prefixes.filter(
    (prefix) => prefix.family === own.family && prefix.bits > 0 && !cidrCovers(own, prefix),
  );
  return [...new Set(others.toSorted(longestFirst).map(formatCidr))];
}

function longestFirst(a: Cidr, b: Cidr): number {
  return b.bits - a.bits || (a.base < b.base ? -1 : 1);
}

/** as many routes as fit, the default route among them */
function keepLast(routes: readonly StaticRoute[], defaultRoute: boolean): readonly StaticRoute[] {
  const last = defaultRoute ? routes.slice(-1) : [];
  const fitting = fittingRoutes([...last, ...routes.slice(0, routes.length - last.length)]);
  return [...fitting.slice(last.length), ...last];
}

function bothClassless(value: OptionValue): Options {
  return { classless_static_route: value, ms_classless_static_route: value };
}

function dnsOptions(family: 4 | 6, { dnsServers, searchDomains }: VpcGuestSettings): Options {
  const servers = dnsServers.filter((text) => attempt(() => parseIp(text))?.family === family);
  return {
    ...(servers.length > 0 ? { dns_server: { kind: 'addresses', addresses: servers } } : {}),
    ...(searchDomains.length > 0
      ? { [family === 4 ? 'domain_search_list' : 'domain_search']: { kind: 'domains', names: searchDomains } }
      : {}),
  };
}

function addresses(value: OptionValue | undefined): readonly string[] | undefined {
  return value?.kind === 'addresses' ? value.addresses : undefined;
}

function one(address: string): OptionValue {
  return { kind: 'addresses', addresses: [address] };
}

function printed(options: Options, print: (value: OptionValue) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, print(value)]));
}
