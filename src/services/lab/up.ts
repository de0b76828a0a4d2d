/** `weft lab up`: from nothing, from a running lab, or from what a crash left. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning, processId } from '../../lib/proc/process-id.ts';
import { ensureEngine, engineVersions } from './engine.ts';
import { LabError } from './errors.ts';
import { hostVersions } from './host-engine.ts';
import { namespaceOf } from './lab-name.ts';
import { boxOfProcess, namespacesOfLab, processesInNamespace } from './lab-processes.ts';
import { whileLocked } from './name-lock.ts';
import { DEFAULT_OPTIONS, type LabOptions, type LabState, readState, writeState } from './options.ts';
import type { LabPaths } from './paths.ts';
import { readSupervisor, removeRunning } from './remove.ts';
import type { StepEvent } from './steps.ts';
import { followStart, isNotRunning } from './supervisor-client.ts';
import { until } from './until.ts';

export interface UpOptions {
  readonly paths: LabPaths;
  /** what was asked for; the rest is as the lab has it, or default */
  readonly asked: Partial<LabOptions>;
  /** starts the supervisor: a command with its arguments */
  readonly supervisor: readonly string[];
  readonly onEngine: (what: string) => void;
  readonly onStep: (event: StepEvent) => void;
}

/** @returns whether the lab ran already @throws LabError */
export async function up(options: UpOptions): Promise<{ readonly ran: boolean }> {
  if (process.getuid?.() !== 0)
    throw new LabError(
      'not-root',
      'a lab needs root',
      'it is made of network namespaces',
      'run it as root (sudo ./weft lab up)',
    );
  return whileLocked(options.paths.name, () => upAlone(options));
}

async function upAlone({ paths, asked, supervisor, onEngine, onStep }: UpOptions): Promise<{ readonly ran: boolean }> {
  const recorded = await readState(paths);
  if (recorded) checkSameOptions(paths.name, recorded.options, asked);
  if (recorded && (await isSupervised(paths))) {
    await followStart(paths, onStep);
    return { ran: true };
  }
  const options = recorded?.options ?? { ...DEFAULT_OPTIONS, ...asked };
  const engine = await engineOf(options.engine, paths.home, onEngine);
  await checkOwnership(paths);
  await removeRunning(paths);
  await mkdir(paths.logs, { recursive: true });
  await writeState(paths, { ...engine, options, ports: recorded?.ports ?? { api: 0, metrics: 0 } });
  await startSupervisor(paths, supervisor, onStep);
  return { ran: false };
}

async function isSupervised(paths: LabPaths): Promise<boolean> {
  const supervisor = await readSupervisor(paths);
  return supervisor !== undefined && isRunning(supervisor);
}

function checkSameOptions(name: string, has: LabOptions, asked: Partial<LabOptions>): void {
  for (const [option, value] of Object.entries(asked)) {
    const there = has[option as keyof LabOptions];
    if (value !== there)
      throw new LabError(
        'other-options',
        `lab ${name} has --${option} ${there}, not ${value}`,
        'options are chosen when a lab is made',
        `\`weft lab down --name ${name}\` first, or give another --name`,
      );
  }
}

async function engineOf(
  engine: string,
  home: string,
  onEngine: (what: string) => void,
): Promise<Pick<LabState, 'engineRoot' | 'versions'>> {
  if (engine === 'auto') {
    const { root } = await ensureEngine(home, onEngine);
    return { engineRoot: root, versions: await engineVersions({ root }) };
  }
  const root = engine === 'host' ? '/' : engine;
  for (const program of [
    'usr/sbin/ovsdb-server',
    'usr/bin/ovn-northd',
    'usr/bin/ovn-controller',
    'usr/share/ovn/ovn-nb.ovsschema',
  ])
    if (!existsSync(join(root, program)))
      throw new LabError(
        'engine-unfit',
        `--engine ${engine} does not work`,
        `${join(root, program)} is missing`,
        engine === 'host'
          ? 'install ovn-central, ovn-host and openvswitch-switch, or leave the option out'
          : 'give the root directory of a system with OVN and Open vSwitch',
      );
  return { engineRoot: root, versions: engine === 'host' ? await hostVersions() : await engineVersions({ root }) };
}

/** Namespaces of that name may belong to a lab of another WEFT_HOME: then they are not ours to remove. */
async function checkOwnership({ name, directory }: LabPaths): Promise<void> {
  for (const box of await namespacesOfLab(name))
    for (const { pid } of await processesInNamespace(name, box)) {
      const owner = boxOfProcess(pid)?.lab;
      if (owner !== undefined && owner !== directory)
        throw new LabError(
          'name-taken',
          `a lab named ${name} runs already`,
          `namespace ${namespaceOf(name, box)} belongs to ${owner}`,
          'give another --name, or take that one down with its WEFT_HOME',
        );
    }
}

async function startSupervisor(
  paths: LabPaths,
  command: readonly string[],
  onStep: (event: StepEvent) => void,
): Promise<void> {
  const logFile = join(paths.logs, 'supervisor.log');
  const log = openSync(logFile, 'a');
  const child = spawn(command[0]!, command.slice(1), { detached: true, stdio: ['ignore', log, log], cwd: '/' });
  closeSync(log);
  child.unref();
  const id = child.pid === undefined ? undefined : processId(child.pid);
  const alive = () => id !== undefined && isRunning(id);
  try {
    await until(() => !alive() || existsSync(paths.supervisorSocket), 30);
    await followStart(paths, onStep);
  } catch (error) {
    await removeRunning(paths);
    if (error instanceof LabError && !isNotRunning(error)) throw error;
    const tail = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-3).join(' | ');
    const why = isNotRunning(error) || !alive() ? tail : `${(error as Error).message} | ${tail}`;
    throw new LabError(
      'start-failed',
      `lab ${paths.name} did not start`,
      why,
      `read ${logFile}, then run the same command again`,
    );
  }
}
