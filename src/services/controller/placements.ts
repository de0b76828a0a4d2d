/** Where virtual machines are seen to run: pods, instances and migrations in, one observation per machine out. */
import { hasFinished } from '../../core/migration/progress.ts';
import { type Placement, placementOf } from '../../core/migration/placement.ts';
import type { Migration } from '../../kinds/virtual-machine.ts';
import type { VirtualMachineInstance } from '../../kinds/virtual-machine.ts';
import { isAlive, MIGRATION_LABEL, type Pod } from './pod.ts';

export interface PlacementSources {
  /** all of the machine's pods */
  readonly pods: readonly Pod[];
  readonly instance: VirtualMachineInstance | undefined;
  readonly migrations: readonly Migration[];
}

export function seenPlacement({ pods, instance, migrations }: PlacementSources): Placement | undefined {
  const launchers = pods.flatMap((pod) => {
    const node = pod.spec?.nodeName;
    return isAlive(pod) && node ? [{ node, migration: pod.metadata.labels?.[MIGRATION_LABEL] }] : [];
  });
  const active = migrations
    .filter(({ status }) => !hasFinished(status?.phase))
    .map(({ metadata }) => metadata.uid ?? '');
  return placementOf(launchers, instance?.status?.nodeName, new Set(active));
}
