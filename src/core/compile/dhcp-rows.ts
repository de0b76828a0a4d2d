/** DHCP_Options rows of subnets and of single interfaces, and the router advertisements of a subnet's router port. */
import { type Cidr, cidrContains, formatCidr } from '../../lib/netaddr/cidr.ts';
import { type Family, parseIp } from '../../lib/netaddr/ip.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import {
  DNS_SERVERS_ANNOTATION,
  dhcpv4Options,
  dhcpv6Options,
  type GuestNetwork,
  isSlaac,
  raConfigs,
  type VpcGuestSettings,
} from '../dhcp/guest-options.ts';
import type { Options } from '../dhcp/option-text.ts';
import { OPTION_FIELDS, optionsOr, sendsAdvertisements } from '../dhcp/subnet-options.ts';
import type { RowRef } from '../ovn/row.ts';
import type { Facts } from './facts.ts';
import type { Emit } from './rule.ts';

/** What a subnet's spec says of DHCP and router advertisements, read. */
export interface SubnetOptions {
  readonly v4Options: Options;
  readonly v6Options: Options;
  readonly raOptions: Options;
}

export function subnetOptions({ spec }: Subnet, emit: Emit): SubnetOptions {
  const read = (field: keyof typeof OPTION_FIELDS) =>
    optionsOr(OPTION_FIELDS[field], spec?.[field], (problem) =>
      emit.issue({
        reason: 'InvalidSpec',
        field: `spec.${field}`,
        message: `spec.${field}: ${problem}, so none of these options is in force: correct it`,
      }),
    );
  const raOptions = read('ipv6RAConfigs');
  const mode = raOptions['address_mode'];
  const isStateless = mode?.kind === 'choice' && mode.word === 'dhcpv6_stateless';
  return {
    v4Options: read('dhcpV4Options'),
    v6Options: {
      ...(isStateless ? { dhcpv6_stateless: { kind: 'flag', value: true, spelling: 'word' } } : {}),
      ...read('dhcpV6Options'),
    },
    raOptions,
  };
}

/** Families of which the subnet answers DHCP: guests that make their own IPv6 addresses have nothing to ask for. */
export function dhcpFamilies(
  { spec }: Subnet,
  networks: readonly GuestNetwork[],
  raOptions: Options,
): readonly Family[] {
  if (spec?.enableDHCP !== true) return [];
  const mode = raOptions['address_mode'];
  const isPureSlaac = mode?.kind === 'choice' && mode.word === 'slaac';
  return networks.map(({ cidr }) => cidr.family).filter((family) => family === 4 || !isPureSlaac);
}

/** Key of a DHCP_Options row: of a subnet, or of one interface. */
export function dhcpKey(owner: string, family: Family): string {
  return `${owner}/IPv${family}`;
}

export function emitSubnetDhcp(
  subnet: string,
  networks: readonly GuestNetwork[],
  families: readonly Family[],
  vpc: VpcGuestSettings,
  { v4Options, v6Options }: SubnetOptions,
  emit: Emit,
): void {
  for (const network of networks) {
    const { family } = network.cidr;
    if (!families.includes(family)) continue;
    const { options, routesOmitted } = optionsOf(network, vpc, { v4Options, v6Options }, true);
    emitOptions(dhcpKey(subnet, family), network, options, { ls: subnet }, emit);
    if (options['dns_server'] === undefined)
      emit.issue({
        severity: 'warning',
        reason: 'NoDnsServer',
        field: `spec.dhcpV${family}Options`,
        message: `guests get no IPv${family} DNS server: set dns_server in spec.dhcpV${family}Options, or annotation ${DNS_SERVERS_ANNOTATION} of the VPC, or start the controller with --dns-server`,
      });
    const mtu = Number(options['mtu'] ?? 0);
    if (network.mtu > 0 && mtu > network.mtu)
      emit.issue({
        severity: 'warning',
        reason: 'MtuTooLarge',
        field: 'spec.dhcpV4Options',
        message: `spec.dhcpV4Options: option mtu tells guests ${mtu} bytes, ${network.mtu} fit between nodes: larger packets are lost; lower it, or leave it out`,
      });
    if (routesOmitted)
      emit.issue({
        severity: 'warning',
        reason: 'DhcpRoutesOmitted',
        field: 'spec.dhcpV4Options',
        message:
          'routes to other networks of the VPC do not all fit into DHCP option 121 (255 octets), so some are left out: guests reach those networks by their default route',
      });
  }
}

