import { execFile } from 'node:child_process';
import type { LabPaths } from '../../services/lab/paths.ts';
import { enterGuest, GUEST_ENVIRONMENT } from './guest-entry.ts';

export interface GuestOutcome {
  /** exit code; 127 when the command could not be run, 128 when a signal ended it */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command inside a guest to its end. @param guest `namespace/name` @throws CliError when there is no such guest, or it does not run */
export async function runInGuest(lab: LabPaths, guest: string, command: readonly string[]): Promise<GuestOutcome> {
  const slash = guest.indexOf('/');
  const [file, ...entry] = await enterGuest(lab, guest.slice(0, slash), guest.slice(slash + 1));
  return new Promise((resolve) => {
    execFile(file!, [...entry, ...command], { env: GUEST_ENVIRONMENT }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : error.signal ? 128 : 127;
      resolve({ code, stdout, stderr });
    });
  });
}
