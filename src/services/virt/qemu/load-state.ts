/** Loads a saved machine into a QEMU that waits for one. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Qmp } from './qmp.ts';

/** pages at fixed offsets in the file: each is read once, and those that are empty not at all */
export const MAPPED_RAM = { capabilities: [{ capability: 'mapped-ram', state: true }] };
const DEADLINE = 60_000;

/** @throws Error that says why it does not fit */
export async function loadState(qmp: Qmp, file: string): Promise<void> {
  await qmp.execute('migrate-set-capabilities', MAPPED_RAM);
  await qmp.execute('migrate-incoming', { uri: `file:${file}` });
  for (const end = performance.now() + DEADLINE; performance.now() < end; await sleep(5)) {
    const { status } = await qmp.execute<{ readonly status: string }>('query-status');
    if (status !== 'inmigrate') return;
  }
  throw new Error(`the saved guest ${file} was not loaded within ${DEADLINE / 1000} s`);
}
