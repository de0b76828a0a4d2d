// The workload of the three ovsdb benchmarks: logical switch ports over 40 switches of a standalone Northbound server,
// and the rounds in which the raw socket and the client take turns, each on a fresh database.
import type { Insert, Mutate, Operation } from '../src/lib/ovsdb/operations.ts';
import { operations } from '../src/lib/ovsdb/operations.ts';
import type { NorthboundTables } from '../src/core/ovn/generated/nb.ts';
import { OvsdbSession } from '../src/lib/ovsdb/session.ts';
import { TestServer } from '../src/lib/ovsdb/testing/ovsdb-server.ts';
import type { BenchEnvironment } from './result.ts';
import { RawClient } from './raw-ovsdb.ts';

export const NORTHBOUND = 'OVN_Northbound';
export const SWITCHES = 40;

const nb = operations<NorthboundTables>();

/** How many ports a run writes. */
export function portCount({ quick }: BenchEnvironment): number {
  return quick ? 400 : 10_000;
}

export function openSession(remote: string): OvsdbSession<NorthboundTables> {
  return new OvsdbSession<NorthboundTables>({
    remote,
    database: NORTHBOUND,
    monitor: { Logical_Switch: 'all', Logical_Switch_Port: 'all' },
  });
}

/** Makes the switches; returns their uuids. */
export async function makeSwitches(session: OvsdbSession<NorthboundTables>): Promise<string[]> {
  const inserts = Array.from({ length: SWITCHES }, (_, i) => nb.insert('Logical_Switch', { name: `switch-${i}` }));
  const { results } = await session.transact(inserts);
  return results.map(({ uuid }) => uuid!);
}

/** The two operations that add port number `i`. */
export function portOperations(switches: readonly string[], i: number): [Insert, Mutate] {
  const { name, address, ids } = portFacts(i);
  const row = { name, addresses: [address], port_security: [address], external_ids: ids };
  return [
    nb.insert('Logical_Switch_Port', row, `p${i}`),
    nb.mutate('Logical_Switch', [['_uuid', '==', switches[i % SWITCHES]!]], [['ports', 'insert', [`p${i}`]]]),
  ];
}

/** The operations that add several ports: one insert each, one mutation per switch that gets some. */
export function portBatch(switches: readonly string[], ports: readonly number[]): Operation[] {
  const inserts: Operation[] = [];
  const bySwitch = new Map<string, string[]>();
  for (const i of ports) {
    const [insert] = portOperations(switches, i);
    inserts.push(insert);
    const uuid = switches[i % SWITCHES]!;
    const names = bySwitch.get(uuid);
    if (names) names.push(`p${i}`);
    else bySwitch.set(uuid, [`p${i}`]);
  }
  const mutations = Array.from(bySwitch, ([uuid, names]) =>
    nb.mutate('Logical_Switch', [['_uuid', '==', uuid]], [['ports', 'insert', names]]),
  );
  return [...inserts, ...mutations];
}

/** The same two operations as a raw client would write them. */
export function rawPortOperations(switches: readonly string[], i: number): unknown[] {
  const { name, address, ids } = portFacts(i);
  const row = { name, addresses: address, port_security: address, external_ids: ['map', Object.entries(ids)] };
  return [
    { op: 'insert', table: 'Logical_Switch_Port', row, 'uuid-name': `p${i}` },
    {
      op: 'mutate',
      table: 'Logical_Switch',
      where: [['_uuid', '==', ['uuid', switches[i % SWITCHES]]]],
      mutations: [['ports', 'insert', ['set', [['named-uuid', `p${i}`]]]]],
    },
  ];
}

function portFacts(i: number): { name: string; address: string; ids: Record<string, string> } {
  const [high, low] = [i >> 8, i & 255];
  const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
  const address = `0a:00:00:00:${hex(high)}:${hex(low)} 10.0.${high}.${low}`;
  return { name: `vm-${i}.default`, address, ids: { 'weft-owner': `nic/default/vm-${i}`, generation: '1' } };
}

/** Adds all ports in transactions of 100, as the state that a synchronisation starts from. */
export async function fillPorts(session: OvsdbSession<NorthboundTables>, count: number): Promise<void> {
  const switches = await makeSwitches(session);
  for (let from = 0; from < count; from += 100) {
    const batch: Operation[] = [];
    for (let i = from; i < Math.min(count, from + 100); i++) batch.push(...portOperations(switches, i));
    await session.transact(batch);
  }
}

export type ClientRun = (
  session: OvsdbSession<NorthboundTables>,
  switches: readonly string[],
  ports: number,
) => Promise<void>;
export type RawRun = (raw: RawClient, switches: readonly string[], ports: number) => Promise<void>;

/** What one round measured of the reference and of the client. */
export interface Round {
  readonly reference: number;
  readonly client: number;
}

/** The round with the median quotient: what disturbs one round of this machine decides nothing. */
export function medianRound(rounds: readonly Round[]): Round {
  const sorted = rounds.toSorted((a, b) => a.client / a.reference - b.client / b.reference);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** Runs raw, client, raw, client, ... each on a fresh database; in ports per second. The first round only warms up. */
export async function compareWithRaw(env: BenchEnvironment, raw: RawRun, client: ClientRun): Promise<Round> {
  const rounds: Round[] = [];
  for (let round = 0; round <= (env.quick ? 1 : 3); round++) {
    const rates = { reference: await rawRate(env, raw), client: await clientRate(env, client) };
    env.log(`round ${round}: raw ${Math.round(rates.reference)}/s, client ${Math.round(rates.client)}/s`);
    rounds.push(rates);
  }
  return medianRound(rounds.slice(1));
}

async function rawRate(env: BenchEnvironment, run: RawRun): Promise<number> {
  await using server = await TestServer.start({ root: env.engineRoot });
  const session = openSession(server.remote);
  await session.ready();
  const switches = await makeSwitches(session);
  await session.close();
  using raw = await RawClient.connect(server.socketPath);
  return await rate(portCount(env), () => run(raw, switches, portCount(env)));
}

async function clientRate(env: BenchEnvironment, run: ClientRun): Promise<number> {
  await using server = await TestServer.start({ root: env.engineRoot });
  const session = openSession(server.remote);
  try {
    await session.ready();
    const switches = await makeSwitches(session);
    const perSecond = await rate(portCount(env), () => run(session, switches, portCount(env)));
    const cached = session.cache.table('Logical_Switch_Port').size;
    if (cached !== portCount(env))
      throw new Error(`The cache holds ${cached} ports, not the ${portCount(env)} that were written.`);
    return perSecond;
  } finally {
    await session.close();
  }
}

async function rate(count: number, run: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await run();
  return count / ((performance.now() - start) / 1000);
}
