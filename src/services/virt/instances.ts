/** VirtualMachineInstance -> launcher Pod, and the instance's status. Level-triggered: a key says which instance to look at. */
import type { VirtualMachineInstance } from '../../kinds/virtual-machine.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isOvertaken, isReason } from '../../lib/kube/error.ts';
import { NETWORKS_ANNOTATION } from '../../core/ipam/attachments.ts';
import { activeLauncher } from './active-launcher.ts';
import { type LauncherState, instanceStatus, isNews } from './instance-status.ts';
import { interfaceRefusal } from './interface-refusal.ts';
import type { Launchers } from './launchers.ts';
import { INSTANCE_FINALIZER, launcherFor, launcherName, networksOfInstance, networksText } from './manifests.ts';
import type { Nodes } from './nodes.ts';
import type { Warning } from './pod-warnings.ts';
import { guestRefusal, instanceOwner, isFinished, type Placement, type Pod, SANDBOX_FINALIZER } from './pod.ts';
import { RESOURCES } from './resources.ts';
import { hasEnded } from './run-strategy.ts';
import { chooseNode } from './scheduler.ts';
import { WaitingKeys } from '../../lib/kube/waiting-keys.ts';

export interface InstancesOptions {
  readonly client: KubeClient;
  readonly launchers: Launchers;
  readonly nodes: Nodes;
  instance(key: string): VirtualMachineInstance | undefined;
  /** what was last said of a pod */
  warning(pod: Pod): Warning | undefined;
  /** RFC 3339, seconds */
  now(): string;
}

export class Instances {
  readonly #options: InstancesOptions;
  readonly #unplaced = new WaitingKeys();

  constructor(options: InstancesOptions) {
    this.#options = options;
  }

  /** instances that fit no node, to be looked at again when nodes or guests change; the list starts anew */
  takeUnplaced(): readonly string[] {
    return this.#unplaced.take();
  }

  async reconcile(key: string): Promise<void> {
    const instance = this.#options.instance(key);
    if (!instance) return;
    const pods = this.#options.launchers.of(key);
    const own = pods.filter((pod) => instanceOwner(pod)?.uid === instance.metadata.uid);
    if (instance.metadata.deletionTimestamp) return this.#end(instance, own);
    if (hasEnded(instance)) return;
    if (!instance.metadata.finalizers?.includes(INSTANCE_FINALIZER)) return this.#hold(instance);
    const state = await this.#launcherState(key, instance, own, pods.length > own.length);
    if (state) await this.#report(instance, state);
  }

