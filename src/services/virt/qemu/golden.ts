/** Boots a guest that is nobody (no name, no NIC), and saves it when its agent answers. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentLink } from './agent-link.ts';
import { FILES, type MachineFiles } from './command-line.ts';
import { endMachine, launch, withQmp } from './launch.ts';
import { MAPPED_RAM } from './load-state.ts';
import type { Qmp } from './qmp.ts';

/** milliseconds; a loaded machine takes its time */
const BOOT_DEADLINE = 120_000;
const SAVE_DEADLINE = 60_000;
/** milliseconds of rest, in which the kernel comes to the end of what it does behind a boot */
const SETTLE = 500;

/** @param file where it is saved @throws Error that says what failed */
export async function saveGolden(files: MachineFiles, file: string): Promise<void> {
  const id = randomUUID();
  const directory = await mkdtemp(join(tmpdir(), 'golden-'));
  const log = `${directory}.log`;
  try {
    await launch({ ...files, id, directory, log, generation: randomUUID(), incoming: false }, '');
    await withQmp(directory, async (qmp) => {
      await qmp.execute('cont');
      await agentAnswers(directory, log);
      await sleep(SETTLE);
      await save(qmp, file);
    });
  } finally {
    await endMachine(directory, log, 0);
  }
}

async function agentAnswers(directory: string, log: string): Promise<void> {
  for (const end = performance.now() + BOOT_DEADLINE; performance.now() < end; await sleep(100)) {
    const link = await AgentLink.open(`${directory}/${FILES.agent}`);
    if (link) return link.close();
  }
  const words = (await readFile(log, 'utf8').catch(() => '')).trim().split('\n').slice(-3).join(' | ');
  throw new Error(`a guest did not boot within ${BOOT_DEADLINE / 1000} s: ${words}`);
}

async function save(qmp: Qmp, file: string): Promise<void> {
  await qmp.execute('stop');
  await qmp.execute('migrate-set-capabilities', MAPPED_RAM);
  await qmp.execute('migrate', { uri: `file:${file}` });
  for (const end = performance.now() + SAVE_DEADLINE; performance.now() < end; await sleep(20)) {
    const { status, 'error-desc': why } = await qmp.execute<{ status?: string; 'error-desc'?: string }>(
      'query-migrate',
    );
    if (status === 'completed') return;
    if (status === 'failed') throw new Error(`the golden guest could not be saved: ${why}`);
  }
  throw new Error(`the golden guest was not saved within ${SAVE_DEADLINE / 1000} s`);
}
