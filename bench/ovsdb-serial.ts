// `ovsdb serial`: one port per transaction, one transaction in flight, with cache and typed rows.
import type { BenchEnvironment, BenchResult } from './result.ts';
import { compareWithRaw, NORTHBOUND, portOperations, rawPortOperations } from './ovsdb-workload.ts';

export async function benchOvsdbSerial(env: BenchEnvironment): Promise<BenchResult[]> {
  const rates = await compareWithRaw(
    env,
    async (raw, switches, ports) => {
      for (let i = 0; i < ports; i++) await raw.transact(NORTHBOUND, rawPortOperations(switches, i));
    },
    async (session, switches, ports) => {
      for (let i = 0; i < ports; i++) await session.transact(portOperations(switches, i));
    },
  );
  const { raw, client } = rates;
  return [
    {
      name: 'ovsdb serial',
      value: client,
      unit: 'ports/s',
      reference: raw,
      referenceName: 'raw socket, 1 per transaction',
      ratio: client / raw,
    },
  ];
}