  /** undefined: the launcher was just made, and will be heard of */
  async #launcherState(
    key: string,
    instance: VirtualMachineInstance,
    own: readonly Pod[],
    waits: boolean,
  ): Promise<LauncherState | undefined> {
    const pod = activeLauncher(instance, own);
    if (pod) {
      const node = pod.spec?.nodeName ?? '';
      if (this.#options.nodes.has(node)) {
        await this.#plug(instance, own, pod);
        return this.#placed(pod, node);
      }
      await abandonPod(this.#options.client, pod.metadata);
      return { kind: 'lost', message: `node ${node} is no longer there` };
    }
    const { phase } = instance.status ?? {};
    if (phase === 'Scheduled' || phase === 'Running') return this.#missing(instance);
    const refusal = guestRefusal(instance.metadata.annotations);
    if (refusal) return { kind: 'refused', ...refusal };
    const networks = networksOfInstance(instance);
    if ('problem' in networks) return { kind: 'refused', reason: 'Invalid', message: networks.problem };
    const unbuilt = interfaceRefusal(instance);
    if (unbuilt) return { kind: 'refused', ...unbuilt };
    if (waits) return { kind: 'waiting', message: 'the launcher of the instance before this one still ends' };
    const { nodes, launchers } = this.#options;
    const verdict = chooseNode(nodes.all(), (instance.spec ?? {}) as Placement, (node) => launchers.guestsOn(node));
    if ('why' in verdict) {
      this.#unplaced.add(key);
      return { kind: 'unschedulable', message: verdict.why };
    }
    await this.#create(launcherFor(instance, networks, verdict.node), verdict.node);
    return undefined;
  }

  /** The launcher asks for the networks of its instance; while that moves, both launchers keep those with which it began. */
  async #plug(instance: VirtualMachineInstance, own: readonly Pod[], pod: Pod): Promise<void> {
    const networks = networksOfInstance(instance);
    if (own.filter((one) => !isFinished(one)).length > 1 || 'problem' in networks) return;
    if (interfaceRefusal(instance) || isFinished(pod) || pod.metadata.deletionTimestamp) return;
    const text = networksText(networks);
    if (pod.metadata.annotations?.[NETWORKS_ANNOTATION] === text) return;
    const { namespace, name, uid } = pod.metadata;
    const annotations = { [NETWORKS_ANNOTATION]: text };
    try {
      await this.#options.client.patch(RESOURCES.pods, { namespace, name }, { metadata: { uid, annotations } });
    } catch (error) {
      if (!isOvertaken(error)) throw error;
    }
  }

  #placed(pod: Pod, node: string): LauncherState {
    const warning = this.#options.warning(pod);
    return { kind: 'placed', pod, nodeReady: this.#options.nodes.isReady(node), ...(warning ? { warning } : {}) };
  }

  async #create(pod: Pod, node: string): Promise<void> {
    const { launchers, client } = this.#options;
    const key = `${pod.metadata.namespace}/${pod.metadata.name}`;
    launchers.decide(key, node);
    try {
      await client.create(RESOURCES.pods, pod);
    } catch (error) {
      launchers.revoke(key);
      if (!isReason(error, 'AlreadyExists')) throw error;
    }
  }

  /** The cache knows no launcher of an instance that had one: the server decides, because the cache may be behind. */
  async #missing({ metadata, status }: VirtualMachineInstance): Promise<LauncherState | undefined> {
    const { completed, targetPod, sourcePod } = status?.migrationState ?? {};
    const name = (completed ? targetPod : sourcePod) ?? launcherName(metadata);
    try {
      await this.#options.client.get<Pod>(RESOURCES.pods, metadata.namespace, name);
      return undefined;
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error;
      return { kind: 'lost', message: `pod ${name} is no longer there` };
    }
  }

  async #report(instance: VirtualMachineInstance, state: LauncherState): Promise<void> {
    const status = instanceStatus(instance, state, this.#options.now());
    if (!isNews(instance, status)) return;
    const { namespace, name, resourceVersion } = instance.metadata;
    try {
      await this.#options.client.patch(
        RESOURCES.vmis,
        { namespace, name },
        { metadata: { resourceVersion }, status },
        { subresource: 'status' },
      );
    } catch (error) {
      // somebody else wrote or deleted it: that change brings us back
      if (!isOvertaken(error)) throw error;
    }
  }

  /** The instance goes when its launcher is gone. */
  async #end(instance: VirtualMachineInstance, own: readonly Pod[]): Promise<void> {
    for (const pod of own) {
      const { namespace, name, uid, deletionTimestamp } = pod.metadata;
      if (!this.#options.nodes.has(pod.spec?.nodeName ?? '')) await abandonPod(this.#options.client, pod.metadata);
      else if (!deletionTimestamp)
        await this.#options.client.delete(RESOURCES.pods, { namespace, name }, uid ? { uid } : {});
    }
    if (own.length === 0) await this.#setFinalizers(instance, (list) => list.filter((it) => it !== INSTANCE_FINALIZER));
  }

  #hold(instance: VirtualMachineInstance): Promise<void> {
    return this.#setFinalizers(instance, (list) => [...list, INSTANCE_FINALIZER]);
  }

  async #setFinalizers(
    { metadata }: VirtualMachineInstance,
    edit: (finalizers: readonly string[]) => readonly string[],
  ): Promise<void> {
    const { namespace, name, resourceVersion, finalizers = [] } = metadata;
    const next = edit(finalizers);
    if (next.length === finalizers.length) return;
    try {
      await this.#options.client.patch(
        RESOURCES.vmis,
        { namespace, name },
        { metadata: { resourceVersion, finalizers: next } },
      );
    } catch (error) {
      if (!isOvertaken(error)) throw error;
    }
  }
}

/** Deletes a pod whose node is gone: nobody is left there to take its sandbox apart, and nothing waits for it. */
export async function abandonPod(client: KubeClient, metadata: Pod['metadata']): Promise<void> {
  const { namespace, name, uid, resourceVersion, finalizers = [] } = metadata;
  try {
    if (finalizers.includes(SANDBOX_FINALIZER)) {
      const kept = finalizers.filter((it) => it !== SANDBOX_FINALIZER);
      await client.patch(RESOURCES.pods, { namespace, name }, { metadata: { resourceVersion, finalizers: kept } });
    }
    await client.delete(RESOURCES.pods, { namespace, name }, uid ? { uid } : {});
  } catch (error) {
    if (!isOvertaken(error)) throw error;
  }
}
