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
    const dump = await milliseconds(() => dumpTables(server));
    const client = await milliseconds(() => synchroniseOnce(server, portCount(env)));
    env.log(`round ${round}: dump ${dump.toFixed(0)} ms, client ${client.toFixed(0)} ms`);
    best.dump = Math.min(best.dump, dump);
    best.client = Math.min(best.client, client);
  }
  const { dump, client } = best;
  return [
    {
      name: 'ovsdb sync',
      value: client,
      unit: 'ms',
      reference: dump,
      referenceName: 'ovsdb-client dump of the same tables',
      ratio: dump / client,
    },
  ];
}

async function dumpTables(server: TestServer): Promise<void> {
  for (const table of ['Logical_Switch', 'Logical_Switch_Port']) {
    await server.run('usr/bin/ovsdb-client', ['dump', server.remote, NORTHBOUND, table]);
  }
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
