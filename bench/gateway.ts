/**
 * A lab of its own: faults of the node that carries a gateway, beside pings every 10 ms that leave by SNAT and come in by floating IPs, and beside the same
 * pings through a gateway made by hand on the same nodes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayLab, OUTSIDE, type Way } from '../test/support/gateway-lab.ts';
import { lastAnswer, longestGapBetween, lostPings, pings } from './gaps.ts';
import { HandMadeGateway, TRANSLATED } from './hand-made-gateway.ts';
import { measureNat } from './nat-path.ts';
import { percentile } from './percentile.ts';
import type { BenchEnvironment, BenchResult } from './result.ts';

const BY_HAND = 'a gateway made with ovn-nbctl, same nodes, same fault';
const WAYS: readonly Way[] = ['snat', 'distributed', 'centralized'];

interface Fault {
  readonly name: string;
  /** milliseconds that 9 of 10 are to be within */
  readonly bound: number;
  readonly strike: (lab: GatewayLab) => Promise<unknown>;
  /** absent: it heals by itself */
  readonly heal?: (lab: GatewayLab) => Promise<unknown>;
  /** seconds that it lasts, and from its end until the gateway is back */
  readonly lasts: number;
  readonly back: number;
}

const weft =
  (...args: readonly string[]) =>
  ({ at, gateway }: GatewayLab) =>
    at.lab.ok('lab', ...args.map((word) => word.replace('%', gateway)));
const kubectl =
  (verb: string) =>
  ({ at, gateway }: GatewayLab) =>
    at.lab.kubectl(verb, gateway);

const FAULTS: readonly Fault[] = [
  {
    name: 'node killed',
    bound: 400,
    strike: weft('node', 'kill', '%'),
    heal: weft('node', 'start', '%'),
    lasts: 1.5,
    back: 9,
  },
  {
    name: 'ovs killed',
    bound: 400,
    strike: async ({ at, gateway }) => process.kill(await at.lab.pidOf(gateway, 'ovs-vswitchd'), 'SIGKILL'),
    lasts: 1.5,
    back: 7,
  },
  {
    name: 'tunnel cut',
    bound: 400,
    strike: weft('link', 'down', '%:eth2'),
    heal: weft('link', 'up', '%:eth2'),
    lasts: 1.5,
    back: 7,
  },
  {
    name: 'uplink cut',
    bound: 400,
    strike: weft('link', 'down', '%:eth1'),
    heal: weft('link', 'up', '%:eth1'),
    lasts: 1.5,
    back: 3,
  },
  {
    name: 'uplink silent',
    bound: 600,
    strike: weft('link', 'down', '--silent', '%:eth1'),
    heal: weft('link', 'up', '%:eth1'),
    lasts: 1.5,
    back: 3,
  },
  { name: 'drain', bound: 0, strike: kubectl('cordon'), heal: kubectl('uncordon'), lasts: 1.5, back: 1.5 },
];

interface Round {
  /** longest gaps, milliseconds, while the fault lasted and after it */
  readonly gaps: Readonly<Record<Way | 'hand', number>>;
  readonly back: number;
  readonly lost: number;
  /** connections that were alive before, and those of them that still are */
  readonly alive: Readonly<Record<Way, boolean>>;
}

export async function benchGateway({ engineRoot, quick, log }: BenchEnvironment): Promise<BenchResult[]> {
  process.env['WEFT_ENGINE_ROOT'] = engineRoot;
  const lab = await GatewayLab.make('gwb');
  try {
    const hand = await HandMadeGateway.make(lab, lab.others[0]!);
    const results: BenchResult[] = await measureNat(lab, hand, quick, log);
    const backs: number[] = [];
    const alive = Object.fromEntries(WAYS.map((way) => [way, [] as boolean[]])) as Record<Way, boolean[]>;
    const rounds = new Map(FAULTS.map((fault) => [fault, [] as Round[]]));
    // in turn, so that what the machine does besides is in all of them alike
    for (let round = 0; round < (quick ? 1 : 10); round++)
      for (const [fault, of] of rounds) {
        of.push(await strike(lab, hand, fault));
        log(`gateway ${fault.name}: ${JSON.stringify(of.at(-1))}`);
      }
    for (const [fault, of] of rounds) {
      results.push(...resultsOf(fault, of));
      if (fault.name !== 'drain') backs.push(...of.map(({ back }) => back));
      for (const way of WAYS) alive[way].push(...of.map((round) => round.alive[way]));
    }
    results.push(plain('gateway fail-back p90', percentile(backs, 90), 'ms', 'at most 300'));
    for (const way of WAYS) {
      const kept = alive[way].filter(Boolean).length;
      results.push(plain(`gateway tcp alive ${way}`, kept, 'connections', `of ${alive[way].length}`));
    }
    return results;
  } finally {
    await lab.at.lab.remove();
  }
}

