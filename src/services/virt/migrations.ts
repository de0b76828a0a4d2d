/** VirtualMachineInstanceMigration -> target pod, phases, the instance's migrationState. What is due is decided by core/migration/progress.ts. */
import { hasFinished, type MigrationStep, migrationSteps, type PodView } from '../../core/migration/progress.ts';
import { keyOf } from '../../kinds/object.ts';
import type { Migration, MigrationPhase, MigrationState, VirtualMachineInstance } from '../../kinds/virtual-machine.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isOvertaken, isReason } from '../../lib/kube/error.ts';
import { activeLauncher } from './active-launcher.ts';
import { abandonPod } from './instances.ts';
import type { Launchers } from './launchers.ts';
import { launcherFor, networksToMove } from './manifests.ts';
import {
  finishedStatus,
  MIGRATION_FINALIZER,
  phaseStatus,
  replacing,
  targetFor,
  targetStatus,
  unschedulableStatus,
} from './migration-objects.ts';
import type { Nodes } from './nodes.ts';
import { instanceOwner, MIGRATION_LABEL, type Placement, type Pod } from './pod.ts';
import type { Warning } from './pod-warnings.ts';
import { RESOURCES } from './resources.ts';
import { chooseNode } from './scheduler.ts';
import { WaitingKeys } from '../../lib/kube/waiting-keys.ts';

export interface MigrationsOptions {
  readonly client: KubeClient;
  readonly launchers: Launchers;
  readonly nodes: Nodes;
  instance(key: string): VirtualMachineInstance | undefined;
  /** of an instance, `namespace/name` */
  migrationsOf(instance: string): readonly Migration[];
  learn(migration: Migration): void;
  /** what was last said of a pod */
  warning(pod: Pod): Warning | undefined;
  /** RFC 3339, seconds */
  now(): string;
}

/** finished migrations of an instance that are kept, as many as KubeVirt keeps */
const KEPT = 5;

interface Sight {
  readonly key: string;
  readonly migration: Migration;
  readonly instance: VirtualMachineInstance | undefined;
  readonly source: Pod | undefined;
  readonly target: Pod | undefined;
}

export class Migrations {
  readonly #options: MigrationsOptions;
  readonly #unplaced = new WaitingKeys();

  constructor(options: MigrationsOptions) {
    this.#options = options;
  }

  /** instances whose migration found no node, to be looked at again when nodes or guests change; the list starts anew */
  takeUnplaced(): readonly string[] {
    return this.#unplaced.take();
  }

  /** @param key of the instance */
  async reconcile(key: string): Promise<void> {
    const all = this.#options.migrationsOf(key).toSorted(byAge);
    let active: string | undefined;
    for (const migration of all) {
      const sight = this.#look(key, migration);
      const steps = migrationSteps({
        uid: migration.metadata.uid ?? '',
        phase: migration.status?.phase,
        deleting: migration.metadata.deletionTimestamp !== undefined,
        other: active,
        instance: runs(sight.instance) ? { state: sight.instance.status?.migrationState } : undefined,
        source: this.#view(sight.source),
        target: this.#view(sight.target),
      });
      for (const step of steps) await this.#do(step, sight);
      const warning = sight.target && this.#options.warning(sight.target);
      await this.#report(migration, targetStatus(migration, sight.target, warning, this.#options.now()));
      if (!hasFinished(migration.status?.phase)) active ??= migration.metadata.name;
    }
    await this.#forgetOld(key, all);
  }

