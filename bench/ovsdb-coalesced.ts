// `ovsdb coalesced`: ports handed over one by one leave together, at most 100 per transaction, one transaction at a time. What several
// ports change in one switch is one operation, as Weft's planner makes it; the raw socket sends one for each port.
import { Coalescer } from '../src/lib/ovsdb/coalesce.ts';
import type { BenchEnvironment, BenchResult } from './result.ts';
import { compareWithRaw, NORTHBOUND, portBatch, rawPortOperations } from './ovsdb-workload.ts';

const BATCH = 100;
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
      const coalescer = new Coalescer<number>({
        maxItems: BATCH,
        flush: async (items) => {
          await session.transact(portBatch(switches, items));
        },
      });
      const submitted: Promise<void>[] = [];
      for (let i = 0; i < ports; i++) {
        await coalescer.room();
        submitted.push(coalescer.submit(i));
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
