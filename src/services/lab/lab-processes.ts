/** Finds what runs in a lab's boxes, from the kernel alone: no record is needed, so none can be wrong. */
import { readdirSync, readFileSync } from 'node:fs';
import { run } from '../../lib/proc/run.ts';
import { type ProcessId, processId } from '../../lib/proc/process-id.ts';
import { boxOfNamespace, namespaceOf } from './lab-name.ts';

export interface LabProcess extends ProcessId {
  readonly box: string;
}

/** Where a process has its root: the lab's directory and the box; undefined outside of boxes. */
export function boxOfProcess(pid: number): { readonly lab: string; readonly box: string } | undefined {
  try {
    const [lab, box] = readFileSync(`/proc/${pid}/root/.weft-box`, 'utf8').split('\n');
    return lab !== undefined && box !== undefined ? { lab, box } : undefined;
  } catch {
    return undefined; // not a box, or gone meanwhile
  }
}

/** Processes whose root is a box of the lab in `directory`, guests included. */
export function processesOfLab(directory: string): readonly LabProcess[] {
  const found: LabProcess[] = [];
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const id = processId(pid);
    const place = id && boxOfProcess(pid);
    if (place?.lab === directory) found.push({ ...id!, box: place.box });
  }
  return found;
}

/** Boxes of the lab that have a network namespace. */
export async function namespacesOfLab(lab: string): Promise<readonly string[]> {
  const { stdout } = await run(['ip', 'netns', 'list']);
  return stdout.split('\n').flatMap((line) => boxOfNamespace(lab, line.split(' ')[0] ?? '') ?? []);
}

/** Processes in a box's network namespace that came there without being in the box, such as by `ip netns exec`. */
export async function processesInNamespace(lab: string, box: string): Promise<readonly ProcessId[]> {
  const { stdout } = await run(['ip', 'netns', 'pids', namespaceOf(lab, box)]);
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : (processId(Number(line)) ?? [])));
}
