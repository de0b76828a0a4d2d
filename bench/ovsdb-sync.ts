// `ovsdb sync`: from nothing to a cache that holds 10,000 ports, beside `ovsdb-client dump` of the same tables.
import { TestServer } from '../src/lib/ovsdb/testing/ovsdb-server.ts';
import type { BenchEnvironment, BenchResult } from './result.ts';
import type { Round } from './ovsdb-workload.ts';
import { fillPorts, medianRound, NORTHBOUND, openSession, portCount } from './ovsdb-workload.ts';

export async function benchOvsdbSync(env: BenchEnvironment): Promise<BenchResult[]> {
  await using server = await TestServer.start({ root: env.engineRoot });
  const writer = openSession(server.remote);
  await writer.ready();
  await fillPorts(writer, portCount(env));
  await writer.close();
  const rounds: Round[] = [];
  for (let round = 0; round < (env.quick ? 1 : 5); round++) {
    const reference = await milliseconds(() => dump(server));
    const client = await milliseconds(() => synchroniseOnce(server, portCount(env)));
    env.log(`round ${round}: dump ${reference.toFixed(0)} ms, client ${client.toFixed(0)} ms`);
    rounds.push({ reference, client });
  }
  const { reference, client } = medianRound(rounds);
  const referenceName = 'ovsdb-client dump of the same tables';
  return [{ name: 'ovsdb sync', value: client, unit: 'ms', reference, referenceName, ratio: reference / client }];
}

/** The whole database in one process: the other tables are empty. */
async function dump(server: TestServer): Promise<void> {
  await server.run('usr/bin/ovsdb-client', ['dump', server.remote, NORTHBOUND]);
}

async function synchroniseOnce(server: TestServer, ports: number): Promise<void> {
  const session = openSession(server.remote);
  try {
    await session.ready();
    const cached = session.cache.table('Logical_Switch_Port').size;
    if (cached !== ports) throw new Error(`The cache holds ${cached} ports, not ${ports}.`);
  } finally {
    await session.close();
  }
}

async function milliseconds(run: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}
