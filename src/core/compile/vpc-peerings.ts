/** Links between VPCs that a VpcPeering asks for: who has to agree, which subnets are meant, which addresses the link has. */
import { type Cidr, cidrsOverlap, formatCidr } from '../../lib/netaddr/cidr.ts';
import type { Ip } from '../../lib/netaddr/ip.ts';
import { keyOf } from '../../kinds/object.ts';
import type { VpcPeering } from '../../kinds/vpc-peering.ts';
import { linkPrefixes, outerLinks, type Pair, pairKey, pairOf } from './link-prefixes.ts';
import { untracked } from './reads.ts';
import type { Issue, Read } from './rule.ts';
import { seniority } from './seniority.ts';
import { firstOverlap, type Link } from './vpc-links.ts';
import { subnetsOf, type VpcSubnet } from './vpc-subnets.ts';
import type { ReadonlyWorld } from './world.ts';

/** annotation of a Vpc: namespaces whose VpcPeerings it accepts, comma-separated, or * */
export const ACCEPT_ANNOTATION = 'network.harvesterhci.io/accept-peerings-from';

export interface PairView {
  /** of those who have a say */
  readonly issues: readonly Issue[];
  /** keys of VpcPeerings that nobody who owns or is accepted by the VPCs made: they count for nothing */
  readonly strangers: readonly string[];
  /** the two ends, when the VPCs are connected: of the first VPC, and of the second */
  readonly ends?: readonly [Link, Link];
}

/** Everything about the link between two VPCs that VpcPeerings name. */
export function viewPair(pair: Pair, read: Read): PairView {
  const asked = read
    .keys('VpcPeering', 'pair', pairKey(pair))
    .toSorted()
    .flatMap((key) => read.get('VpcPeering', key) ?? []);
  const issues: Issue[] = [];
  const say = (reason: Issue['reason'], field: string, message: string) =>
    void issues.push({ reason, field, message: `${field}: ${message}` });
  const vpcs = pair.map((name) => viewVpc(name, read));
  const [first, second] = vpcs;
  if (asked.length === 0 || !first || !second) {
    for (const [index, vpc] of vpcs.entries())
      if (!vpc)
        say('VpcNotFound', 'spec', `there is no VPC ${JSON.stringify(pair[index])}: create it, or name another one`);
    return { issues, strangers: [] };
  }
  if (first.declares.includes(pair[1]) || second.declares.includes(pair[0])) {
    say(
      'PeeringLinkMismatch',
      'spec',
      `VPC ${pair[0]} or ${pair[1]} names the other in its own spec.vpcPeerings: remove it there, or delete this object`,
    );
    return { issues, strangers: [] };
  }
  const objects = asked.filter((peering) => hasSay(peering, [first, second]));
  const strangers =
    objects.length === 0
      ? []
      : asked.filter((peering) => !objects.includes(peering)).map(({ metadata }) => keyOf(metadata));
  const refusal = whoMustAgree(objects.length === 0 ? asked : objects, pair, [first, second]);
  if (refusal !== undefined) {
    say('PeeringNotAccepted', 'spec', refusal);
    return { issues, strangers };
  }
  const sides = pair.map((name) => exposed(name, objects, read, say)) as [readonly VpcSubnet[], readonly VpcSubnet[]];
  const overlap = overlapOf(pair, sides, read);
  if (overlap !== undefined) say('PeeringOverlap', 'spec', overlap);
  const wanted = linkPrefixes(pair, objects);
  const clash = linkClash(pair, wanted, objects, read);
  if (clash !== undefined) {
    say('PeeringLinkMismatch', 'spec.linkCIDR', clash);
    return { issues, strangers };
  }
  return { issues, strangers, ends: endsOf(pair, wanted, sides) };
}

/** What one side does not show is in the way of its own guests all the same. */
function overlapOf(
  pair: Pair,
  sides: readonly [readonly VpcSubnet[], readonly VpcSubnet[]],
  read: Read,
): string | undefined {
  const found = firstOverlap(sides[0], subnetsOf(pair[1], read)) ?? firstOverlap(subnetsOf(pair[0], read), sides[1]);
  return (
    found &&
    `subnet ${found.own} of VPC ${pair[0]} overlaps subnet ${found.remote} of VPC ${pair[1]}: each side reaches its own only; give one of them another prefix, or leave out the one that is asked for (spec.localSubnets, spec.remoteSubnets)`
  );
}

