/**
 * The routes that a guest gets with an address when it does not ask by DHCP: to all other subnets of its VPC and to what the VPC's static
 * routes lead to on every interface, and the default route on the first.
 */
import { cidrContains, cidrCovers, formatCidr, parseInterface } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { type Family, formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { StaticRoute } from '../../kinds/vpc.ts';

export interface Route {
  /** prefix */
  readonly dst: string;
  /** next hop */
  readonly gw: string;
}

/**
 * @param vpcSubnets all subnets of the VPC, its own among them or not
 * @param staticRoutes of the VPC: the router knows the next hops, the guest only the router
 * @param families those that the interface has addresses of
 * @param defaultFor those of which it has the default route
 */
export function guestRoutes(
  subnet: Subnet,
  vpcSubnets: Iterable<Subnet>,
  staticRoutes: readonly StaticRoute[],
  { families, defaultFor }: { readonly families: ReadonlySet<Family>; readonly defaultFor: ReadonlySet<Family> },
): Route[] {
  const own = cidrsOf(subnet);
  // once: it may be an iterator
  const others = [...vpcSubnets].filter(
    (other) => other.metadata.name !== subnet.metadata.name && other.spec?.vpc === subnet.spec?.vpc,
  );
  const routed = staticRoutes
    .filter(({ policy = 'policyDst' }) => policy === 'policyDst')
    .flatMap(({ cidr = '' }) => attempt(() => parseInterface(cidr).cidr) ?? []);
  const gateways = (subnet.spec?.gateway ?? '').split(',').flatMap((text) => attempt(() => parseIp(text)) ?? []);
  const routes: Route[] = [];
  for (const cidr of own.filter(({ family }) => families.has(family))) {
    const gateway = gateways.find((ip) => cidrContains(cidr, ip));
    if (!gateway) continue;
    const gw = formatIp(gateway);
    const prefixes = [...others.flatMap(cidrsOf), ...routed].filter(
      (prefix) => prefix.family === cidr.family && prefix.bits > 0 && !cidrCovers(cidr, prefix),
    );
    const targets = new Set(prefixes.map(formatCidr));
    routes.push(...[...targets].toSorted().map((dst) => ({ dst, gw })));
    if (defaultFor.has(cidr.family)) routes.push({ dst: cidr.family === 4 ? '0.0.0.0/0' : '::/0', gw });
  }
  return routes;
}

function cidrsOf(subnet: Subnet) {
  return (subnet.spec?.cidrBlock ?? '').split(',').flatMap((text) => attempt(() => parseInterface(text).cidr) ?? []);
}
