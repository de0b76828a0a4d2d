/**
 * The engine: OVN, Open vSwitch, FRR, QEMU and their tools in a Debian 13 root, made once by debootstrap and
 * content-addressed by its package list. It is built aside and renamed when complete, so that a root under its final name is
 * always whole; a build that was interrupted goes on after its last finished step.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { readFile, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError } from '../../lib/proc/run.ts';
import { checkMachine } from './engine-machine.ts';
import { engineSteps, KERNEL, SUITE } from './engine-steps.ts';
import { LabError } from './errors.ts';
import { whileEngineLocked } from './name-lock.ts';
import { runStamped, StepError } from './stamped-steps.ts';

/** raised when the steps change in a way that makes older roots unfit */
const RECIPE = 1;

export interface Engine {
  /** absolute path of the root directory */
  readonly root: string;
}

export type Progress = (what: string) => void;

const packagesFile = new URL('../../../deploy/engine/packages.txt', import.meta.url);

export function enginePackages(): string[] {
  return readFileSync(packagesFile, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** name of the root directory for a package list: changes with the list, the suite and the recipe */
export function engineName(packages: readonly string[]): string {
  const text = JSON.stringify({ SUITE, RECIPE, KERNEL, packages: [...packages].toSorted() });
  return `${SUITE}-${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;
}

/** The finished engine under `home`, if there is one. */
export function findEngine(home: string): Engine | undefined {
  const root = join(home, 'engine', engineName(enginePackages()));
  return existsSync(root) ? { root } : undefined;
}

/**
 * The engine under `home`, built if it is missing; when another command builds it, that one's.
 * @throws LabError when the machine lacks what a build needs, or a step fails (the next call goes on there)
 */
export async function ensureEngine(home: string, progress: Progress): Promise<Engine> {
  const found = findEngine(home);
  if (found) return found;
  const packages = enginePackages();
  const final = join(home, 'engine', engineName(packages));
  const onWait = () => progress('another command makes it: wait for that one');
  return whileEngineLocked(
    final,
    onWait,
    async () => findEngine(home) ?? (await build(home, final, packages, progress)),
  );
}

async function build(home: string, final: string, packages: readonly string[], progress: Progress): Promise<Engine> {
  const aside = `${final}.building`;
  const root = join(aside, 'root');
  await checkMachine(home, aside, progress);
  try {
    await runStamped(join(aside, 'done'), engineSteps(root, packages), progress);
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    if (error.isFirst) await forget(home, aside);
    if (!(error.cause instanceof CommandError)) throw error;
    throw new LabError(
      'engine-build',
      `the engine could not be built at "${error.step.does}"`,
      reasonOf(error.cause),
      'check that this machine reaches its Debian package mirror, then run the same command again: it goes on at this step',
    );
  }
  await rename(root, final);
  await rm(aside, { recursive: true, force: true });
  return { root: final };
}

/** The command itself is long, and nothing that a user typed. */
function reasonOf({ stderr, message }: CommandError): string {
  const lines = stderr.trim().split('\n');
  return lines.findLast((line) => line.startsWith('E: '))?.slice(3) ?? (lines.at(-1) || message);
}

/** There is nothing to go on with: a failure leaves the disk as it was. */
async function forget(home: string, aside: string): Promise<void> {
  await rm(aside, { recursive: true, force: true });
  // unless they hold something else
  for (const directory of [join(home, 'engine'), home]) await rmdir(directory).catch(() => undefined);
}

/** versions of the engine's main packages, from the list written when it was made */
export async function engineVersions(engine: Engine): Promise<Record<string, string>> {
  const text = await readFile(join(engine.root, 'etc/weft-engine'), 'utf8').catch(() => '');
  const wanted = new Set(['ovn-central', 'openvswitch-switch-dpdk', 'frr', 'qemu-system-x86']);
  return Object.fromEntries(
    text
      .split('\n')
      .map((line) => line.split(' ') as [string, string])
      .filter(([name]) => wanted.has(name)),
  );
}
