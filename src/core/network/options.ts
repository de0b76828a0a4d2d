/** What guests are told, as the option strings of a Subnet. */
import type { Cidr } from '../../lib/netaddr/cidr.ts';
import type { VirtualNetworkSpec } from '../../kinds/virtual-network.ts';

type Dhcp = NonNullable<VirtualNetworkSpec['dhcp']>;

/** Only the fields about which the network says something. */
export function optionFields(dhcp: Dhcp, cidrs: readonly Cidr[]): Readonly<Record<string, string>> {
  const { dnsServers = [], searchDomains = [] } = dhcp;
  const has = (family: 4 | 6) => cidrs.some((cidr) => cidr.family === family);
  const servers = (family: 4 | 6) => dnsServers.filter((text) => text.includes(':') === (family === 6));
  const fields = {
    dhcpV4Options: has(4)
      ? joined(dhcp.v4Options, option('dns_server', servers(4)), option('domain_search_list', searchDomains))
      : '',
    dhcpV6Options: has(6) ? joined(dhcp.v6Options, option('dns_server', servers(6))) : '',
    // OVN has no DHCPv6 search list that clients take: it goes by advertisement
    ipv6RAConfigs: has(6) ? joined(dhcp.raOptions, option('dnssl', searchDomains)) : '',
  };
  return Object.fromEntries(Object.entries(fields).filter(([, text]) => text !== ''));
}

function option(name: string, values: readonly string[]): string {
  return values.length === 0 ? '' : `${name}={${values.join(',')}}`;
}

function joined(...texts: readonly (string | undefined)[]): string {
  return texts
    .map((text) => (text ?? '').trim())
    .filter((text) => text !== '')
    .join(', ');
}
