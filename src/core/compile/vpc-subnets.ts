/** What a VPC consists of, as far as routing asks. */
import { type Cidr, cidrContains, coveringCidrs, formatCidr, parseInterface } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { type Ip, parseIp } from '../../lib/netaddr/ip.ts';
import { parseMac } from '../../lib/netaddr/mac.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import { interconnectionName, isInterconnected, isOnVlan } from '../vlan/vlan-subnet.ts';
import type { Read } from './rule.ts';
import { mostSenior, seniority } from './seniority.ts';

export interface VpcSubnet {
  readonly name: string;
  readonly cidrs: readonly Cidr[];
  /** the router's addresses */
  readonly gateways: readonly Ip[];
  /** of a VLAN that is connected beside its gateway: the physical routers */
  readonly physical: readonly Ip[];
  /** the router's port in it is on a physical network, and carried by one node */
  readonly onVlan: boolean;
  /** of what comes from this subnet; "" is the main table */
  readonly routeTable: string;
}

/** The subnets of a VPC in the order of their names, with the prefixes that can be read. */
export function subnetsOf(vpc: string, read: Read): readonly VpcSubnet[] {
  return read
    .keys('Subnet', 'vpc', vpc)
    .toSorted()
    .map((name) => viewSubnet(name, read));
}

/** The innermost subnet of a VPC that holds a prefix. */
export function subnetCovering(vpc: string, prefix: Cidr, from: Pick<Read, 'keys'>): string | undefined {
  for (const outer of coveringCidrs(prefix)) {
    const found = from.keys('Subnet', 'prefix', `${vpc}|${formatCidr(outer)}`).toSorted()[0];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Subnets of a VPC that share addresses with a prefix: those inside of it, and those that hold it. */
export function subnetsOverlapping(vpc: string, prefix: Cidr, from: Pick<Read, 'keys'>): readonly string[] {
  return [
    ...from.keys('Subnet', 'inside', `${vpc}|${formatCidr(prefix)}`),
    ...[...coveringCidrs(prefix)]
      .slice(1)
      .flatMap((outer) => from.keys('Subnet', 'prefix', `${vpc}|${formatCidr(outer)}`)),
  ];
}

export function viewSubnet(name: string, read: Read): VpcSubnet {
  const seen = read.get('Subnet', name, (subnet) => ({
    cidrBlock: subnet.spec?.cidrBlock ?? '',
    gateway: subnet.spec?.gateway ?? '',
    routeTable: subnet.spec?.routeTable ?? '',
    onVlan: isOnVlan(subnet.spec),
    own: isInterconnected(subnet.spec) ? interconnectionName(subnet) : '',
  }));
  const { cidrBlock = '', gateway = '', routeTable = '', onVlan = false, own = '' } = seen ?? {};
  const cidrs = readable(cidrBlock, (text) => parseInterface(text).cidr);
  const named = readable(gateway, parseIp);
  const [gateways, physical] = own === '' ? [named, []] : [interconnection(own, cidrs, read).addresses, named];
  return { name, cidrs, gateways, physical, routeTable, onVlan };
}

/** What a VPC's router has in a VLAN beside the physical gateway. @param own name of the IP object that holds it */
export function interconnection(
  own: string,
  cidrs: readonly Cidr[],
  read: Pick<Read, 'get'>,
): { readonly addresses: readonly Ip[]; readonly mac: string } {
  const seen = read.get('IP', own, ({ spec }) => ({
    texts: [spec?.v4IpAddress ?? '', spec?.v6IpAddress ?? ''],
    mac: spec?.macAddress ?? '',
  }));
  const inside = (ip: Ip) => cidrs.some((cidr) => cidrContains(cidr, ip));
  const addresses = readable((seen?.texts ?? []).filter((text) => text !== '').join(), parseIp).filter(inside);
  return { addresses, mac: attempt(() => parseMac(seen?.mac ?? '')) ?? '' };
}

function readable<T>(texts: string, parse: (text: string) => T): readonly T[] {
  return texts.split(',').flatMap((text) => attempt(() => parse(text.trim())) ?? []);
}

/** An older subnet with addresses of these prefixes. @param scope VPC or VLAN */
export function olderOverlap(subnet: Subnet, scope: string, cidrs: readonly Cidr[], read: Read): string | undefined {
  const { name, creationTimestamp } = subnet.metadata;
  const overlapping = cidrs.flatMap((cidr) => subnetsOverlapping(scope, cidr, read));
  const others = overlapping.filter((other) => other !== name);
  return mostSenior(seniority(creationTimestamp, name), others, (other) =>
    read.get('Subnet', other, ({ metadata }) => metadata.creationTimestamp),
  );
}
