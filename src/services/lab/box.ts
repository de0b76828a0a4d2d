/**
 * A box: a network namespace, and mount and UTS namespaces that a pause process holds. Whoever has the box as its root
 * directory sees the mark file `.weft-box` in it, guests with mount namespaces of their own included: that is how the
 * processes of a lab are found, whatever has crashed.
 */
import { spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { isRunning, type ProcessId, processId } from '../../lib/proc/process-id.ts';
import { LabError } from './errors.ts';
import { namespaceOf } from './lab-name.ts';
import { boxRun, type LabPaths } from './paths.ts';

const SCRIPT = fileURLToPath(new URL('box-init.sh', import.meta.url));

/** where Node keeps compiled modules; one for all boxes, because it speeds starts up and changes nothing else */
export const COMPILE_CACHE = '/var/cache/weft';

/** environment of every process in a box */
export const BOX_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
  NODE_COMPILE_CACHE: COMPILE_CACHE,
};

/** the Node.js program inside a box */
export const NODE_IN_BOX = '/usr/local/bin/node';

export interface Mount {
  readonly source: string;
  readonly target: string;
  readonly writable: boolean;
}

export interface BoxOptions {
  readonly paths: LabPaths;
  readonly box: string;
  readonly engineRoot: string;
  /** absolute path of the Node.js program on the host */
  readonly node: string;
  readonly mounts: readonly Mount[];
}

/** box -> its pause process */
export type Boxes = Readonly<Record<string, ProcessId>>;

/** Starts the pause process of a box, whose network namespace must exist. @throws LabError `box-failed` */
export async function startBox({ paths, box, engineRoot, node, mounts }: BoxOptions): Promise<ProcessId> {
  const stage = `${paths.run}/stage`;
  await Promise.all(
    [stage, boxRun(paths, box), `${paths.logs}/${box}`].map((path) => mkdir(path, { recursive: true })),
  );
  const enter = ['nsenter', `--net=/run/netns/${namespaceOf(paths.name, box)}`];
  const unshare = ['unshare', '--mount', '--uts', '--propagation', 'private'];
  const binds = mounts.flatMap(({ source, target, writable }) => [writable ? 'rw' : 'ro', source, target]);
  const command = [...enter, ...unshare, 'sh', SCRIPT, engineRoot, stage, box, paths.directory, node, ...binds];
  const child = spawn(command[0]!, command.slice(1), { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text));
  // both pipes end when the script becomes the pause process, or dies
  await new Promise((resolve) => child.once('error', resolve).stderr.once('close', resolve));
  const id = child.pid === undefined ? undefined : processId(child.pid);
  if (said.out.trim() !== 'ready' || !id)
    throw new LabError(
      'box-failed',
      `box ${box} could not be made`,
      said.err.trim() || 'its first process ended',
      'see whether this machine allows mount and network namespaces and overlay mounts (unshare --mount, mount -t overlay)',
    );
  child.unref();
  return id;
}

/** The command that runs another one inside a box. @throws LabError `not-running` */
export function inBox(boxes: Boxes, box: string, command: readonly string[]): readonly string[] {
  const pause = boxes[box];
  if (!pause || !isRunning(pause))
    throw new LabError(
      'not-running',
      `box ${box} is not there`,
      'its first process has ended',
      'run `weft lab up` to make the lab whole again',
    );
  return ['nsenter', '-t', String(pause.pid), '--mount', '--uts', '--net', '--', ...command];
}

export async function readBoxes(paths: LabPaths): Promise<Boxes> {
  const text = await readFile(paths.boxes, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  return JSON.parse(text) as Boxes;
}
