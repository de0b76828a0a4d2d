/**
 * The routes that a guest gets with an address when it does not ask by DHCP: to all other subnets of its VPC and to what the VPC's static
 * routes lead to on every interface, and the default route on the first. A next hop gets no route to what is behind itself.
 */
import { type Cidr, cidrContains, cidrCovers, formatCidr, parseInterface } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { canonicalIp, type Family, formatIp, type Ip } from '../../lib/netaddr/ip.ts';
import { isRouted } from '../vlan/vlan-subnet.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { VpcSpec } from '../../kinds/vpc.ts';

export interface Route {
  /** prefix */
  readonly dst: string;
  /** next hop */
  readonly gw: string;
}

export interface Guest {
  /** its own */
  readonly addresses: readonly Ip[];
  /** those of which it has the default route */
  readonly defaultFor: ReadonlySet<Family>;
  readonly routers: {
    /** by which it leaves */
    readonly gateways: readonly Ip[];
    /** the router of its VPC, where that is not the gateway */
    readonly inner: readonly Ip[];
  };
}

/**
 * @param vpcSubnets all subnets of the VPC, its own among them or not
 * @param vpc its routes: the router knows the next hops, the guest only the router
 */
export function guestRoutes(
  subnet: Subnet,
  vpcSubnets: Iterable<Subnet>,
  vpc: Pick<VpcSpec, 'staticRoutes' | 'policyRoutes'> | undefined,
  { addresses, defaultFor, routers }: Guest,
): Route[] {
  const own = cidrsOf(subnet);
  const families = new Set(addresses.map(({ family }) => family));
  // once: it may be an iterator
  const others = [...vpcSubnets].filter(
    (other) =>
      isRouted(other.spec) && other.metadata.name !== subnet.metadata.name && other.spec?.vpc === subnet.spec?.vpc,
  );
  // where the router of no VPC is, nothing of one is behind the gateway
  const behind = isRouted(subnet.spec)
    ? [...others.flatMap(cidrsOf), ...routed(vpc ?? {}, subnet.spec?.routeTable ?? '', addresses)]
    : [];
  const found: Route[] = [];
  for (const cidr of own.filter(({ family }) => families.has(family))) {
    const gateway = routers.gateways.find((ip) => cidrContains(cidr, ip));
    if (!gateway) continue;
    const gw = formatIp(gateway);
    const inner = routers.inner.find((ip) => cidrContains(cidr, ip));
    const prefixes = behind.filter(
      (prefix) => prefix.family === cidr.family && prefix.bits > 0 && !cidrCovers(cidr, prefix),
    );
    const targets = new Set(prefixes.map(formatCidr));
    found.push(...[...targets].toSorted().map((dst) => ({ dst, gw: inner ? formatIp(inner) : gw })));
    if (defaultFor.has(cidr.family)) found.push({ dst: cidr.family === 4 ? '0.0.0.0/0' : '::/0', gw });
  }
  return found;
}

/**
 * What the routes of a table lead to, without that of which one of the addresses is a next hop. Behind one that policies or routes by source send packets to may be
 * whatever routes lead to.
 */
function routed(
  { staticRoutes = [], policyRoutes = [] }: Pick<VpcSpec, 'staticRoutes' | 'policyRoutes'>,
  table: string,
  addresses: readonly Ip[],
): readonly Cidr[] {
  const texts = new Set(addresses.map(formatIp));
  const isOwn = (text: string) => texts.has(attempt(() => canonicalIp(text.trim())) ?? '');
  const elsewhere = [
    ...policyRoutes.flatMap(({ action, nextHopIP = '' }) => (action === 'reroute' ? nextHopIP.split(',') : [])),
    ...staticRoutes.flatMap(({ policy, nextHopIP = '' }) => (policy === 'policySrc' ? nextHopIP : [])),
  ];
  if (elsewhere.some(isOwn)) return [];
  const readable = staticRoutes
    .filter(({ policy = 'policyDst', routeTable = '' }) => policy === 'policyDst' && routeTable === table)
    .flatMap(({ cidr = '', nextHopIP = '' }) => {
      const prefix = attempt(() => parseInterface(cidr).cidr);
      return prefix ? [{ prefix, isBehind: isOwn(nextHopIP) }] : [];
    });
  const own = readable.filter(({ isBehind }) => isBehind).map(({ prefix }) => formatCidr(prefix));
  return readable.map(({ prefix }) => prefix).filter((prefix) => !own.includes(formatCidr(prefix)));
}

function cidrsOf(subnet: Subnet) {
  return (subnet.spec?.cidrBlock ?? '').split(',').flatMap((text) => attempt(() => parseInterface(text).cidr) ?? []);
}
