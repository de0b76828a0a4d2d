// `ovsdb serial`: one port per transaction, one transaction in flight, with cache and typed rows.
import type { BenchEnvironment, BenchResult } from './result.ts';
import { compareWithRaw, NORTHBOUND, portOperations, rawPortOperations } from './ovsdb-workload.ts';

export async function benchOvsdbSerial(env: BenchEnvironment): Promise<BenchResult[]> {
  const { reference, client } = await compareWithRaw(
    env,
    async (raw, switches, ports) => {
      for (let i = 0; i < ports; i++) await raw.transact(NORTHBOUND, rawPortOperations(switches, i));
    },
    async (session, switches, ports) => {
      for (let i = 0; i < ports; i++) await session.transact(portOperations(switches, i));
    },
  );
  return [
    {
      name: 'ovsdb serial',
      value: client,
      unit: 'ports/s',
      reference,
      referenceName: 'raw socket, 1 per transaction',
      ratio: client / reference,
    },
  ];
}
