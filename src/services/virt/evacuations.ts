/**
 * Instances whose node is to be empty migrate away from it, as KubeVirt's evacuation controller has them do; when the node takes machines again
 * before they have left, they stay.
 */
import type { Condition } from '../../kinds/object.ts';
import type { Migration, VirtualMachineInstance } from '../../kinds/virtual-machine.ts';
import { hasFinished } from '../../core/migration/progress.ts';
import type { Finding } from '../../core/status/condition.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isOvertaken, isReason } from '../../lib/kube/error.ts';
import { activeLauncher } from './active-launcher.ts';
import { conditionOf, replaceConditions } from './conditions.ts';
import { suffixedName } from './manifests.ts';
import type { Pod } from './pod.ts';
import { RESOURCES } from './resources.ts';

export interface EvacuationsOptions {
  readonly client: KubeClient;
  instance(key: string): VirtualMachineInstance | undefined;
  migrationsOf(instance: string): readonly Migration[];
  /** RFC 3339, seconds */
  now(): string;
  /** of an instance, `namespace/name` */
  launchersOf(instance: string): readonly Pod[];
  /** there is such a node, and it is not cordoned */
  isSchedulable(node: string): boolean;
}

/** milliseconds after the end of a migration before the next one that nobody asked for */
const PAUSE = 5000;

/** annotation of a migration that nobody asked for: the node that is left */
const EVACUATION_ANNOTATION = 'kubevirt.io/evacuationMigration';
/** condition of an instance that is to leave its node */
const REQUESTED = 'EvacuationRequested';
/** its reason when the node took no machines at that time; else the pod alone was evicted */
const CORDONED = 'NodeCordoned';
/** condition of a pod that somebody tried to evict */
const DISRUPTION_TARGET = 'DisruptionTarget';

export class Evacuations {
  readonly #options: EvacuationsOptions;

  constructor(options: EvacuationsOptions) {
    this.#options = options;
  }

  /** @param key of the instance */
  async reconcile(key: string): Promise<void> {
    const instance = this.#options.instance(key);
    if (!instance || instance.metadata.deletionTimestamp) return;
    const { evacuationNodeName: left, nodeName, phase } = instance.status ?? {};
    const launcher = activeLauncher(instance, this.#options.launchersOf(key));
    if (!left) return this.#notice(instance, launcher);
    if (left !== nodeName) return this.#set(instance, null);
    const migrations = this.#options.migrationsOf(key);
    const wasCordoned = conditionOf(instance.status?.conditions as [] | undefined, REQUESTED)?.reason === CORDONED;
    if (wasCordoned && this.#options.isSchedulable(left)) return this.#stay(instance, launcher, migrations);
    // also one whose pod was evicted before that
    if (!wasCordoned && !this.#options.isSchedulable(left)) return this.#set(instance, left);
    if (phase !== 'Running' || !launcher || migrations.some(({ status }) => !hasFinished(status?.phase))) return;
    const since = Date.parse(this.#options.now()) - Math.max(0, ...migrations.map(endOf));
    // the queue comes back, each time later
    if (since < PAUSE) throw new Error(`the instance could not leave node ${left}: another try follows`);
    await this.#migrate(instance, launcher, left, migrations);
  }

  /** Another name for each launcher, and for each try: those that have ended, also when not all are kept, are others each time. */
  async #migrate(
    { metadata: { namespace, name } }: VirtualMachineInstance,
    launcher: Pod,
    node: string,
    ended: readonly Migration[],
  ): Promise<void> {
    const seed = [launcher.metadata.uid, ...ended.map(({ metadata: { uid = '' } }) => uid).toSorted(byText)].join(' ');
    const migration = suffixedName(`kubevirt-evacuation-${name}`, seed);
    const { client } = this.#options;
    try {
      await client.create(RESOURCES.migrations, {
        apiVersion: 'kubevirt.io/v1',
        kind: 'VirtualMachineInstanceMigration',
        metadata: {
          name: migration,
          ...(namespace === undefined ? {} : { namespace }),
          annotations: { [EVACUATION_ANNOTATION]: node },
        },
        spec: { vmiName: name },
      });
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error;
      const { status } = await client.get<Migration>(RESOURCES.migrations, namespace, migration);
      if (hasFinished(status?.phase))
        throw new Error(`migration ${namespace}/${migration} has ended already: another try follows`, { cause: error });
    }
  }

  /** somebody tried to evict the launcher that has the machine */
  async #notice(instance: VirtualMachineInstance, launcher: Pod | undefined): Promise<void> {
    const node = instance.status?.nodeName;
    if (isMarked(launcher) && node !== undefined && launcher?.spec?.nodeName === node) await this.#set(instance, node);
  }

  /** The node takes machines again. The mark on the pod goes first, and its change brings us back: else it would be noticed anew. */
  async #stay(
    instance: VirtualMachineInstance,
    launcher: Pod | undefined,
    migrations: readonly Migration[],
  ): Promise<void> {
    for (const { metadata, status } of migrations) {
      const waits = status?.phase === undefined || status.phase === 'Pending';
      if (!waits || metadata.deletionTimestamp || !metadata.annotations?.[EVACUATION_ANNOTATION]) continue;
      const { namespace, name, uid } = metadata;
      await write(() =>
        this.#options.client.delete(RESOURCES.migrations, { namespace, name }, uid === undefined ? {} : { uid }),
      );
    }
    if (!launcher || !isMarked(launcher)) return this.#set(instance, null);
    const { namespace, name, resourceVersion } = launcher.metadata;
    const conditions = replaceConditions(launcher.status?.conditions, [DISRUPTION_TARGET], [], this.#options.now());
    const patch = { metadata: { resourceVersion }, status: { conditions } };
    await write(() =>
      this.#options.client.patch(RESOURCES.pods, { namespace, name }, patch, { subresource: 'status' }),
    );
  }

  async #set({ metadata, status }: VirtualMachineInstance, evacuationNodeName: string | null): Promise<void> {
    const { namespace, name, resourceVersion } = metadata;
    const old = status?.conditions as readonly Condition[] | undefined;
    const finding = evacuationNodeName === null ? [] : [this.#request(evacuationNodeName)];
    const conditions = replaceConditions(old, [REQUESTED], finding, this.#options.now());
    const patch = { metadata: { resourceVersion }, status: { evacuationNodeName, conditions } };
    await write(() =>
      this.#options.client.patch(RESOURCES.vmis, { namespace, name }, patch, { subresource: 'status' }),
    );
  }

  #request(node: string): Finding {
    const reason = this.#options.isSchedulable(node) ? 'PodEvicted' : CORDONED;
    return { type: REQUESTED, status: 'True', reason, message: `the machine is to leave node ${node}` };
  }
}

function isMarked(launcher: Pod | undefined): boolean {
  return conditionOf(launcher?.status?.conditions, DISRUPTION_TARGET)?.status === 'True';
}

/** Whoever wrote since brings us back. */
async function write(request: () => Promise<unknown>): Promise<void> {
  try {
    await request();
  } catch (error) {
    if (!isOvertaken(error)) throw error;
  }
}

function byText(a: string, b: string): number {
  return a < b ? -1 : 1;
}

/** milliseconds since the epoch */
function endOf({ status }: Migration): number {
  return Date.parse(status?.phaseTransitionTimestamps?.at(-1)?.phaseTransitionTimestamp ?? '') || 0;
}