/** What would be in the way of a peering that joins those which the world has; a sentence. */
export function peeringOverlap(peering: VpcPeering, world: ReadonlyWorld): string | undefined {
  const pair = pairOf(peering);
  const read = untracked(world);
  const others = world
    .keys('VpcPeering', 'pair', pairKey(pair))
    .filter((key) => key !== keyOf(peering.metadata))
    .flatMap((key) => world.get('VpcPeering', key) ?? [])
    .filter((other) => countsAt(other, read));
  const side = (vpc: string) => exposed(vpc, [...others, peering], read, () => undefined);
  return overlapOf(pair, [side(pair[0]), side(pair[1])], read);
}

interface VpcView {
  readonly namespaces: readonly string[];
  readonly accepts: readonly string[];
  /** VPCs that it names in its own spec */
  readonly declares: readonly (string | undefined)[];
}

function viewVpc(name: string, read: Read): VpcView | undefined {
  return read.get('Vpc', name, ({ metadata, spec }) => ({
    namespaces: spec?.namespaces ?? [],
    accepts: (metadata.annotations?.[ACCEPT_ANNOTATION] ?? '').split(',').map((text) => text.trim()),
    declares: spec?.vpcPeerings?.map(({ remoteVpc }) => remoteVpc) ?? [],
  }));
}

function accepts({ accepts: from }: VpcView, { metadata: { namespace = '' } }: VpcPeering): boolean {
  return from.includes(namespace) || from.includes('*');
}

/** Whoever may use one of the VPCs has a say in its peerings, and whoever both accept: nobody else can narrow a peering, or choose its link. */
function hasSay(peering: VpcPeering, vpcs: readonly VpcView[]): boolean {
  const owns = ({ namespaces }: VpcView) => namespaces.includes(peering.metadata.namespace ?? '');
  return vpcs.some(owns) || vpcs.every((vpc) => accepts(vpc, peering));
}

function countsAt(peering: VpcPeering, read: Read): boolean {
  return hasSay(
    peering,
    pairOf(peering).flatMap((name) => viewVpc(name, read) ?? []),
  );
}

/** why the VPCs are not connected yet: an owner of each has to ask or to agree */
function whoMustAgree(
  objects: readonly VpcPeering[],
  pair: Pair,
  vpcs: readonly [VpcView, VpcView],
): string | undefined {
  const agrees = (index: 0 | 1) => objects.some((peering) => hasSay(peering, [vpcs[index]]));
  const missing = ([0, 1] as const).find((index) => !agrees(index));
  if (missing === undefined) return undefined;
  const [name, other] = [pair[missing], pair[1 - missing]];
  const { namespaces } = vpcs[missing];
  const asking = [...new Set(objects.map(({ metadata }) => metadata.namespace ?? ''))].toSorted().join(', ');
  const way =
    namespaces.length > 0
      ? `create a VpcPeering with localVpc: ${name}, remoteVpc: ${other} in one of its namespaces (${namespaces.join(', ')})`
      : `list namespace ${asking} in spec.namespaces of VPC ${name}`;
  return `VPC ${name} has not agreed to be connected with VPC ${other}: ${way}, or annotate VPC ${name} with ${ACCEPT_ANNOTATION}: ${asking}`;
}

/** The subnets of one side that both sides agree on. */
function exposed(
  vpc: string,
  objects: readonly VpcPeering[],
  read: Read,
  say: (reason: Issue['reason'], field: string, message: string) => void,
): readonly VpcSubnet[] {
  let subnets = subnetsOf(vpc, read);
  const names = new Set(subnets.map(({ name }) => name));
  for (const { spec } of objects) {
    const local = spec?.localVpc === vpc;
    const chosen = local ? spec.localSubnets : spec?.remoteSubnets;
    if (!chosen) continue;
    const field = local ? 'spec.localSubnets' : 'spec.remoteSubnets';
    for (const name of chosen)
      if (!names.has(name))
        say('InvalidSpec', field, `${JSON.stringify(name)} is no subnet of VPC ${vpc}: correct it, or leave it out`);
    subnets = subnets.filter(({ name }) => chosen.includes(name));
  }
  return subnets;
}

