/** The routes that a guest gets with an address: to all other subnets of its VPC on every interface, and the default route on the first. */
import { cidrContains, formatCidr, parseInterface } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { type Family, formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import type { Subnet } from '../../kinds/subnet.ts';

export interface Route {
  /** prefix */
  readonly dst: string;
  /** next hop */
  readonly gw: string;
}

/**
 * @param vpcSubnets all subnets of the VPC, its own among them or not
 * @param defaultFor families of which this interface has the default route
 */
export function guestRoutes(subnet: Subnet, vpcSubnets: Iterable<Subnet>, defaultFor: ReadonlySet<Family>): Route[] {
  const own = cidrsOf(subnet);
  const gateways = (subnet.spec?.gateway ?? '').split(',').flatMap((text) => attempt(() => parseIp(text)) ?? []);
  const routes: Route[] = [];
  for (const cidr of own) {
    const gateway = gateways.find((ip) => cidrContains(cidr, ip));
    if (!gateway) continue;
    const gw = formatIp(gateway);
    const others = [...vpcSubnets].filter(
      (other) => other.metadata.name !== subnet.metadata.name && other.spec?.vpc === subnet.spec?.vpc,
    );
    const prefixes = others.flatMap(cidrsOf).filter(({ family }) => family === cidr.family);
    routes.push(
      ...prefixes.map((prefix) => ({ dst: formatCidr(prefix), gw })).toSorted((a, b) => (a.dst < b.dst ? -1 : 1)),
    );
    if (defaultFor.has(cidr.family)) routes.push({ dst: cidr.family === 4 ? '0.0.0.0/0' : '::/0', gw });
  }
  return routes;
}

function cidrsOf(subnet: Subnet) {
  return (subnet.spec?.cidrBlock ?? '').split(',').flatMap((text) => attempt(() => parseInterface(text).cidr) ?? []);
}
