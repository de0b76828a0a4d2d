/** What a VPC consists of, as far as routing asks. */
import { type Cidr, coveringCidrs, formatCidr, parseInterface } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { type Ip, parseIp } from '../../lib/netaddr/ip.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { Read } from './rule.ts';
import { mostSenior, seniority } from './seniority.ts';

export interface VpcSubnet {
  readonly name: string;
  readonly cidrs: readonly Cidr[];
  /** the router's addresses */
  readonly gateways: readonly Ip[];
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
  const seen = read.get('Subnet', name, ({ spec }) => ({
    cidrBlock: spec?.cidrBlock ?? '',
    gateway: spec?.gateway ?? '',
    routeTable: spec?.routeTable ?? '',
  }));
  const { cidrBlock = '', gateway = '', routeTable = '' } = seen ?? {};
  return {
    name,
    cidrs: readable(cidrBlock, (text) => parseInterface(text).cidr),
    gateways: readable(gateway, parseIp),
    routeTable,
  };
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
