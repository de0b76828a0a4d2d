/**
 * Generated worlds of VPCs, routes, peerings, private subnets and rules. For each chosen pair three answers must agree: real packets, ovn-trace on the live
 * Southbound, and the reference model. A failing run names its seed; WEFT_SEED=<number> gives the same worlds again.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ReachabilityBench } from '../support/reachability/bench.ts';
import { baseWorld, chooseProbes, nextWorld, Random } from '../support/reachability/generate.ts';
import { type Probe, verdictOf } from '../support/reachability/model.ts';

const SEED = Number(process.env['WEFT_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const PAIRS = 2000;
const PAIRS_OF_A_WORLD = 340;
const MOST_WORLDS = 16;
/** what has to decide often enough for the agreement to mean something */
const CAUSES = [
  'route',
  'route by source',
  'missing route',
  'peering',
  'private',
  'allowSubnets',
  'allowEWTraffic',
  'acl allow',
  'acl allow-related',
  'acl allow-stateless',
  'acl drop',
  'acl reject',
  'policy allow',
  'policy drop',
  'policy reroute',
];
const ENOUGH = 50;

const random = new Random(SEED);
const base = baseWorld(random);
let bench: ReachabilityBench;

beforeAll(async () => {
  bench = await ReachabilityBench.make('g');
  await bench.start(base);
}, 240_000);

afterAll(async () => {
  await bench?.remove();
});

test(`packets, ovn-trace and the model agree (WEFT_SEED=${SEED})`, { timeout: 600_000 }, async () => {
  const seen = new Map<string, number>();
  let pairs = 0;
  let reached = 0;
  for (let number = 0; number < MOST_WORLDS; number += 1) {
    if (pairs >= PAIRS && CAUSES.every((cause) => (seen.get(cause) ?? 0) >= ENOUGH)) break;
    const world = nextWorld(base, random);
    const probes = chooseProbes(world, PAIRS_OF_A_WORLD, seen, ENOUGH + 20, random);
    await bench.become(world);
    const heard = new Map(await bench.ask(probes));
    // a busy machine may be late: whoever is to be reached is asked again, whoever is not was asked three times
    for (let round = 0; round < 4; round += 1) {
      const late = probes.filter((probe) => heard.get(probe) === null && verdictOf(world, probe).reached);
      if (late.length === 0) break;
      for (const [probe, name] of await bench.ask(late)) heard.set(probe, name);
    }
    const disagreements: string[] = [];
    for (const probe of probes) {
      const verdict = verdictOf(world, probe);
      const name = heard.get(probe) ?? null;
      const packets = name !== null && (name === '' || name === verdict.by);
      const trace = await bench.trace(world, probe);
      // who was not meant to answer must not have answered either
      if (packets !== verdict.reached || trace !== verdict.reached || (!verdict.reached && name !== null))
        disagreements.push(
          `${describe(probe)}: model ${verdict.reached} (${verdict.trail.join(', ')}), packets ${name ?? 'nobody'}, ovn-trace ${trace}`,
        );
      reached += verdict.reached ? 1 : 0;
    }
    expect([number, disagreements]).toEqual([number, []]);
    pairs += probes.length;
  }
  expect(pairs).toBeGreaterThanOrEqual(PAIRS);
  expect(reached / pairs).toBeGreaterThanOrEqual(0.3);
  expect(CAUSES.filter((cause) => (seen.get(cause) ?? 0) < ENOUGH)).toEqual([]);
});

function describe({ from, to, family, protocol }: Probe): string {
  return `${from} to ${to} by ${protocol} over IPv${family}`;
}
