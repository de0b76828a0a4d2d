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

/**
 * Runs raw, client, raw, client, ... each on a fresh database; gives the best rate of each, in ports per second.
 * The first pair warms up and does not count.
 */
export async function compareWithRaw(
  env: BenchEnvironment,
  raw: RawRun,
  client: ClientRun,
): Promise<{ raw: number; client: number }> {
  const best = { raw: 0, client: 0 };
  const rounds = env.quick ? 1 : 3;
  for (let round = 0; round <= rounds; round++) {
    const rates = { raw: await rawRate(env, raw), client: await clientRate(env, client) };
    env.log(`round ${round}: raw ${Math.round(rates.raw)}/s, client ${Math.round(rates.client)}/s`);
    if (round === 0) continue;
    best.raw = Math.max(best.raw, rates.raw);
    best.client = Math.max(best.client, rates.client);
  }
  return best;
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
