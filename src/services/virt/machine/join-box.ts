/**
 * In the lab a node is a box, and what ends with the box is told by a mark file below the root of each process (services/lab/box.ts). A machine
 * that has come from another node belongs to this one from now on: it gets this one's mark. Where there are no boxes there is nothing to do.
 */
import { readFile } from 'node:fs/promises';
import type { ProcessId } from '../../../lib/proc/process-id.ts';
import { run } from '../../../lib/proc/run.ts';

const MARK = '/.weft-box';
const SCRIPT = `cat >/run/box && { umount -n ${MARK} 2>/dev/null || :; } && mount -n --bind /run/box ${MARK}`;

export async function joinBox({ pid }: ProcessId): Promise<void> {
  const mark = await readFile(MARK, 'utf8').catch(() => undefined);
  if (mark === undefined) return;
  await run(['nsenter', '-t', String(pid), '--mount', 'sh', '-c', SCRIPT], { input: mark, deadline: 10 });
}
