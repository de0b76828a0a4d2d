/** Where a machine runs: the processes of QEMU that carry its name, whatever box they are in. During a migration there are two. */
import { readdirSync, readFileSync } from 'node:fs';
import { type ProcessId, processId } from '../../../lib/proc/process-id.ts';
import { FILES, nameArgument } from './command-line.ts';

export interface RunningMachine {
  readonly process: ProcessId;
  /** its directory, by a path that leads there from every box and is short enough for unix sockets */
  readonly directory: string;
}

export function findMachine(id: string): readonly RunningMachine[] {
  return numbers().flatMap((pid) => machineOf(pid, nameArgument(id)) ?? []);
}

/** The processes of QEMU with that directory: no two boxes have machines with the same one. */
export function processesOf(directory: string): readonly ProcessId[] {
  return numbers().flatMap((pid) =>
    argumentsOf(pid).includes(`${directory}/${FILES.pid}`) ? (processId(pid) ?? []) : [],
  );
}

function numbers(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function machineOf(pid: number, name: string): RunningMachine | undefined {
  const words = argumentsOf(pid);
  const pidFile = words[words.indexOf('-pidfile') + 1] ?? '';
  const process = words.includes(name) ? processId(pid) : undefined;
  return process && { process, directory: `/proc/${pid}/root${pidFile.slice(0, pidFile.lastIndexOf('/'))}` };
}

function argumentsOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
