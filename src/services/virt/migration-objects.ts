/** The objects of a migration as KubeVirt shows them. Pure. */
import { hasFinished } from '../../core/migration/progress.ts';
import { equal } from '../../core/ovn/equal.ts';
import { withCondition } from '../../core/status/condition.ts';
import type { Condition } from '../../kinds/object.ts';
import type {
  Migration,
  MigrationPhase,
  MigrationState,
  MigrationStatus,
  VirtualMachineInstance,
} from '../../kinds/virtual-machine.ts';
import { conditionOf, replaceConditions } from './conditions.ts';
import { troubleOfLauncher } from './instance-status.ts';
import { launcherName } from './manifests.ts';
import { MIGRATION_LABEL, MIGRATION_NAME_ANNOTATION, type Pod } from './pod.ts';
import type { Warning } from './pod-warnings.ts';

/** KubeVirt's finalizer on migrations: deleting one that is under way calls it off */
export const MIGRATION_FINALIZER = 'kubevirt.io/migrationJobFinalize';

/** The one target pod of a migration: its name follows from that, so that it cannot be made twice. @param launcher as that of the instance */
export function targetFor({ metadata }: Migration, launcher: Pod): Pod {
  const owner = launcher.metadata.ownerReferences?.[0];
  const name = launcherName({ name: owner?.name ?? '', uid: metadata.uid ?? '' });
  const { labels, annotations } = launcher.metadata;
  return {
    ...launcher,
    metadata: {
      ...launcher.metadata,
      name,
      labels: { ...labels, [MIGRATION_LABEL]: metadata.uid ?? '' },
      annotations: { ...annotations, [MIGRATION_NAME_ANNOTATION]: metadata.name },
    },
  };
}

export function phaseStatus({ status }: Migration, phase: MigrationPhase, now: string): MigrationStatus {
  const transitions = status?.phaseTransitionTimestamps ?? [];
  return { phase, phaseTransitionTimestamps: [...transitions, { phase, phaseTransitionTimestamp: now }] };
}

/** The end of a migration, with what became of the machine; undefined when that was said already. */
export function finishedStatus(
  migration: Migration,
  phase: 'Succeeded' | 'Failed',
  instance: VirtualMachineInstance | undefined,
  reason: string | undefined,
  now: string,
): MigrationStatus {
  const seen = instance?.status?.migrationState;
  const state = seen?.migrationUid === migration.metadata.uid ? seen : undefined;
  const why = reason === undefined ? {} : { failed: true, failureReason: reason };
  return { ...phaseStatus(migration, phase, now), migrationState: { ...state, ...why } };
}

/** No node fits: what the migration waits for; undefined when that was said already. */
export function unschedulableStatus({ status }: Migration, why: string, now: string): MigrationStatus | undefined {
  const old = conditionOf(status?.conditions as [] | undefined, 'PodScheduled');
  if (old?.status === 'False' && old.message === why) return undefined;
  const finding = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: why } as const;
  return { conditions: withCondition(status?.conditions as readonly Condition[] | undefined, finding, now) };
}

/** condition of a migration whose target pod does not run yet: why not */
const TARGET_POD = 'TargetPodReady';

/** What holds up the target pod; undefined when that was said already, or nothing is to be said. */
export function targetStatus(
  { status }: Migration,
  target: Pod | undefined,
  warning: Warning | undefined,
  now: string,
): MigrationStatus | undefined {
  if (!target || hasFinished(status?.phase)) return undefined;
  const { phase } = target.status ?? {};
  const trouble = phase === undefined || phase === 'Pending' ? troubleOfLauncher(target, warning) : undefined;
  const old = status?.conditions as readonly Condition[] | undefined;
  const finding = trouble && {
    type: TARGET_POD,
    status: 'False' as const,
    reason: trouble.reason,
    message: `target pod ${target.metadata.name} on ${target.spec?.nodeName}: ${trouble.message}`,
  };
  const conditions = replaceConditions(old, [TARGET_POD], finding ? [finding] : [], now);
  return equal(conditions, old ?? []) ? undefined : { conditions };
}

/** A merge patch that leaves nothing of `old`. */
export function replacing(
  old: MigrationState | undefined,
  state: MigrationState,
): { readonly [K in keyof MigrationState]: MigrationState[K] | null } {
  return { ...Object.fromEntries(Object.keys(old ?? {}).map((key) => [key, null])), ...state };
}
