// `ovsdb coalesced`: ports handed over one by one leave together, at most 100 per transaction. What several ports change in one switch is one
// operation, as Weft's planner makes it; the raw socket sends one for each port, and waits for each reply. The client is measured twice: with
// two transactions under way, so that the server works on one while the next is made, and with one, as the raw socket.
import { Coalescer } from '../src/lib/ovsdb/coalesce.ts';
import { compareWithRaw, NORTHBOUND, portBatch, rawPortOperations } from './ovsdb-workload.ts';
import type { BenchEnvironment, BenchResult } from './result.ts';

const BATCH = 100;

export async function benchOvsdbCoalesced(env: BenchEnvironment): Promise<BenchResult[]> {
  return [await coalesced(env, 'ovsdb coalesced', 2), await coalesced(env, 'ovsdb coalesced, 1 in flight', 1)];
}

async function coalesced(env: BenchEnvironment, name: string, inFlight: number): Promise<BenchResult> {
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
        maxFlushes: inFlight,
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
  const referenceName = `raw socket, ${BATCH} per transaction, 1 in flight`;
  return { name, value: client, unit: 'ports/s', reference, referenceName, ratio: client / reference };
}
