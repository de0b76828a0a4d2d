/**
 * What keeps a network alive passes whatever the rules of its subnet say. Nothing of it goes through the router (neighbour discovery and VRRP have hop limit 255 and groups of the link, MLD 1; questions to DHCP
 * servers go to everybody on the link, or to the gateway), so none of it is a way into a private subnet. A guest is not the one to answer DHCP, unless the subnet's rules let it.
 */
import { eui64 } from '../../lib/netaddr/mac.ts';
import { formatIp } from '../../lib/netaddr/ip.ts';
import type { Direction } from './rules.ts';

export interface Always {
  readonly what: string;
  readonly direction: Direction;
  readonly match: string;
  /** OVN itself lets it pass wherever rules keep state (ovn-northd(8), ACL evaluation, priorities 65532 and 34000) */
  readonly byOvn?: boolean;
}

/** the router as guests see it */
export interface RouterSide {
  /** undefined for a physical router, of which it is not known */
  readonly mac: string | undefined;
  /** its addresses in the subnet */
  readonly gateways: readonly { readonly family: 4 | 6; readonly address: string }[];
}

/** IPv6 link-local prefix with the interface identifier of a MAC (RFC 4291) */
function linkLocal(mac: string): string {
  return formatIp({ family: 6, value: (0xfe80n << 112n) + eui64(mac) });
}

export function alwaysPasses({ mac, gateways }: RouterSide): readonly Always[] {
  const addresses = (family: 4 | 6) =>
    gateways.filter((gateway) => gateway.family === family).map(({ address }) => address);
  const v4 = addresses(4);
  const v6 = [...(mac === undefined ? [] : [linkLocal(mac)]), ...addresses(6)].join(', ');
  const byRouter = mac === undefined ? '' : `eth.src == ${mac} && `;
  const both = (what: string, match: string, byOvn = false): Always[] =>
    (['from-lport', 'to-lport'] as const).map((direction) => ({ what, direction, match, byOvn }));
  return [
    ...both('ARP', 'arp'),
    ...both('neighbour discovery', 'nd || nd_rs || nd_ra', true),
    ...both('multicast listener discovery', 'mldv1 || mldv2', true),
    ...both(
      'who has a shared address (VRRP, RFC 5798)',
      'ip.proto == 112 && ip.ttl == 255 && (ip4.dst == 224.0.0.18 || ip6.dst == ff02::12)',
    ),
    ...both('a question to all DHCP servers', 'ip4.dst == 255.255.255.255 && udp.src == 68 && udp.dst == 67'),
    ...both('a question to DHCPv6 servers', 'ip6.dst == ff02::1:2 && udp.src == 546 && udp.dst == 547'),
    ...v4.flatMap((gateway): Always[] => [
      {
        what: 'the answer of the DHCP server',
        direction: 'to-lport',
        match: `${byRouter}ip4.src == ${gateway} && udp.src == 67 && udp.dst == 68`,
        byOvn: true,
      },
      {
        what: 'a question to the DHCP server',
        direction: 'from-lport',
        match: `ip4.dst == ${gateway} && udp.src == 68 && udp.dst == 67`,
      },
      { what: 'ICMP to the gateway', direction: 'from-lport', match: `icmp4 && ip4.dst == ${gateway}` },
      {
        what: 'ICMP of the gateway',
        direction: 'to-lport',
        match: `${byRouter}icmp4 && ip4.src == ${gateway}`,
      },
    ]),
    ...(v6 === ''
      ? []
      : ([
          { what: 'ICMPv6 to the gateway', direction: 'from-lport', match: `icmp6 && ip6.dst == {${v6}}` },
          { what: 'ICMPv6 of the gateway', direction: 'to-lport', match: `${byRouter}icmp6 && ip6.src == {${v6}}` },
        ] as const)),
  ];
}