/** Another link of one of the two routers, an older one, has the same addresses. */
function linkClash(
  pair: Pair,
  wanted: readonly Cidr[],
  objects: readonly VpcPeering[],
  read: Read,
): string | undefined {
  const age = (list: readonly VpcPeering[]) =>
    list.map(({ metadata }) => seniority(metadata.creationTimestamp, keyOf(metadata))).toSorted()[0] ?? '';
  for (const vpc of pair) {
    for (const other of pairsNear(vpc, wanted, read)) {
      if (other === pairKey(pair)) continue;
      const list = read
        .keys('VpcPeering', 'pair', other)
        .toSorted()
        .flatMap((key) => read.get('VpcPeering', key) ?? [])
        .filter((peering) => countsAt(peering, read));
      if (list.length === 0) continue;
      const prefixes = linkPrefixes(pairOf(list[0]!), list);
      const shared = wanted.find((cidr) => prefixes.some((each) => cidrsOverlap(cidr, each)));
      if (shared && age(list) < age(objects))
        return `the link ${formatCidr(shared)} overlaps that of VpcPeering ${keyOf(list[0]!.metadata)} of VPC ${vpc}: say another prefix in spec.linkCIDR`;
    }
    const subnet = subnetsOf(vpc, read).find(({ cidrs }) =>
      cidrs.some((cidr) => wanted.some((other) => cidrsOverlap(cidr, other))),
    );
    if (subnet)
      return `the link ${wanted.map(formatCidr).join(',')} overlaps subnet ${subnet.name} of VPC ${vpc}: say another prefix in spec.linkCIDR`;
  }
  return undefined;
}

/** Pairs at a VPC whose link might overlap these prefixes: a VPC may be in many, and few are near. */
function pairsNear(vpc: string, wanted: readonly Cidr[], read: Read): ReadonlySet<string> {
  const keys = wanted.flatMap((cidr) => [
    ...read.keys('VpcPeering', 'linkInside', `${vpc}|${formatCidr(cidr)}`),
    ...outerLinks(cidr).flatMap((outer) => read.keys('VpcPeering', 'link', `${vpc}|${formatCidr(outer)}`)),
  ]);
  return new Set(
    keys.toSorted().flatMap((key) => read.get('VpcPeering', key, (peering) => pairKey(pairOf(peering))) ?? []),
  );
}

function endsOf(
  pair: Pair,
  cidrs: readonly Cidr[],
  sides: readonly [readonly VpcSubnet[], readonly VpcSubnet[]],
): readonly [Link, Link] {
  // a /31 and a /127 have two addresses; of a longer prefix the first is the network's
  const address = (cidr: Cidr, index: number): Ip => ({
    family: cidr.family,
    value: cidr.base + BigInt(index) + (cidr.bits >= (cidr.family === 4 ? 31 : 127) ? 0n : 1n),
  });
  const prefixes = sides.map((subnets) => subnets.flatMap((subnet) => subnet.cidrs));
  const end = (index: 0 | 1): Link => ({
    remote: pair[1 - index]!,
    own: cidrs.map((cidr) => ({ ip: address(cidr, index), cidr })),
    remoteAddresses: cidrs.map((cidr) => address(cidr, 1 - index)),
    managed: { localPrefixes: prefixes[index]!, remotePrefixes: prefixes[1 - index]! },
  });
  return [end(0), end(1)];
}

/** The ends at one VPC of all links that VpcPeerings make. */
export function managedLinks(vpc: string, read: Read): readonly Link[] {
  const pairs = new Map<string, Pair>();
  for (const key of read.keys('VpcPeering', 'vpc', vpc).toSorted()) {
    const pair = read.get('VpcPeering', key, pairOf);
    if (pair && pair[0] !== pair[1]) pairs.set(pairKey(pair), pair);
  }
  return [...pairs.entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, pair]) => viewPair(pair, read).ends?.[pair[0] === vpc ? 0 : 1] ?? []);
}

/** The local end of the link that a VpcPeering has, as the world is now. */
export function linkOf(peering: VpcPeering, world: ReadonlyWorld): Link | undefined {
  const pair = pairOf(peering);
  const { ends, strangers } = viewPair(pair, untracked(world));
  if (strangers.includes(keyOf(peering.metadata))) return undefined;
  return ends?.[pair[0] === peering.spec?.localVpc ? 0 : 1];
}
