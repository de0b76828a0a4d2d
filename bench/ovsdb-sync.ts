// `ovsdb sync`: from nothing to a cache that holds 10,000 ports, beside `ovsdb-client dump` of the same tables.
import { TestServer } from '../src/lib/ovsdb/testing/ovsdb-server.ts';
import type { BenchEnvironment, BenchResult } from './result.ts';
import { fillPorts, NORTHBOUND, openSession, portCount } from './ovsdb-workload.ts';

export async function benchOvsdbSync(env: BenchEnvironment): Promise<BenchResult[]> {
  await using server = await TestServer.start({ root: env.engineRoot });
  const writer = openSession(server.remote);
  await writer.ready();
  await fillPorts(writer, portCount(env));
  await writer.close();
  const best = { dump: Infinity, client: Infinity };
  for (let round = 0; round < (env.quick ? 1 : 5); round++) {
    const dumped = await milliseconds(() => dump(server));
    const synchronised = await milliseconds(() => synchroniseOnce(server, portCount(env)));
    env.log(`round ${round}: dump ${dumped.toFixed(0)} ms, client ${synchronised.toFixed(0)} ms`);
    best.dump = Math.min(best.dump, dumped);
    best.client = Math.min(best.client, synchronised);
  }
  return [
    {
      name: 'ovsdb sync',
      value: best.client,
      unit: 'ms',
      reference: best.dump,
      referenceName: 'ovsdb-client dump of the same tables',
      ratio: best.dump / best.client,
    },
  ];
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
