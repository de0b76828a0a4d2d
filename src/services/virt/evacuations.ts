/** Instances whose node is to be empty migrate away from it, as KubeVirt's evacuation controller has them do. */
import type { Migration, VirtualMachineInstance } from '../../kinds/virtual-machine.ts';
import { hasFinished } from '../../core/migration/progress.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isOvertaken, isReason } from '../../lib/kube/error.ts';
import { activeLauncher } from './active-launcher.ts';
import { conditionOf } from './conditions.ts';
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
}

/** milliseconds after the end of a migration before the next one that nobody asked for */
const PAUSE = 5000;

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
    if (!left) return this.#notice(key, instance);
    if (left !== nodeName) return this.#done(instance);
    const migrations = this.#options.migrationsOf(key);
    if (phase !== 'Running' || migrations.some(({ status }) => !hasFinished(status?.phase))) return;
    const since = Date.parse(this.#options.now()) - Math.max(0, ...migrations.map(endOf));
    // the queue comes back, each time later
    if (since < PAUSE) throw new Error(`the instance could not leave node ${left}: another try follows`);
    await this.#migrate(instance, left);
  }

  async #migrate({ metadata, status }: VirtualMachineInstance, node: string): Promise<void> {
    // another name for each try: an earlier one that failed may still be listed
    const tries = this.#options.migrationsOf(`${metadata.namespace}/${metadata.name}`).length;
    const { namespace, name } = metadata;
    try {
      await this.#options.client.create(RESOURCES.migrations, {
        apiVersion: 'kubevirt.io/v1',
        kind: 'VirtualMachineInstanceMigration',
        metadata: {
          name: `kubevirt-evacuation-${name}-${status?.nodeName ?? ''}-${tries}`.slice(0, 253),
          ...(namespace === undefined ? {} : { namespace }),
          annotations: { 'kubevirt.io/evacuationMigration': node },
        },
        spec: { vmiName: name },
      });
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error;
    }
  }

  /** somebody tried to evict the launcher that has the machine */
  async #notice(key: string, instance: VirtualMachineInstance): Promise<void> {
    const node = instance.status?.nodeName;
    const launcher = activeLauncher(instance, this.#options.launchersOf(key));
    const isMarked = conditionOf(launcher?.status?.conditions, 'DisruptionTarget')?.status === 'True';
    if (isMarked && node !== undefined && launcher?.spec?.nodeName === node) await this.#set(instance, node);
  }

  #done(instance: VirtualMachineInstance): Promise<void> {
    return this.#set(instance, null);
  }

  async #set({ metadata }: VirtualMachineInstance, evacuationNodeName: string | null): Promise<void> {
    const { namespace, name, resourceVersion } = metadata;
    const patch = { metadata: { resourceVersion }, status: { evacuationNodeName } };
    try {
      await this.#options.client.patch(RESOURCES.vmis, { namespace, name }, patch, { subresource: 'status' });
    } catch (error) {
      if (!isOvertaken(error)) throw error;
    }
  }
}

/** milliseconds since the epoch */
function endOf({ status }: Migration): number {
  return Date.parse(status?.phaseTransitionTimestamps?.at(-1)?.phaseTransitionTimestamp ?? '') || 0;
}
