/** Links between VPCs that both declare in spec.vpcPeerings, as Kube-OVN has them: addresses and routes are the users'. */
import { type Cidr, cidrsOverlap, formatCidr, type InterfaceAddress, parseInterface } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { formatIp, type Ip } from '../../lib/netaddr/ip.ts';
import type { VpcSpec } from '../../kinds/vpc.ts';
import type { Emit, IssueReason, Read } from './rule.ts';
import { subnetsOf, type VpcSubnet } from './vpc-subnets.ts';

/** One end of a link between two VPCs. */
export interface Link {
  readonly remote: string;
  /** this end's addresses */
  readonly own: readonly InterfaceAddress[];
  /** the other end's: next hops */
  readonly remoteAddresses: readonly Ip[];
  /** of a link that a VpcPeering makes: what is routed over it, and what may come in by it; else the user's static routes say it */
  readonly managed?: Managed;
}

export interface Managed {
  /** prefixes of the other side that are routed over the link */
  readonly remotePrefixes: readonly Cidr[];
  /** prefixes of this side that may be reached over it */
  readonly localPrefixes: readonly Cidr[];
}

type Peering = NonNullable<VpcSpec['vpcPeerings']>[number];

export function declaredLinks(
  name: string,
  spec: VpcSpec | undefined,
  subnets: readonly VpcSubnet[],
  read: Read,
  emit: Pick<Emit, 'issue'>,
): readonly Link[] {
  const links: Link[] = [];
  const seen = new Set<string>();
  for (const [index, peering] of (spec?.vpcPeerings ?? []).entries()) {
    const remote = peering.remoteVpc ?? '';
    const path = `spec.vpcPeerings[${index}]`;
    const say = (reason: IssueReason, field: string, message: string) =>
      emit.issue({ reason, field: `${path}.${field}`, message: `${path}.${field}: ${message}` });
    if (seen.has(remote) || remote === name) continue;
    seen.add(remote);
    const link = linkTo(name, peering, read, say);
    if (!link) continue;
    const clash = addressClash(link, links, subnets);
    if (clash !== undefined) {
      say(
        'PeeringLinkMismatch',
        'localConnectIP',
        `${clash}, so VPC ${remote} is not connected: choose another prefix on both sides`,
      );
      continue;
    }
    links.push(link);
    const overlap = firstOverlap(subnets, subnetsOf(remote, read));
    if (overlap)
      say(
        'PeeringOverlap',
        'remoteVpc',
        `subnet ${overlap.own} overlaps subnet ${overlap.remote} of VPC ${remote}: each side reaches its own only; give one of them another prefix`,
      );
  }
  warnOfOthers(name, seen, read, emit);
  return links;
}

function linkTo(
  name: string,
  { remoteVpc: remote = '', localConnectIP = '' }: Peering,
  read: Read,
  say: (reason: IssueReason, field: string, message: string) => void,
): Link | undefined {
  const other = read.get('Vpc', remote, ({ spec }) => ({ peerings: spec?.vpcPeerings }));
  if (!other) {
    say('VpcNotFound', 'remoteVpc', `there is no VPC ${JSON.stringify(remote)}: create it, or name another one`);
    return undefined;
  }
  const back = other.peerings?.find(({ remoteVpc }) => remoteVpc === name);
  if (!back) {
    say(
      'PeeringOneSided',
      'remoteVpc',
      `VPC ${remote} does not name this one in its spec.vpcPeerings, so they are not connected: add {remoteVpc: ${name}, localConnectIP: ...} there`,
    );
    return undefined;
  }
  const own = addressesOf(localConnectIP);
  const theirs = addressesOf(back.localConnectIP ?? '');
  const problem = linkProblem(own, theirs, localConnectIP, back.localConnectIP ?? '', remote);
  if (problem !== undefined) {
    say('PeeringLinkMismatch', 'localConnectIP', problem);
    return undefined;
  }
  return { remote, own, remoteAddresses: theirs.map(({ ip }) => ip) };
}

/** Both ends have addresses of the same prefixes, and not the same ones. */
function linkProblem(
  own: readonly InterfaceAddress[],
  theirs: readonly InterfaceAddress[],
  text: string,
  theirText: string,
  remote: string,
): string | undefined {
  const both = `${text || 'nothing'} here and ${theirText || 'nothing'} in VPC ${remote}`;
  if (own.length === 0 || own.length !== theirs.length)
    return `the link has ${both}, so they are not connected: give both ends an address of the same prefix`;
  for (const mine of own) {
    const match = theirs.find(({ cidr }) => formatCidr(cidr) === formatCidr(mine.cidr));
    if (!match)
      return `the link has ${both}, which are not in the same network, so they are not connected: give both ends an address of one prefix`;
    if (match.ip.value === mine.ip.value)
      return `both ends of the link have the address ${formatIp(mine.ip)} (VPC ${remote} too), so they are not connected: give them different ones`;
  }
  return undefined;
}

function addressesOf(text: string): readonly InterfaceAddress[] {
  return text.split(',').flatMap((part) => attempt(() => parseInterface(part.trim())) ?? []);
}

/** A router cannot have two ports in networks that overlap. */
export function addressClash(
  { own }: Pick<Link, 'own'>,
  links: readonly Link[],
  subnets: readonly VpcSubnet[],
): string | undefined {
  for (const { cidr } of own) {
    const subnet = subnets.find(({ cidrs }) => cidrs.some((other) => cidrsOverlap(cidr, other)));
    if (subnet) return `the link ${formatCidr(cidr)} overlaps subnet ${subnet.name} of this VPC`;
    const link = links.find((other) => other.own.some((address) => cidrsOverlap(cidr, address.cidr)));
    if (link) return `the link ${formatCidr(cidr)} overlaps the one to VPC ${link.remote}`;
  }
  return undefined;
}

/** The first pair of subnets, one of each side, that overlap. */
export function firstOverlap(
  own: readonly VpcSubnet[],
  remote: readonly VpcSubnet[],
): { readonly own: string; readonly remote: string } | undefined {
  const all = [own, remote]
    .flatMap((subnets, side) => subnets.flatMap(({ name, cidrs }) => cidrs.map((cidr) => ({ side, name, cidr }))))
    .toSorted(
      (a, b) =>
        a.cidr.family - b.cidr.family ||
        (a.cidr.base < b.cidr.base ? -1 : a.cidr.base > b.cidr.base ? 1 : a.cidr.bits - b.cidr.bits || a.side - b.side),
    );
  // in this order a prefix comes right after those that cover it: for each side, the last one that covers
  const open: ((typeof all)[number] | undefined)[] = [undefined, undefined];
  for (const item of all) {
    const other = open[1 - item.side];
    if (other && cidrsOverlap(other.cidr, item.cidr))
      return item.side === 0 ? { own: item.name, remote: other.name } : { own: other.name, remote: item.name };
    const before = open[item.side];
    if (!before || !cidrsOverlap(before.cidr, item.cidr)) open[item.side] = item;
  }
  return undefined;
}

/** VPCs that want a link which this one does not declare: nobody can make this VPC fail, but its owner should know. */
function warnOfOthers(name: string, declared: ReadonlySet<string>, read: Read, emit: Pick<Emit, 'issue'>): void {
  for (const other of read.keys('Vpc', 'peer', name).toSorted()) {
    if (declared.has(other) || other === name) continue;
    emit.issue({
      reason: 'PeeringOneSided',
      severity: 'warning',
      message: `VPC ${other} names this one in its spec.vpcPeerings, but not the other way round, so they are not connected: add it to spec.vpcPeerings here, or remove it there`,
    });
  }
}
