/**
 * The options that OVN answers DHCP and router solicitations with, and what each takes. Source: ovn-nb(5), tables DHCP_Options and
 * Logical_Router_Port (ipv6_ra_configs); the Southbound tables DHCP_Options and DHCPv6_Options of OVN 25.03.
 */

export type OptionType =
  | { readonly kind: 'addresses'; readonly family: 4 | 6; readonly most?: number }
  | { readonly kind: 'integer'; readonly least: number; readonly greatest: number }
  | { readonly kind: 'flag'; readonly spelling: 'digit' | 'word' }
  | { readonly kind: 'text' }
  /** an IPv4 address or a host name */
  | { readonly kind: 'host' }
  | { readonly kind: 'domains' }
  /** prefix and next hop, again and again (RFC 3442) */
  | { readonly kind: 'routes' }
  /** preference and prefix (RFC 4191): HIGH-fd00:1::/48 */
  | { readonly kind: 'preferredRoutes' }
  | { readonly kind: 'mac' }
  | { readonly kind: 'choice'; readonly values: readonly string[] };

/** what a string of options is for; decides which options there are */
export const OPTION_SETS = ['dhcpv4', 'dhcpv6', 'ra'] as const;
export type OptionSet = (typeof OPTION_SETS)[number];

const IPV4: OptionType = { kind: 'addresses', family: 4 };
const TEXT: OptionType = { kind: 'text' };
const FLAG: OptionType = { kind: 'flag', spelling: 'digit' };
const BYTE = integer(0, 255);

const DHCPV4: Readonly<Record<string, OptionType>> = {
  arp_cache_timeout: integer(0, 2 ** 32 - 1),
  bootfile_name: TEXT,
  bootfile_name_alt: TEXT,
  broadcast_address: { kind: 'addresses', family: 4, most: 1 },
  classless_static_route: { kind: 'routes' },
  default_ttl: BYTE,
  dns_server: IPV4,
  domain_name: TEXT,
  domain_search_list: { kind: 'domains' },
  ethernet_encap: FLAG,
  hostname: TEXT,
  ip_forward_enable: FLAG,
  // a lease of no time would be renewed without end
  lease_time: integer(1, 2 ** 32 - 1),
  log_server: IPV4,
  lpr_server: IPV4,
  ms_classless_static_route: { kind: 'routes' },
  mtu: integer(68, 65_535),
  netbios_name_server: IPV4,
  netbios_node_type: BYTE,
  next_server: { kind: 'addresses', family: 4, most: 1 },
  nis_server: IPV4,
  ntp_server: IPV4,
  path_prefix: TEXT,
  policy_filter: IPV4,
  router: IPV4,
  router_discovery: FLAG,
  router_solicitation: { kind: 'addresses', family: 4, most: 1 },
  server_id: { kind: 'addresses', family: 4, most: 1 },
  server_mac: { kind: 'mac' },
  swap_server: { kind: 'addresses', family: 4, most: 1 },
  T1: integer(68, 2 ** 32 - 1),
  T2: integer(68, 2 ** 32 - 1),
  tcp_keepalive_interval: integer(0, 2 ** 32 - 1),
  tcp_ttl: BYTE,
  tftp_server: { kind: 'host' },
  tftp_server_address: IPV4,
  wpad: TEXT,
};

const DHCPV6: Readonly<Record<string, OptionType>> = {
  bootfile_name: TEXT,
  bootfile_name_alt: TEXT,
  dhcpv6_stateless: { kind: 'flag', spelling: 'word' },
  dns_server: { kind: 'addresses', family: 6 },
  domain_search: { kind: 'domains' },
  fqdn: TEXT,
  server_id: { kind: 'mac' },
};

const RA: Readonly<Record<string, OptionType>> = {
  address_mode: { kind: 'choice', values: ['dhcpv6_stateful', 'dhcpv6_stateless', 'slaac'] },
  dnssl: { kind: 'domains' },
  // RFC 4861 section 6.2.1, seconds
  max_interval: integer(4, 1800),
  min_interval: integer(3, 1350),
  mtu: integer(1280, 65_535),
  // OVN announces one server only
  rdnss: { kind: 'addresses', family: 6, most: 1 },
  route_info: { kind: 'preferredRoutes' },
  router_preference: { kind: 'choice', values: ['HIGH', 'MEDIUM', 'LOW'] },
  send_periodic: { kind: 'flag', spelling: 'word' },
};

const TYPES: Readonly<Record<OptionSet, Readonly<Record<string, OptionType>>>> = {
  dhcpv4: DHCPV4,
  dhcpv6: DHCPV6,
  ra: RA,
};

/** options that OVN has but that follow from something else */
const DERIVED: Readonly<Record<OptionSet, Readonly<Record<string, string>>>> = {
  dhcpv4: {
    netmask: 'follows from spec.cidrBlock',
    offerip: "is the interface's own address: ask for it with the annotation ip_address",
  },
  dhcpv6: { ia_addr: "is the interface's own address: ask for it with the annotation ip_address" },
  ra: {},
};

/** The type of an option, or why it cannot be set, as the tail of a sentence. */
export function optionType(set: OptionSet, name: string): OptionType | string {
  const type = Object.hasOwn(TYPES[set], name) ? TYPES[set][name] : undefined;
  if (type) return type;
  if (Object.hasOwn(DERIVED[set], name)) return DERIVED[set][name]!;
  return `is not one that OVN knows: use one of ${optionNames(set).join(', ')}`;
}

export function optionNames(set: OptionSet): readonly string[] {
  return Object.keys(TYPES[set]).toSorted();
}

function integer(least: number, greatest: number): OptionType {
  return { kind: 'integer', least, greatest };
}
