/** Which launcher of an instance has its machine. Pure. */
import type { VirtualMachineInstance } from '../../kinds/virtual-machine.ts';
import { isFinished, MIGRATION_LABEL, type Pod } from './pod.ts';

/** @param own the launchers of this very instance; undefined when none of them has it */
export function activeLauncher({ status }: VirtualMachineInstance, own: readonly Pod[]): Pod | undefined {
  const { nodeName, migrationState: state } = status ?? {};
  const named = state?.completed ? state.targetPod : state?.sourcePod;
  const byState = own.find(({ metadata }) => metadata.name === named);
  if (byState) return byState;
  // until the first migration nobody has named it
  const unnamed = own.filter(({ metadata }) => metadata.labels?.[MIGRATION_LABEL] === undefined);
  return unnamed.find((pod) => pod.spec?.nodeName === nodeName && !isFinished(pod)) ?? (state ? undefined : unnamed[0]);
}