  /** As KubeVirt, the last finished migrations are kept; of the launchers that have done their work, the last one. */
  async #forgetOld(key: string, all: readonly Migration[]): Promise<void> {
    const { client, launchers } = this.#options;
    const finished = all.filter(({ status, metadata }) => hasFinished(status?.phase) && !metadata.deletionTimestamp);
    const old = finished
      .toSorted(byEnd)
      .slice(0, -KEPT)
      .map(({ metadata }) => [RESOURCES.migrations, metadata] as const);
    const last = this.#options.instance(key)?.status?.migrationState?.sourcePod;
    const done = launchers
      .of(key)
      .filter(({ metadata, status }) => status?.phase === 'Succeeded' && metadata.name !== last);
    const spent = done
      .filter(({ metadata }) => !metadata.deletionTimestamp)
      .map(({ metadata }) => [RESOURCES.pods, metadata] as const);
    for (const [resource, { namespace, name, uid }] of [...old, ...spent]) {
      try {
        await client.delete(resource, { namespace, name }, uid ? { uid } : {});
      } catch (error) {
        if (!isOvertaken(error)) throw error;
      }
    }
  }

  #look(key: string, migration: Migration): Sight {
    const instance = this.#options.instance(key);
    const own = this.#options.launchers.of(key).filter((pod) => instanceOwner(pod)?.uid === instance?.metadata.uid);
    const active = instance && activeLauncher(instance, own);
    const ofMigration = own.find(({ metadata }) => metadata.labels?.[MIGRATION_LABEL] === migration.metadata.uid);
    const state = instance?.status?.migrationState;
    const isOwn = state?.migrationUid === migration.metadata.uid;
    const source = isOwn ? own.find(({ metadata }) => metadata.name === state?.sourcePod) : active;
    // the machine runs there: it is nobody's to take away
    const target = hasFinished(migration.status?.phase) && ofMigration === active ? undefined : ofMigration;
    return { key, migration, instance, source, target };
  }

  #view(pod: Pod | undefined): PodView | undefined {
    if (!pod) return undefined;
    const node = pod.spec?.nodeName ?? '';
    return {
      name: pod.metadata.name,
      node,
      phase: (pod.status?.phase ?? 'Pending') as PodView['phase'],
      deleting: pod.metadata.deletionTimestamp !== undefined,
      nodeReady: this.#options.nodes.isReady(node),
    };
  }

  async #do(step: MigrationStep, sight: Sight): Promise<void> {
    const { migration, instance } = sight;
    switch (step.do) {
      case 'phase':
        return this.#phase(migration, step.phase, instance);
      case 'fail':
        return this.#report(migration, finishedStatus(migration, 'Failed', instance, step.reason, this.#options.now()));
      case 'createTarget':
        return this.#createTarget(sight);
      case 'handOver':
        return this.#writeState(instance!, replacing(instance?.status?.migrationState, step.state));
      case 'giveUp':
        return this.#writeState(instance!, {
          failed: true,
          failureReason: step.reason,
          endTimestamp: this.#options.now(),
          ...(step.aborted ? { abortRequested: true, abortStatus: 'Succeeded' } : {}),
        });
      case 'requestAbort':
        return this.#writeState(instance!, {
          abortRequested: true,
          abortStatus: 'Aborting',
          failureReason: step.reason,
        });
      case 'deleteTarget':
        return this.#deleteTarget(sight.target!);
      case 'release':
        return this.#setFinalizers(migration, (list) => list.filter((it) => it !== MIGRATION_FINALIZER));
    }
  }

  async #phase(
    migration: Migration,
    phase: MigrationPhase,
    instance: VirtualMachineInstance | undefined,
  ): Promise<void> {
    if (phase === 'Pending')
      await this.#setFinalizers(migration, (list) => [...new Set([...list, MIGRATION_FINALIZER])]);
    const now = this.#options.now();
    const status =
      phase === 'Succeeded'
        ? finishedStatus(migration, phase, instance, undefined, now)
        : phaseStatus(migration, phase, now);
    return this.#report(migration, status);
  }

  async #report({ metadata }: Migration, status: object | undefined): Promise<void> {
    if (!status) return;
    const { namespace, name, uid } = metadata;
    try {
      const patch = { metadata: { uid }, status };
      this.#options.learn(
        await this.#options.client.patch<Migration>(RESOURCES.migrations, { namespace, name }, patch, {
          subresource: 'status',
        }),
      );
    } catch (error) {
      if (!isOvertaken(error)) throw error;
    }
  }

  async #createTarget({ key, migration, instance, source }: Sight): Promise<void> {
    const { nodes, launchers, client } = this.#options;
    const networks = networksToMove(instance!);
    if ('problem' in networks) return;
    const placement = (instance!.spec ?? {}) as Placement;
    const nodeSelector = { ...placement.nodeSelector, ...migration.spec?.addedNodeSelector };
    const others = [...nodes.all()].filter(({ metadata }) => metadata.name !== source?.spec?.nodeName);
    const verdict = chooseNode(others, { ...placement, nodeSelector }, (node) => launchers.guestsOn(node));
    if ('why' in verdict) {
      this.#unplaced.add(key);
      return this.#report(migration, unschedulableStatus(migration, verdict.why, this.#options.now()));
    }
    const pod = targetFor(migration, launcherFor(instance!, networks, verdict.node));
    const podKey = keyOf(pod.metadata);
    launchers.decide(podKey, verdict.node);
    try {
      await client.create(RESOURCES.pods, pod);
    } catch (error) {
      launchers.revoke(podKey);
      if (!isReason(error, 'AlreadyExists')) throw error;
    }
  }

  async #deleteTarget(pod: Pod): Promise<void> {
    const { client, nodes } = this.#options;
    const { namespace, name, uid } = pod.metadata;
    if (!nodes.has(pod.spec?.nodeName ?? '')) return abandonPod(client, pod.metadata);
    try {
      await client.delete(RESOURCES.pods, { namespace, name }, uid ? { uid } : {});
    } catch (error) {
      if (!isOvertaken(error)) throw error;
    }
  }

  /** Only on top of what was looked at: whoever wrote since brings us back. */
  async #writeState(
    { metadata }: VirtualMachineInstance,
    migrationState: { readonly [K in keyof MigrationState]: MigrationState[K] | null },
  ): Promise<void> {
    const { namespace, name, resourceVersion } = metadata;
    const patch = { metadata: { resourceVersion }, status: { migrationState } };
    try {
      await this.#options.client.patch(RESOURCES.vmis, { namespace, name }, patch, { subresource: 'status' });
    } catch (error) {
      if (!isOvertaken(error)) throw error;
    }
  }

  async #setFinalizers(
    { metadata }: Migration,
    edit: (finalizers: readonly string[]) => readonly string[],
  ): Promise<void> {
    const { namespace, name, resourceVersion, finalizers = [] } = metadata;
    const next = edit(finalizers);
    if (next.length === finalizers.length) return;
    try {
      const patch = { metadata: { resourceVersion, finalizers: next } };
      await this.#options.client.patch(RESOURCES.migrations, { namespace, name }, patch);
    } catch (error) {
      if (!isOvertaken(error)) throw error;
    }
  }
}

function runs(instance: VirtualMachineInstance | undefined): instance is VirtualMachineInstance {
  return instance?.status?.phase === 'Running' && instance.metadata.deletionTimestamp === undefined;
}

/** the older one goes on */
function byAge(a: Migration, b: Migration): number {
  const text = ({ metadata }: Migration) => `${metadata.creationTimestamp} ${metadata.name}`;
  return text(a) < text(b) ? -1 : 1;
}

function byEnd(a: Migration, b: Migration): number {
  const text = ({ metadata, status }: Migration) =>
    `${status?.phaseTransitionTimestamps?.at(-1)?.phaseTransitionTimestamp} ${metadata.creationTimestamp} ${metadata.name}`;
  return text(a) < text(b) ? -1 : 1;
}
