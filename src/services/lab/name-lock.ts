/**
 * Locks that die with their owner: abstract sockets (unix(7)). They belong to the machine's network namespace, not to a
 * directory, as the names of labs do.
 */
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { LabError } from './errors.ts';
import { until } from './until.ts';

/** seconds that a command waits for another one on the same lab */
const PATIENCE = 300;
/** seconds that a command waits while another one makes the engine */
const ENGINE_PATIENCE = 3600;

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
  const lock = await patientLock(`weft-lab-${lab}-command`, PATIENCE);
  if (lock) return finallyClose(lock, work);
  throw new LabError(
    'name-taken',
    `another command starts or removes lab ${lab}`,
    `it has not come to an end within ${PATIENCE} s`,
    'end it, then run this again',
  );
}

/**
 * Runs `work` while no other command makes the engine whose directory is `root`.
 * @param onWait called when another one does @throws LabError `engine-build` when that does not come to an end
 */
export async function whileEngineLocked<T>(root: string, onWait: () => void, work: () => Promise<T>): Promise<T> {
  // a path may be longer than the name of a socket
  const name = `weft-engine-${createHash('sha256').update(root).digest('hex')}`;
  let lock = await tryLock(name);
  if (!lock) {
    onWait();
    lock = await patientLock(name, ENGINE_PATIENCE);
  }
  if (lock) return finallyClose(lock, work);
  throw new LabError(
    'engine-build',
    'the engine is not there',
    `another command has been making it for ${ENGINE_PATIENCE} s`,
    'see what that one waits for, or end it, then run this again',
  );
}

async function patientLock(name: string, patience: number): Promise<Server | undefined> {
  let lock: Server | undefined;
  await until(async () => {
    lock = await tryLock(name);
    return lock !== undefined;
  }, patience);
  return lock;
}

async function finallyClose<T>(lock: Server, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    lock.close();
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
