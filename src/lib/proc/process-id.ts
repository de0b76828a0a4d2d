/** A process by number and start time: a number alone may belong to somebody else by the time it is used. */
import { readFileSync } from 'node:fs';

export interface ProcessId {
  readonly pid: number;
  /** clock ticks after boot, field 22 of /proc/PID/stat (proc_pid_stat(5)) */
  readonly startTime: number;
}

interface Stat {
  readonly state: string;
  readonly startTime: number;
}

/** The identity of a process that exists now; undefined when there is none of that number, or only a zombie. */
export function processId(pid: number): ProcessId | undefined {
  const stat = readStat(pid);
  return stat && stat.state !== 'Z' && stat.state !== 'X' ? { pid, startTime: stat.startTime } : undefined;
}

/** Whether this very process still runs (a zombie does not). */
export function isRunning({ pid, startTime }: ProcessId): boolean {
  return processId(pid)?.startTime === startTime;
}

/** Signals this very process; false when it is gone. */
export function signalProcess(id: ProcessId, signal: NodeJS.Signals): boolean {
  if (!isRunning(id)) return false;
  try {
    process.kill(id.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Resident memory in bytes; 0 when the process is gone. */
export function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(`/proc/${pid}/status`) ?? '');
  return line ? Number(line[1]) * 1024 : 0;
}

function readStat(pid: number): Stat | undefined {
  const text = readProc(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // the command (field 2) may hold blanks and brackets: fields are counted after the last bracket
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0]!, startTime: Number(fields[19]) };
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}
