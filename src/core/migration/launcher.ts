/** Which launcher of an instance has its machine. Pure. */
import type { MigrationState } from '../../kinds/virtual-machine.ts';

export interface Launcher {
  readonly name: string;
  readonly node: string;
  /** uid of the migration that it is the target of, or was */
  readonly migration: string | undefined;
  readonly finished: boolean;
}

/**
 * @param launchers of this very instance
 * @param nodeName status.nodeName of the instance
 * @returns undefined when none of them has it
 */
export function launcherOfMachine<L extends Launcher>(
  launchers: readonly L[],
  nodeName: string | undefined,
  state: MigrationState | undefined,
): L | undefined {
  const named = state?.completed ? state.targetPod : state?.sourcePod;
  // until the first migration nobody has named it
  if (named !== undefined) return launchers.find(({ name }) => name === named);
  const first = launchers.filter(({ migration }) => migration === undefined);
  return first.find(({ node, finished }) => node === nodeName && !finished) ?? first[0];
}
