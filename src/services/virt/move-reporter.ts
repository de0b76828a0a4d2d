/** What a node writes of a migration: each time into the instance as it is now, and only when that still asks for it. */
import { sourceStep, targetStep } from '../../core/migration/sides.ts';
import type { MigrationState, VirtualMachineInstance, VmiStatus } from '../../kinds/virtual-machine.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isOvertaken } from '../../lib/kube/error.ts';
import { instanceOwner, OFFER_ANNOTATION, type Pod, TARGET_READY_ANNOTATION } from './pod.ts';
import type { PodReporter } from './pod-reporter.ts';
import { RESOURCES } from './resources.ts';
import { timestamp } from './timestamp.ts';

type StateChange = { readonly [K in keyof MigrationState]: MigrationState[K] | null };

interface Change {
  readonly state: StateChange;
  readonly more?: Partial<VmiStatus>;
}

const ATTEMPTS = 8;

export class MoveReporter {
  readonly #client: KubeClient;
  readonly #node: string;
  readonly #pods: PodReporter;

  constructor(client: KubeClient, node: string, pods: PodReporter) {
    this.#client = client;
    this.#node = node;
    this.#pods = pods;
  }

  /** What the source says of the machine. @throws Error when it says nothing */
  async offerOf(pod: Pod): Promise<string> {
    const source = (await this.#pods.instanceOf(pod))?.status?.migrationState?.sourcePod ?? '';
    const { namespace } = pod.metadata;
    const { metadata } = await this.#client.get<Pod>(RESOURCES.pods, namespace, source);
    const offer = metadata.annotations?.[OFFER_ANNOTATION];
    if (offer === undefined)
      throw new Error(`pod ${source} does not offer its machine (annotation ${OFFER_ANNOTATION})`);
    return offer;
  }

  /** Target: the machine can be sent here. */
  listen(pod: Pod, address: string): Promise<void> {
    return this.#change(pod, (state) => {
      const step = targetStep({ pod: pod.metadata.name, state, prepared: true, arrived: false });
      return step === 'receive' ? { state: { targetNodeAddress: address } } : undefined;
    });
  }

  /** Source: from now on it is too late to simply forget the migration. */
  begin(pod: Pod): Promise<void> {
    return this.#change(pod, (state) =>
      sourceStep({ pod: pod.metadata.name, state, left: false }) === 'begin'
        ? { state: { startTimestamp: timestamp() } }
        : undefined,
    );
  }

  /** Source: the machine is still here, and stays. */
  refuse(pod: Pod, reason: string, aborted: boolean): Promise<void> {
    return this.#change(pod, (state) => {
      const step = sourceStep({ pod: pod.metadata.name, state, left: false });
      if (step !== 'send' && step !== 'refuse') return undefined;
      const abort = aborted ? ({ abortRequested: true, abortStatus: 'Succeeded' } as const) : {};
      return { state: { failed: true, failureReason: reason, endTimestamp: timestamp(), ...abort } };
    });
  }

  /** Source: the machine has been sent, it is too late to call it off. */
  regret(pod: Pod): Promise<void> {
    return this.#change(pod, (state) =>
      sourceStep({ pod: pod.metadata.name, state, left: true }) === 'regret'
        ? { state: { abortStatus: 'Failed' } }
        : undefined,
    );
  }

  /** Target: the machine runs here. The pod says it first: whoever follows only pods must not hear of it later. */
  async complete(pod: Pod, offer: string): Promise<void> {
    const at = timestamp();
    const { namespace, name, uid } = pod.metadata;
    const annotations = { [TARGET_READY_ANNOTATION]: at, [OFFER_ANNOTATION]: offer };
    await this.#client.patch(RESOURCES.pods, { namespace, name }, { metadata: { uid, annotations } });
    await this.#change(pod, (state) => {
      if (targetStep({ pod: name, state, prepared: true, arrived: true }) !== 'complete') return undefined;
      const late = state?.abortRequested ? ({ abortStatus: 'Failed' } as const) : {};
      const done = {
        completed: true,
        failed: null,
        failureReason: null,
        endTimestamp: at,
        targetNodeDomainReadyTimestamp: at,
      };
      return { state: { ...done, ...late }, more: { nodeName: this.#node } };
    });
  }

  async #change(pod: Pod, change: (state: MigrationState | undefined) => Change | undefined): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const instance: VirtualMachineInstance | undefined = await this.#pods.instanceOf(pod);
      const wanted = instance && change(instance.status?.migrationState);
      if (!wanted) return;
      const { namespace, name, resourceVersion } = instance.metadata;
      const status = { ...wanted.more, migrationState: wanted.state };
      try {
        await this.#client.patch(
          RESOURCES.vmis,
          { namespace, name: instanceOwner(pod)?.name ?? name },
          { metadata: { resourceVersion }, status },
          { subresource: 'status' },
        );
        return;
      } catch (error) {
        // somebody else has just written it: again, with what it says now
        if (!isOvertaken(error) || attempt === ATTEMPTS) throw error;
      }
    }
  }
}
