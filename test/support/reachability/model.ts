/**
 * Who reaches whom, said plainly: a reference model that knows nothing of OVN and shares nothing with the compiler. A packet is walked from switch to router to
 * switch, and its answer is walked back. docs/routing.md and docs/isolation.md are its sources.
 */
import { cidrContains, parseCidr } from '../../../src/lib/netaddr/cidr.ts';
import { parseIp } from '../../../src/lib/netaddr/ip.ts';

export const PROTOCOLS = ['icmp', 'tcp', 'udp'] as const;
export type Protocol = (typeof PROTOCOLS)[number];
export type Family = 4 | 6;

/** addresses or prefixes, one of each family */
export interface Both {
  readonly 4: string;
  readonly 6: string;
}

export interface Machine {
  readonly name: string;
  readonly subnet: string;
  readonly address: Both;
  /** what it answers for beyond its own address: it is a next hop */
  readonly beyond?: Both;
}

/** what a match asks of a packet; what is not said is not asked */
export interface Condition {
  readonly family: Family;
  readonly source?: string;
  readonly destination?: string;
  readonly protocol?: Protocol;
}

export interface Acl {
  readonly direction: 'from-lport' | 'to-lport';
  readonly priority: number;
  readonly action: 'allow' | 'allow-related' | 'allow-stateless' | 'drop' | 'reject';
  readonly on: Condition;
}

export interface SubnetSaid {
  readonly routeTable: string;
  readonly private: boolean;
  readonly allowSubnets: readonly string[];
  readonly allowEWTraffic: boolean;
  readonly acls: readonly Acl[];
}

export interface SubnetModel extends SubnetSaid {
  readonly name: string;
  readonly vpc: string;
  readonly cidr: Both;
}

export interface Route {
  readonly by: 'destination' | 'source';
  readonly prefix: string;
  readonly nextHop: string;
  readonly table: string;
}

export interface Policy {
  readonly priority: number;
  readonly on: Condition;
  readonly action: 'allow' | 'drop' | 'reroute';
  readonly nextHop?: string;
}

export interface VpcModel {
  readonly name: string;
  readonly routes: readonly Route[];
  readonly policies: readonly Policy[];
}

export interface LinkModel {
  /** both VPCs, and the address of each on the link */
  readonly ends: readonly { readonly vpc: string; readonly address: Both }[];
  /** made by a VpcPeering: subnets that it shows, by VPC */
  readonly shown?: Readonly<Record<string, readonly string[]>>;
}

export interface WorldModel {
  readonly vpcs: readonly VpcModel[];
  readonly subnets: readonly SubnetModel[];
  readonly machines: readonly Machine[];
  readonly links: readonly LinkModel[];
}

export interface Probe {
  readonly from: string;
  readonly to: string;
  readonly family: Family;
  readonly protocol: Protocol;
}

export interface Verdict {
  readonly reached: boolean;
  /** who answers */
  readonly by?: string;
  /** what decided on the way there and back, in order */
  readonly trail: readonly string[];
}

interface Packet {
  readonly source: string;
  readonly destination: string;
  readonly family: Family;
  readonly protocol: Protocol;
  /** an answer: rules of switches keep state, routers do not */
  readonly answer: boolean;
}

type Outcome = { readonly machine: Machine } | { readonly lost: true };
const LOST: Outcome = { lost: true };

export function verdictOf(world: WorldModel, { from, to, family, protocol }: Probe): Verdict {
  const trail: string[] = [];
  const walk = new Walk(world, trail);
  const sender = world.machines.find(({ name }) => name === from)!;
  const asked = { source: sender.address[family], destination: to, family, protocol, answer: false };
  const there = walk.leave(sender, asked);
  if ('lost' in there) return { reached: false, trail };
  const back = walk.leave(there.machine, { ...asked, source: to, destination: asked.source, answer: true });
  if ('lost' in back || back.machine !== sender) return { reached: false, trail: [...trail, 'no way back'] };
  return { reached: true, by: there.machine.name, trail };
}

function inside(prefix: string | undefined, address: string): boolean {
  if (prefix === undefined) return true;
  const ip = parseIp(address);
  if (!prefix.includes('/')) return parseIp(prefix).value === ip.value && parseIp(prefix).family === ip.family;
  const cidr = parseCidr(prefix);
  return cidr.family === ip.family && cidrContains(cidr, ip);
}

