/** Starts and ends processes of QEMU. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { Buffer } from 'node:buffer';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, type ProcessId, processId, signalProcess } from '../../../lib/proc/process-id.ts';
import { run } from '../../../lib/proc/run.ts';
import { FILES, type MachineOptions, qemuCommand, SETUP_SIZE } from './command-line.ts';
import { processesOf } from './find-machine.ts';
import { Qmp } from './qmp.ts';

/** seconds */
const START_DEADLINE = 30;
/** milliseconds */
const DEATH_DEADLINE = 5000;
const LOOK = 20;

/** Starts QEMU, which does not run its machine yet. @throws CommandError with QEMU's own words */
export async function launch(options: MachineOptions, setup: string): Promise<ProcessId> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  await writeSetup(options.directory, setup);
  await run(qemuCommand(options), { deadline: START_DEADLINE });
  const pid = Number(await readFile(`${options.directory}/${FILES.pid}`, 'utf8'));
  const id = processId(pid);
  if (!id)
    throw new Error(`QEMU of ${options.id} ended at once: ${await readFile(options.log, 'utf8').catch(() => '')}`);
  return id;
}

/** Writes the disk on which a guest that boots finds what it is. */
export async function writeSetup(directory: string, text: string): Promise<void> {
  const bytes = Buffer.alloc(SETUP_SIZE);
  if (bytes.write(text) < Buffer.byteLength(text))
    throw new Error(`the guest's setup is longer than ${SETUP_SIZE} bytes: give it fewer interfaces or routes`);
  await writeFile(`${directory}/${FILES.setup}`, bytes, { mode: 0o600 });
}

export function connectQmp(
  directory: string,
  options: Omit<Parameters<typeof Qmp.connect>[0], 'path'> = {},
): Promise<Qmp> {
  return Qmp.connect({ path: `${directory}/${FILES.qmp}`, ...options });
}

/** Uses the control socket for a while. */
export async function withQmp<T>(directory: string, use: (qmp: Qmp) => Promise<T>): Promise<T> {
  const qmp = await connectQmp(directory);
  try {
    return await use(qmp);
  } finally {
    qmp.close();
  }
}

/**
 * Ends the machine with that directory, whether its process was written down or not, and removes its files.
 * @param grace milliseconds in which the guest may shut itself down, after its power button was pressed
 */
export async function endMachine(directory: string, log: string, grace: number): Promise<void> {
  for (const qemu of processesOf(directory)) {
    if (grace > 0 && (await pressPowerButton(directory))) await untilGone(qemu, grace);
    signalProcess(qemu, 'SIGKILL');
    if (!(await untilGone(qemu, DEATH_DEADLINE))) throw new Error(`QEMU (process ${qemu.pid}) outlives SIGKILL`);
  }
  await rm(directory, { recursive: true, force: true });
  await rm(log, { force: true });
}

/** @returns whether the guest runs, and can hear of it */
async function pressPowerButton(directory: string): Promise<boolean> {
  const press = async (qmp: Qmp) => {
    const { status } = await qmp.execute<{ readonly status: string }>('query-status');
    if (status !== 'running') return false;
    await qmp.execute('system_powerdown');
    return true;
  };
  // a QEMU that does not answer is ended without
  return withQmp(directory, press).catch(() => false);
}

async function untilGone(id: ProcessId, deadline: number): Promise<boolean> {
  for (const end = performance.now() + deadline; performance.now() < end; await sleep(LOOK))
    if (!isRunning(id)) return true;
  return !isRunning(id);
}