async function strike(lab: GatewayLab, hand: HandMadeGateway, fault: Fault): Promise<Round> {
  await settle(lab);
  const connections = await Promise.all(WAYS.map((way) => lab.connect(way)));
  const { distributed, centralized } = lab.floating;
  const seconds = 1.5 + fault.lasts + fault.back;
  const running = Promise.all([
    lab.at.run('snat', ...pings(OUTSIDE, seconds)),
    lab.at.run('internet', ...pings(distributed, seconds)),
    lab.at.run('internet', ...pings(centralized, seconds)),
    hand.run(...pings(OUTSIDE, seconds), '-I', TRANSLATED),
  ]);
  await sleep(1000);
  const [begin] = [Date.now() / 1000, await fault.strike(lab)];
  await sleep(fault.lasts * 1000);
  const healed = Date.now() / 1000;
  await fault.heal?.(lab);
  const [snat, first, second, reference] = (await running).map(({ stdout }) => stdout);
  const end = Date.now() / 1000;
  const gap = (output: string) => longestGapBetween(output, begin, healed);
  const after = (output: string) => longestGapBetween(output, healed, lastAnswer(output, end));
  return {
    gaps: { snat: gap(snat!), distributed: gap(first!), centralized: gap(second!), hand: gap(reference!) },
    back: Math.max(...[snat!, second!].map(after)),
    lost: lostPings(snat!) + lostPings(first!) + lostPings(second!),
    alive: Object.fromEntries(
      await Promise.all(WAYS.map(async (way, index) => [way, await lives(connections[index]!)] as const)),
    ) as Round['alive'],
  };
}

/** Every round begins alike: neither uplinks nor nodes that were lost before are held back for it. */
async function settle(lab: GatewayLab): Promise<void> {
  process.kill(await lab.at.lab.pidOf('central', 'controller'), 'SIGKILL');
  const annotate = (value: string) => lab.at.lab.kubectl('annotate', '--overwrite', 'provider-network', 'phys', value);
  await annotate('network.harvesterhci.io/bfd-peers-');
  await lab.carriedBy(lab.gateway);
  await annotate('network.harvesterhci.io/bfd-peers=fe80::1');
  await lab.works();
  await sleep(1500);
}

/** answers come, within ten seconds */
async function lives(connection: { count(): Promise<number> }): Promise<boolean> {
  const before = await connection.count().catch(() => undefined);
  if (before === undefined) return false;
  for (let tries = 0; tries < 10; tries++) {
    await sleep(500);
    const now = await connection.count().catch(() => before);
    if (now > before) return true;
  }
  return false;
}

function resultsOf({ name, bound }: Fault, rounds: readonly Round[]): readonly BenchResult[] {
  const p90 = (of: (round: Round) => number) => percentile(rounds.map(of), 90);
  const hand = p90(({ gaps }) => gaps.hand);
  const within = rounds.filter(({ gaps }) => Math.max(gaps.snat, gaps.centralized, gaps.distributed) <= bound).length;
  if (bound === 0)
    return [
      plain(
        `gateway ${name} lost p90`,
        p90(({ lost }) => lost),
        'pings',
        'three ways, there and back',
      ),
      plain(
        `gateway ${name} without loss`,
        rounds.filter(({ lost }) => lost === 0).length,
        'rounds',
        `of ${rounds.length}`,
      ),
      plain(
        `gateway ${name} gap p90`,
        p90(({ gaps, back }) => Math.max(gaps.snat, gaps.centralized, back)),
        'ms',
        'reported',
      ),
    ];
  return [
    ...(['snat', 'centralized', 'distributed'] as const).map((way): BenchResult => {
      const value = p90(({ gaps }) => gaps[way]);
      return {
        name: `gateway ${name} ${way} gap p90`,
        value,
        unit: 'ms',
        reference: hand,
        referenceName: BY_HAND,
        ratio: hand / value,
      };
    }),
    plain(`gateway ${name} within ${bound} ms`, within, 'rounds', `of ${rounds.length}`),
  ];
}

function plain(name: string, value: number, unit: string, referenceName: string): BenchResult {
  return { name, value, unit, reference: 0, referenceName, ratio: 1 };
}
