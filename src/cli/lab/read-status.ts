import { readState } from '../../services/lab/options.ts';
import type { LabPaths } from '../../services/lab/paths.ts';
import { type LabStatus, unsupervisedStatus } from '../../services/lab/status.ts';
import { callSupervisor, isNotRunning } from '../../services/lab/supervisor-client.ts';

/** What the lab's supervisor sees; for a lab without one, that there is none. */
export async function readStatus(paths: LabPaths): Promise<LabStatus> {
  try {
    return await callSupervisor(paths, 'status', {});
  } catch (error) {
    const state = isNotRunning(error) ? await readState(paths) : undefined;
    if (!state) throw error;
    return unsupervisedStatus(paths, state);
  }
}
