import { launcherOfMachine } from '../../core/migration/launcher.ts';
import type { VirtualMachineInstance } from '../../kinds/virtual-machine.ts';
import { isFinished, MIGRATION_LABEL, type Pod } from './pod.ts';

/** The launcher that has the machine. @param own the launchers of this very instance */
export function activeLauncher({ status }: VirtualMachineInstance, own: readonly Pod[]): Pod | undefined {
  const launchers = own.map((pod) => ({
    pod,
    name: pod.metadata.name,
    node: pod.spec?.nodeName ?? '',
    migration: pod.metadata.labels?.[MIGRATION_LABEL],
    finished: isFinished(pod),
  }));
  return launcherOfMachine(launchers, status?.nodeName, status?.migrationState)?.pod;
}
