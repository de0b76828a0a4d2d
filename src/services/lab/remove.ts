/** Takes a lab apart, whatever state it is in and whoever has crashed: processes, namespaces, mounts, files. */
import { readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, type ProcessId, signalProcess } from '../../lib/proc/process-id.ts';
import { run } from '../../lib/proc/run.ts';
import { LabError } from './errors.ts';
import { namespaceOf } from './lab-name.ts';
import { namespacesOfLab, processesInNamespace, processesOfLab } from './lab-processes.ts';
import { whileLocked } from './name-lock.ts';
import type { LabPaths } from './paths.ts';

const ROUNDS = 5;
/** milliseconds */
const DEATH_DEADLINE = 10_000;

/** Ends and removes everything of a lab that runs; its directory stays (API objects, logs). Idempotent. @throws LabError `leftovers` */
export async function removeRunning(paths: LabPaths): Promise<void> {
  const supervisor = await readSupervisor(paths);
  if (supervisor && signalProcess(supervisor, 'SIGKILL')) await untilGone(paths, [supervisor]);
  await killAll(paths);
  for (const box of await namespacesOfLab(paths.name)) await run(['ip', 'netns', 'del', namespaceOf(paths.name, box)]);
  await unmountAll(paths);
  await rm(paths.supervisorPid, { force: true });
}

/** Removes every trace of a lab. Idempotent. */
export async function removeLab(paths: LabPaths): Promise<void> {
  await whileLocked(paths.name, async () => {
    await removeRunning(paths);
    await rm(paths.directory, { recursive: true, force: true });
  });
}

/** The supervisor as it was recorded; it may have died since. */
export async function readSupervisor(paths: LabPaths): Promise<ProcessId | undefined> {
  try {
    return JSON.parse(await readFile(paths.supervisorPid, 'utf8')) as ProcessId;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Kills until a round finds nothing: a process may have started another one while the list was made. */
async function killAll(paths: LabPaths): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const boxes = await namespacesOfLab(paths.name);
    const inNamespaces = await Promise.all(boxes.map((box) => processesInNamespace(paths.name, box)));
    const found = [...processesOfLab(paths.directory), ...inNamespaces.flat()].filter(({ pid }) => pid !== process.pid);
    if (found.length === 0) return;
    for (const id of found) signalProcess(id, 'SIGKILL');
    await untilGone(paths, found);
  }
  throw new LabError(
    'leftovers',
    `processes of lab ${paths.name} do not end`,
    'something goes on starting new ones',
    `look at \`ip netns pids ${namespaceOf(paths.name, 'BOX')}\` and end what starts them`,
  );
}

async function untilGone({ name }: LabPaths, ids: readonly ProcessId[]): Promise<void> {
  const deadline = performance.now() + DEATH_DEADLINE;
  for (let left = ids.filter(isRunning); left.length > 0; left = left.filter(isRunning)) {
    if (performance.now() > deadline)
      throw new LabError(
        'leftovers',
        `processes of lab ${name} do not end`,
        `${left.map(({ pid }) => pid).join(', ')} outlived SIGKILL (they wait for a device?)`,
        'look at /proc/PID/stack of them, then run `weft lab down` again',
      );
    await sleep(5);
  }
}

/** What is mounted below the lab's directory on the host, innermost first. */
async function unmountAll({ directory }: LabPaths): Promise<void> {
  for (const point of mountPoints()
    .filter((path) => path.startsWith(`${directory}/`))
    .toReversed())
    await run(['umount', '--lazy', point]);
}

/** In the order of mounting (proc_pid_mountinfo(5), field 5; blanks are written as \040). */
function mountPoints(): readonly string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .map((path) => path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))));
}
