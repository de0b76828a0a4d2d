/**
 * Random worlds over one set of machines: which routes, peerings, private flags and rules there are differs, who the machines are does not. A seed gives the same
 * worlds again.
 */
import type {
  Acl,
  Both,
  Condition,
  Family,
  LinkModel,
  Machine,
  Policy,
  Probe,
  Route,
  SubnetModel,
  SubnetSaid,
  VpcModel,
  WorldModel,
} from './model.ts';
import { PROTOCOLS, verdictOf } from './model.ts';

/** SplitMix32: a small generator with a seed */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) % limit;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)]!;
  }

  some<T>(of: readonly T[], percent: number): readonly T[] {
    return of.filter(() => this.chance(percent));
  }

  shuffled<T>(of: readonly T[]): readonly T[] {
    return of
      .map((item) => ({ item, rank: this.below(2 ** 31) }))
      .toSorted((a, b) => a.rank - b.rank)
      .map(({ item }) => item);
  }
}

const QUIET: SubnetSaid = { routeTable: '', private: false, allowSubnets: [], allowEWTraffic: false, acls: [] };
const FAMILIES: readonly Family[] = [4, 6];
const VPCS = ['red', 'blue', 'green'] as const;

/** Three VPCs that may be connected, and one with the prefixes of the first that never is. */
export function baseWorld(random: Random): WorldModel {
  const subnets: SubnetModel[] = [];
  const machines: Machine[] = [];
  const numbers = [...random.shuffled(Array.from({ length: 200 }, (_, index) => index + 20))];
  for (const [index, vpc] of VPCS.entries())
    for (const letter of ['a', 'b', 'c'] as const) {
      const number = numbers.pop()!;
      const name = `${vpc}-${letter}`;
      subnets.push({
        ...QUIET,
        name,
        vpc,
        cidr: { 4: `10.${index + 1}.${number}.0/24`, 6: `fd00:${index + 1}:${number}::/64` },
      });
      for (const last of letter === 'a' ? [10, 11] : [10])
        machines.push(machine(`${name}-${last}`, subnets.at(-1)!, last));
    }
  for (const [index, vpc] of VPCS.entries())
    machines.push({
      ...machine(`${vpc}-hop`, subnets.find(({ name }) => name === `${vpc}-c`)!, 99),
      beyond: beyond(index),
    });
  const twin = { ...subnets[0]!, name: 'twin-a', vpc: 'twin' };
  subnets.push(twin);
  machines.push(machine('twin-a-10', twin, 10), machine('twin-a-12', twin, 12));
  return { vpcs: [...VPCS, 'twin'].map((name) => ({ name, routes: [], policies: [] })), subnets, machines, links: [] };
}

const beyond = (index: number): Both => ({ 4: `198.18.${index}.1`, 6: `2001:db8:${index}::1` });
const beyondPrefix = (index: number): Both => ({ 4: `198.18.${index}.0/24`, 6: `2001:db8:${index}::/48` });

function machine(name: string, { name: subnet, cidr }: SubnetModel, last: number): Machine {
  return {
    name,
    subnet,
    address: { 4: cidr[4].replace('.0/24', `.${last}`), 6: cidr[6].replace('::/64', `::${last}`) },
  };
}

/** Another world over the same machines. */
export function nextWorld(base: WorldModel, random: Random): WorldModel {
  const links = [link(base, 0, 1, random), link(base, 1, 2, random)].flatMap((made) => made ?? []);
  const subnets = base.subnets.map((subnet) => ({ ...subnet, ...said(base, subnet, random) }));
  const world = { ...base, links, subnets };
  return { ...world, vpcs: base.vpcs.map(({ name }) => vpcSaid(world, name, random)) };
}

function link(base: WorldModel, left: number, right: number, random: Random): LinkModel | undefined {
  const ends = [left, right].map((index, side) => ({
    vpc: VPCS[index]!,
    address: { 4: `169.254.${left + 1}.${side + 1}`, 6: `fd57:${left + 1}::${side + 1}` },
  }));
  if (random.chance(10)) return undefined;
  if (random.chance(50)) return { ends };
  const shown = ends.map(({ vpc }) => {
    const names = base.subnets.filter((subnet) => subnet.vpc === vpc).map(({ name }) => name);
    const chosen = random.some(names, 70);
    return [vpc, random.chance(50) || chosen.length === 0 ? names : chosen] as const;
  });
  return { ends, shown: Object.fromEntries(shown) };
}

function said(base: WorldModel, subnet: SubnetModel, random: Random): SubnetSaid {
  const isPrivate = random.chance(35);
  const acls = random.chance(45) ? aclsOf(base, subnet, random) : [];
  return {
    routeTable: random.chance(20) ? 'other' : '',
    private: isPrivate,
    allowSubnets: isPrivate
      ? random.some(base.subnets, 45).flatMap(({ name, cidr }) => (name === subnet.name ? [] : [cidr[4], cidr[6]]))
      : [],
    allowEWTraffic: acls.length > 0 && random.chance(40),
    acls,
  };
}

function aclsOf(base: WorldModel, subnet: SubnetModel, random: Random): readonly Acl[] {
  const acls: Acl[] = [];
  // no two of the same priority, and none of those that private and allowEWTraffic have
  const priorities = random.shuffled([300, 700, 900, 1200, 1500, 1800, 2100, 2500]);
  const actions = ['allow', 'allow-related', 'drop', 'reject'] as const;
  for (const priority of priorities.slice(0, 2 + random.below(4)))
    acls.push({
      direction: random.one(['from-lport', 'to-lport'] as const),
      priority,
      action: random.one(actions),
      on: condition(base, random, subnet),
    });
  // without state both ways have to be said
  if (random.chance(80)) {
    const family = random.one(FAMILIES);
    const own = random.one(base.machines.filter((one) => one.subnet === subnet.name)).address[family];
    const other = random.one(base.machines).address[family];
    for (const direction of ['from-lport', 'to-lport'] as const)
      for (const [index, [source, destination]] of [
        [own, other],
        [other, own],
      ].entries())
        acls.push({
          direction,
          priority: 3000 + index,
          action: 'allow-stateless',
          on: { family, source: source!, destination: destination! },
        });
  }
  return acls;
}

