/**
 * Locks that die with their owner: abstract sockets (unix(7)). They belong to the machine's network namespace, not to a
 * directory, as the names of labs do.
 */
import { createServer, type Server } from 'node:net';
import { LabError } from './errors.ts';
import { until } from './until.ts';

/** seconds that a command waits for another one on the same lab */
const PATIENCE = 300;

/** One supervisor per name. Held until the process ends. @throws LabError `name-taken` */
export async function lockSupervisor(lab: string): Promise<void> {
  if (await tryLock(`weft-lab-${lab}`)) return;
  throw new LabError(
    'name-taken',
    `lab ${lab} has a supervisor already`,
    'two of them would fight over its boxes',
    '`weft lab status` shows it',
  );
}

/** Runs `work` while no other command starts or removes the lab. @throws LabError `name-taken` when that takes minutes */
export async function whileLocked<T>(lab: string, work: () => Promise<T>): Promise<T> {
  let lock: Server | undefined;
  const locked = await until(async () => {
    lock = await tryLock(`weft-lab-${lab}-command`);
    return lock !== undefined;
  }, PATIENCE);
  if (!locked)
    throw new LabError(
      'name-taken',
      `another command starts or removes lab ${lab}`,
      `it has not come to an end within ${PATIENCE} s`,
      'end it, then run this again',
    );
  try {
    return await work();
  } finally {
    lock?.close();
  }
}

async function tryLock(name: string): Promise<Server | undefined> {
  const lock = createServer();
  return new Promise((resolve, reject) => {
    lock.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    lock.listen(`\0${name}`, () => resolve(lock));
  });
}