function length(prefix: string): number {
  return prefix.includes('/') ? Number(prefix.split('/')[1]) : 128;
}

function asks({ family, source, destination, protocol }: Condition, packet: Packet): boolean {
  return (
    family === packet.family &&
    inside(source, packet.source) &&
    inside(destination, packet.destination) &&
    (protocol === undefined || protocol === packet.protocol)
  );
}

class Walk {
  readonly #world: WorldModel;
  readonly #trail: string[];
  #hops = 0;

  constructor(world: WorldModel, trail: string[]) {
    this.#world = world;
    this.#trail = trail;
  }

  /** out of a machine, to another of its subnet or to the router */
  leave(machine: Machine, packet: Packet): Outcome {
    this.#hops = 0;
    const subnet = this.#subnet(machine.subnet);
    if (!this.#passes(subnet, 'from-lport', packet)) return LOST;
    if (!this.#passes(subnet, 'to-lport', packet)) return LOST;
    if (!inside(subnet.cidr[packet.family], packet.destination)) return this.#route(subnet.vpc, subnet, packet);
    return this.#receive(subnet, packet.destination, packet);
  }

  /** out of a router into a subnet, to whoever has the address there */
  #deliver(subnet: SubnetModel, to: string, packet: Packet): Outcome {
    if (!this.#passes(subnet, 'from-lport', packet)) return LOST;
    if (!this.#passes(subnet, 'to-lport', packet)) return LOST;
    return this.#receive(subnet, to, packet);
  }

  #receive(subnet: SubnetModel, to: string, { family, destination }: Packet): Outcome {
    const machine = this.#world.machines.find((one) => one.subnet === subnet.name && one.address[family] === to);
    const takes = machine && [machine.address[family], machine.beyond?.[family]].includes(destination);
    return takes ? { machine } : LOST;
  }

  /** Through a router: its links' filters, policies, routes by source, routes. */
  #route(vpc: string, by: SubnetModel | LinkModel, packet: Packet): Outcome {
    this.#hops += 1;
    if (this.#hops > 8) return LOST;
    const { routes, policies } = this.#world.vpcs.find(({ name }) => name === vpc)!;
    const table = 'routeTable' in by ? by.routeTable : '';
    if ('ends' in by && by.shown && !this.#agreed(vpc, by.shown, packet)) return this.#lost('peering filter');

    const policy = policies.toSorted((a, b) => b.priority - a.priority).find(({ on }) => asks(on, packet));
    if (policy) this.#trail.push(`policy ${policy.action}`);
    if (policy?.action === 'drop') return LOST;
    if (policy?.action === 'reroute') return this.#hop(vpc, policy.nextHop!, packet);
    if (!policy && !this.#behind(vpc, packet)) {
      const source = routes
        .filter((route) => route.by === 'source' && route.table === table && inside(route.prefix, packet.source))
        .toSorted((a, b) => length(b.prefix) - length(a.prefix))[0];
      if (source) {
        this.#trail.push('route by source');
        return this.#hop(vpc, source.nextHop, packet);
      }
    }
    return this.#lookUp(vpc, table, routes, packet);
  }

  #lookUp(vpc: string, table: string, routes: readonly Route[], packet: Packet): Outcome {
    const connected = this.#subnets(vpc).find(({ cidr }) => inside(cidr[packet.family], packet.destination));
    if (connected) return this.#deliver(connected, packet.destination, packet);
    const route = routes.find(
      ({ by, prefix, table: of }) => by === 'destination' && of === table && inside(prefix, packet.destination),
    );
    if (route) {
      this.#trail.push('route');
      return this.#hop(vpc, route.nextHop, packet);
    }
    for (const link of this.#world.links) {
      const far = link.shown && link.ends.find((end) => end.vpc !== vpc);
      if (!far || !link.ends.some((end) => end.vpc === vpc)) continue;
      const shown = this.#subnets(far.vpc).filter(({ name }) => link.shown![far.vpc]!.includes(name));
      if (shown.some(({ cidr }) => inside(cidr[packet.family], packet.destination)))
        return this.#cross(link, far.vpc, packet);
    }
    return this.#lost('missing route');
  }

  #hop(vpc: string, nextHop: string, packet: Packet): Outcome {
    const subnet = this.#subnets(vpc).find(({ cidr }) => inside(cidr[packet.family], nextHop));
    if (subnet) return this.#deliver(subnet, nextHop, packet);
    for (const link of this.#world.links) {
      const far = link.ends.find((end) => end.vpc !== vpc && end.address[packet.family] === nextHop);
      if (far && link.ends.some((end) => end.vpc === vpc)) return this.#cross(link, far.vpc, packet);
    }
    return this.#lost('missing route');
  }

  #cross(link: LinkModel, to: string, packet: Packet): Outcome {
    this.#trail.push('peering');
    return this.#route(to, link, packet);
  }