/** about a family; often about prefixes or machines on either side, of which one is near */
function condition(base: WorldModel, random: Random, near: SubnetModel): Condition {
  const family = random.one(FAMILIES);
  const place = (of: SubnetModel) => {
    if (random.chance(60)) return of.cidr[family];
    return random.one(base.machines.filter(({ subnet }) => subnet === of.name)).address[family];
  };
  const far = random.one(base.subnets.filter(({ name }) => name !== 'twin-a'));
  const [source, destination] = random.chance(50) ? [near, far] : [far, near];
  return {
    family,
    ...(random.chance(60) ? { source: place(source) } : {}),
    ...(random.chance(60) ? { destination: place(destination) } : {}),
    ...(random.chance(50) ? { protocol: random.one(PROTOCOLS) } : {}),
  };
}

function vpcSaid(world: WorldModel, vpc: string, random: Random): VpcModel {
  const index = VPCS.indexOf(vpc as (typeof VPCS)[number]);
  if (index < 0) return { name: vpc, routes: [], policies: [] };
  const hop = world.machines.find(({ name }) => name === `${vpc}-hop`)!;
  const own = world.subnets.filter((subnet) => subnet.vpc === vpc);
  const routes: Route[] = [];
  for (const family of FAMILIES) {
    const nextHop = hop.address[family];
    const way = random.below(4);
    if (way === 0) routes.push({ by: 'destination', prefix: beyondPrefix(index)[family], nextHop, table: '' });
    if (way === 1) routes.push({ by: 'destination', prefix: beyondPrefix(index)[family], nextHop, table: 'other' });
    if (way === 2) routes.push({ by: 'source', prefix: random.one(own).cidr[family], nextHop, table: '' });
  }
  for (const { ends, shown } of world.links) {
    const far = ends.find((end) => end.vpc !== vpc)!;
    if (shown || !ends.some((end) => end.vpc === vpc)) continue;
    for (const subnet of random.some(
      world.subnets.filter((one) => one.vpc === far.vpc),
      75,
    ))
      for (const family of FAMILIES)
        for (const table of random.chance(80) ? ['', 'other'] : [''])
          routes.push({ by: 'destination', prefix: subnet.cidr[family], nextHop: far.address[family], table });
  }
  return { name: vpc, routes, policies: policiesOf(world, own, hop, index, random) };
}

function policiesOf(
  world: WorldModel,
  own: readonly SubnetModel[],
  hop: Machine,
  index: number,
  random: Random,
): readonly Policy[] {
  const policies: Policy[] = [];
  for (const priority of random.shuffled([100, 200, 300, 400]).slice(0, random.below(4))) {
    const on = condition(world, random, random.one(own));
    policies.push({ priority, on, action: random.one(['allow', 'drop'] as const) });
  }
  for (const family of random.some(FAMILIES, 60))
    policies.push({
      priority: 250,
      on: { family, source: random.one(own).cidr[family], destination: beyondPrefix(index)[family] },
      action: 'reroute',
      nextHop: hop.address[family],
    });
  return policies;
}

/** everything that can be asked: each machine every address, of each family, in each protocol */
function everyProbe({ machines }: WorldModel): readonly Probe[] {
  return machines.flatMap(({ name: from, address: own, beyond: ownBeyond }) =>
    FAMILIES.flatMap((family) => {
      const others = machines.flatMap(({ address, beyond: more }) => [
        address[family],
        ...(more ? [more[family]] : []),
      ]);
      return [...new Set(others)]
        .filter((to) => to !== own[family] && to !== ownBeyond?.[family])
        .flatMap((to) => PROTOCOLS.map((protocol): Probe => ({ from, to, family, protocol })));
    }),
  );
}

/** Probes of a world: first those that what was seldom asked decides, the rarest here before others; then any. At least two fifths of them are answered. */
export function chooseProbes(
  world: WorldModel,
  most: number,
  seen: Map<string, number>,
  enough: number,
  random: Random,
): readonly Probe[] {
  const all = random.shuffled(everyProbe(world)).map((probe) => ({ probe, verdict: verdictOf(world, probe) }));
  const here = new Map<string, number>();
  for (const { verdict } of all) for (const what of new Set(verdict.trail)) here.set(what, (here.get(what) ?? 0) + 1);
  const rarity = (trail: readonly string[]) =>
    Math.min(...trail.filter((what) => (seen.get(what) ?? 0) < enough).map((what) => here.get(what)!));
  const sorted = all
    .map((one) => ({ ...one, rank: rarity(one.verdict.trail) }))
    .toSorted((a, b) => (a.rank === b.rank ? 0 : a.rank - b.rank));
  const chosen: Probe[] = [];
  let lost = 0;
  for (const rare of [true, false])
    for (const { probe, verdict } of sorted) {
      if (chosen.length >= most) break;
      if (chosen.includes(probe) || (!verdict.reached && lost >= most * 0.6)) continue;
      if (rare && !verdict.trail.some((what) => (seen.get(what) ?? 0) < enough)) continue;
      chosen.push(probe);
      if (!verdict.reached) lost += 1;
      for (const what of new Set(verdict.trail)) seen.set(what, (seen.get(what) ?? 0) + 1);
    }
  return chosen;
}
