/** A controller that is given much at once: what it sent and wrote, and when it is done. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ControllerProcess } from '../test/support/controller-process.ts';

const CREATORS = 16;

export async function atOnce<T>(all: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
  const rest = all.values();
  const worker = async () => {
    for (const one of rest) await work(one);
  };
  await Promise.all(Array.from({ length: CREATORS }, worker));
}

export async function countersOf(controller: ControllerProcess) {
  return {
    transactions: await controller.metric('weft_nb_transactions_total'),
    operations: await controller.metric('weft_nb_operations_total'),
  };
}

/** what the controller wrote to the API, by kind and verb */
export async function writesOf(controller: ControllerProcess): Promise<ReadonlyMap<string, number>> {
  return new Map([...(await controller.metrics('weft_api_writes_total'))].filter(([, count]) => count > 0));
}

export function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

/** Resolves when the controller has neither sent nor written anything for two seconds. */
export async function quiet(controller: ControllerProcess): Promise<void> {
  let last = '';
  for (let since = performance.now(); performance.now() - since < 2000; await sleep(200)) {
    const { transactions } = await countersOf(controller);
    const now = `${transactions} ${total(await writesOf(controller))}`;
    if (now === last) continue;
    last = now;
    since = performance.now();
  }
}
