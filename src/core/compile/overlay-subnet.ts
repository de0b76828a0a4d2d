/** Subnet in the overlay: the router of its VPC is in it on every node. */
import { parseIp } from '../../lib/netaddr/ip.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { GuestNetwork } from '../dhcp/guest-options.ts';
import { macFor } from '../ovn/mac.ts';
import { logicalRouterPortName, switchRouterPortName } from '../ovn/names.ts';
import type { Emit, Read } from './rule.ts';
import { mtuOf } from './subnet-mtu.ts';
import type { AddressPlan, Site } from './subnet-site.ts';

export function overlaySite(subnet: Subnet, { cidrs, gateways }: AddressPlan, read: Read, emit: Emit): Site {
  const { name } = subnet.metadata;
  const { vpc = '', routeTable = '' } = subnet.spec ?? {};
  const mtu = mtuOf(subnet, read, emit);
  const routerMac = macFor(logicalRouterPortName(vpc, name));
  return {
    networks: cidrs.map((cidr, index): GuestNetwork => ({ cidr, gateway: gateways[index]!, routerMac, mtu })),
    outside: { ports: [switchRouterPortName(vpc, name)], routerMac },
    guests: `${vpc}|${routeTable}`,
    router: { mac: routerMac, addresses: gateways.map(parseIp) },
    isGateway: true,
  };
}
