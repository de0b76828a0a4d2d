// `ovsdb coalesced`: ports handed over one by one leave together, at most 100 per transaction.
import { Coalescer } from '../src/lib/ovsdb/coalesce.ts';
import type { Operation } from '../src/lib/ovsdb/operations.ts';
import type { BenchEnvironment, BenchResult } from './result.ts';
import { compareWithRaw, NORTHBOUND, portOperations, rawPortOperations } from './ovsdb-workload.ts';

const BATCH = 100;
/** Flushes of the client that may overlap: the server works on one while the next is made. The raw socket has one. */
const IN_FLIGHT = 2;

export async function benchOvsdbCoalesced(env: BenchEnvironment): Promise<BenchResult[]> {
  const { reference, client } = await compareWithRaw(
    env,
    async (raw, switches, ports) => {
      for (let from = 0; from < ports; from += BATCH) {
        const batch: unknown[] = [];
        for (let i = from; i < from + BATCH; i++) batch.push(...rawPortOperations(switches, i));
        await raw.transact(NORTHBOUND, batch);
      }
    },
    async (session, switches, ports) => {
      const coalescer = new Coalescer<readonly Operation[]>({
        maxItems: BATCH,
        maxFlushes: IN_FLIGHT,
        flush: async (items) => {
          await session.transact(items.flat());
        },
      });
      const submitted: Promise<void>[] = [];
      for (let i = 0; i < ports; i++) {
        await coalescer.room();
        submitted.push(coalescer.submit(portOperations(switches, i)));
      }
      await Promise.all(submitted);
    },
  );
  return [
    {
      name: 'ovsdb coalesced',
      value: client,
      unit: 'ports/s',
      reference,
      referenceName: `raw socket, ${BATCH} per transaction`,
      ratio: client / reference,
    },
  ];
}