  /** whether a managed link may carry it into that VPC */
  #agreed(vpc: string, shown: Readonly<Record<string, readonly string[]>>, packet: Packet): boolean {
    const ends = (name: string, address: string) =>
      this.#world.subnets.some(
        ({ name: subnet, cidr }) => shown[name]!.includes(subnet) && inside(cidr[packet.family], address),
      );
    const far = Object.keys(shown).find((name) => name !== vpc)!;
    return ends(far, packet.source) && ends(vpc, packet.destination);
  }

  /** whether the address is behind this router: its own subnets, its links, and what its managed links lead to */
  #behind(vpc: string, { family, destination }: Packet): boolean {
    if (this.#subnets(vpc).some(({ cidr }) => inside(cidr[family], destination))) return true;
    return this.#world.links.some(({ ends, shown }) => {
      const far = ends.find((end) => end.vpc !== vpc)!.vpc;
      if (!shown || !ends.some((end) => end.vpc === vpc)) return false;
      return this.#subnets(far).some(
        ({ name, cidr }) => shown[far]!.includes(name) && inside(cidr[family], destination),
      );
    });
  }

  /** The rules of a switch in one direction: the highest priority decides, what none is about passes. */
  #passes(subnet: SubnetModel, direction: Acl['direction'], packet: Packet): boolean {
    if (packet.answer) return true;
    const rule = rulesOf(subnet)
      .filter((one) => one.direction === direction && one.asks(packet))
      .toSorted((a, b) => b.priority - a.priority)[0];
    if (!rule) return true;
    this.#trail.push(rule.what);
    return rule.passes;
  }

  #lost(why: string): Outcome {
    this.#trail.push(why);
    return LOST;
  }

  #subnet(name: string): SubnetModel {
    return this.#world.subnets.find((subnet) => subnet.name === name)!;
  }

  #subnets(vpc: string): readonly SubnetModel[] {
    return this.#world.subnets.filter((subnet) => subnet.vpc === vpc);
  }
}

interface Rule {
  readonly direction: Acl['direction'];
  readonly priority: number;
  readonly passes: boolean;
  readonly what: string;
  readonly asks: (packet: Packet) => boolean;
}

/** priorities of Kube-OVN */
function rulesOf({ cidr, private: isPrivate, allowSubnets, allowEWTraffic, acls }: SubnetModel): readonly Rule[] {
  const own = (packet: Packet, address: string) => inside(cidr[packet.family], address);
  const among = (packet: Packet) => own(packet, packet.source) && own(packet, packet.destination);
  const allowed = (address: string) => allowSubnets.some((prefix) => inside(prefix, address));
  const rules: Rule[] = acls.map(({ direction, priority, action, on }) => ({
    direction,
    priority,
    passes: action.startsWith('allow'),
    what: `acl ${action}`,
    asks: (packet) => asks(on, packet),
  }));
  const to = (priority: number, what: string, passes: boolean, test: Rule['asks']): Rule => ({
    direction: 'to-lport',
    priority,
    passes,
    what,
    asks: test,
  });
  if (isPrivate)
    rules.push(
      to(1000, 'private', false, () => true),
      to(1001, 'inside', true, among),
      to(
        1001,
        'allowSubnets',
        true,
        (packet) =>
          (own(packet, packet.source) && allowed(packet.destination)) ||
          (allowed(packet.source) && own(packet, packet.destination)),
      ),
    );
  if (allowEWTraffic && acls.length > 0)
    for (const direction of ['from-lport', 'to-lport'] as const)
      rules.push({ direction, priority: 1900, passes: true, what: 'allowEWTraffic', asks: among });
  return rules;
}