/** What one interface asks for beside its subnet. */
export interface InterfaceWishes {
  /** undefined: as the subnet has it */
  readonly v4Options: Options | undefined;
  readonly v6Options: Options | undefined;
  /** the interface shall not have the default route */
  readonly withoutDefault: boolean;
  /** prefixes of which it is a next hop itself: a route to them would send it what it has just received, in a circle */
  readonly leadsTo: readonly Cidr[];
}

/**
 * The columns dhcpv4_options and dhcpv6_options of a port: the subnet's rows, or rows of its own when it asks for something else. Options of
 * its own turn DHCP on for it, whatever the subnet says.
 */
export function portDhcp(
  port: string,
  ips: readonly string[],
  subnet: string,
  subnetFamilies: readonly Family[],
  wishes: InterfaceWishes,
  guests: () => { readonly subnet: Facts['SubnetGuests']; readonly vpc: VpcGuestSettings } | undefined,
  emit: Emit,
): { readonly dhcpv4_options?: RowRef; readonly dhcpv6_options?: RowRef } {
  const columns: { dhcpv4_options?: RowRef; dhcpv6_options?: RowRef } = {};
  for (const ip of ips.map(parseIp)) {
    const own = ip.family === 4 ? wishes.v4Options : wishes.v6Options;
    const isSpecial = own !== undefined || (ip.family === 4 && (wishes.withoutDefault || wishes.leadsTo.length > 0));
    if (!isSpecial && !subnetFamilies.includes(ip.family)) continue;
    if (own === undefined && !subnetFamilies.includes(ip.family)) continue;
    const column = ip.family === 4 ? 'dhcpv4_options' : 'dhcpv6_options';
    const from = isSpecial ? guests() : undefined;
    const network = from?.subnet.networks.find(({ cidr }) => cidrContains(cidr, ip));
    if (!from || !network) {
      columns[column] = { table: 'DHCP_Options', key: dhcpKey(subnet, ip.family) };
      continue;
    }
    const merged = {
      v4Options: { ...from.subnet.v4Options, ...wishes.v4Options },
      v6Options: { ...from.subnet.v6Options, ...wishes.v6Options },
    };
    const own4 = new Set(wishes.leadsTo.map(formatCidr));
    const vpc = { ...from.vpc, prefixes: from.vpc.prefixes.filter((prefix) => !own4.has(formatCidr(prefix))) };
    const { options } = optionsOf(network, vpc, merged, !wishes.withoutDefault);
    emitOptions(dhcpKey(port, ip.family), network, options, { ls: subnet, port }, emit);
    columns[column] = { table: 'DHCP_Options', key: dhcpKey(port, ip.family) };
  }
  return columns;
}

function optionsOf(
  network: GuestNetwork,
  vpc: VpcGuestSettings,
  { v4Options, v6Options }: Pick<SubnetOptions, 'v4Options' | 'v6Options'>,
  defaultRoute: boolean,
) {
  if (network.cidr.family === 4) return dhcpv4Options(network, vpc, v4Options, defaultRoute);
  return { options: dhcpv6Options(network, vpc, v6Options), routesOmitted: false };
}

function emitOptions(
  key: string,
  { cidr }: GuestNetwork,
  options: Readonly<Record<string, string>>,
  ids: Readonly<Record<string, string>>,
  emit: Emit,
): void {
  emit.row('DHCP_Options', key, {
    cidr: formatCidr(cidr),
    options,
    external_ids: { vendor: 'kube-ovn', protocol: `IPv${cidr.family}`, ...ids },
  });
}

/** The router port's ipv6_ra_configs; empty when it sends none. */
export function advertisements(
  { spec }: Subnet,
  networks: readonly GuestNetwork[],
  vpc: () => VpcGuestSettings,
  { v6Options, raOptions }: SubnetOptions,
  emit: Emit,
): Readonly<Record<string, string>> {
  const network = networks.find(({ cidr }) => cidr.family === 6);
  if (!network || !sendsAdvertisements(spec ?? {})) return {};
  if (isSlaac(raOptions) && network.cidr.bits !== 64)
    emit.issue({
      reason: 'InvalidSpec',
      field: 'spec.ipv6RAConfigs',
      message: `spec.ipv6RAConfigs: guests make their own addresses (address_mode) in prefixes of 64 bits only (RFC 4862), ${formatCidr(network.cidr)} is none: use dhcpv6_stateful, or another prefix`,
    });
  return raConfigs(network, vpc(), v6Options, raOptions);
}
