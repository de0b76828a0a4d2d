/** A guest's namespaces, held by a pause process. */
import { spawn } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isRunning, type ProcessId, processId, signalProcess } from '../../../lib/proc/process-id.ts';

const SCRIPT = fileURLToPath(new URL('sandbox-init.sh', import.meta.url));
/** milliseconds */
const START_DEADLINE = 10_000;
const DEATH_DEADLINE = 5000;
/** a guest may start processes while they are being killed */
const ROUNDS = 5;

export interface SandboxOptions {
  /** what becomes the pause process */
  readonly script?: string;
  /** file below /run of the sandbox that is to be another network namespace */
  readonly network?: string;
}

/**
 * Starts a pause process, calls `record` with it, and lets it live only when that has succeeded.
 * @throws Error that says why there is none
 */
export async function startSandbox(
  hostname: string,
  record: (pause: ProcessId) => Promise<void>,
  { script = SCRIPT, network }: SandboxOptions = {},
): Promise<ProcessId> {
  const init = ['sh', script, hostname, ...(network === undefined ? [] : [network])];
  const args = ['--net', '--mount', '--uts', '--propagation', 'private', ...init];
  const child = spawn('unshare', args, { detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  const died = new Promise<'died'>((resolve) => child.once('close', () => resolve('died')));
  const ready = new Promise<'ready'>((resolve) =>
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said.out += text;
      if (said.out.includes('ready\n')) resolve('ready');
    }),
  );
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text));
  const failed = new Promise<'failed'>((resolve) => {
    child.once('error', (error) => {
      said.err += error.message;
      resolve('failed');
    });
    child.stdin.on('error', () => resolve('failed'));
  });
  const late = new AbortController();
  try {
    const outcome = await Promise.race([ready, died, failed, sleep(START_DEADLINE, 'late', { signal: late.signal })]);
    const pause = outcome === 'ready' && child.pid !== undefined ? processId(child.pid) : undefined;
    if (!pause) throw new Error(`the namespaces of guest ${hostname} could not be made: ${said.err.trim() || outcome}`);
    await record(pause);
    child.stdin.end('go\n');
    child.unref();
    return pause;
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    late.abort();
  }
}

/** Ends everything that runs in a guest. A process that took over the pause process's number is left alone. */
export async function endSandbox(pause: ProcessId): Promise<void> {
  const namespace = isRunning(pause) ? mountNamespace(pause.pid) : undefined;
  if (namespace === undefined || namespace === mountNamespace(process.pid)) return;
  for (let round = 0; round < ROUNDS; round++) {
    // the pause process last: as long as it lives, the namespace cannot be another one of the same number
    const others = processesIn(namespace).filter(({ pid }) => pid !== pause.pid);
    if (others.length === 0) break;
    for (const id of others) signalProcess(id, 'SIGKILL');
    await untilGone(others);
  }
  signalProcess(pause, 'SIGKILL');
  await untilGone([pause]);
}

function processesIn(namespace: string): readonly ProcessId[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => mountNamespace(pid) === namespace)
    .flatMap((pid) => processId(pid) ?? []);
}

/** `mnt:[4026532000]`; undefined when there is no such process */
function mountNamespace(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`);
  } catch {
    return undefined;
  }
}

async function untilGone(ids: readonly ProcessId[]): Promise<void> {
  const end = performance.now() + DEATH_DEADLINE;
  for (let left = ids.filter(isRunning); left.length > 0; left = left.filter(isRunning)) {
    if (performance.now() > end)
      throw new Error(`processes ${left.map(({ pid }) => pid).join(', ')} of a guest outlive SIGKILL`);
    await sleep(2);
  }
}
