/** Pods that are guests by themselves: they get a node, as kube-scheduler would give them one, and are forgotten when their node is gone. */
import type { KubeClient } from '../../lib/kube/client.ts';
import { isOvertaken } from '../../lib/kube/error.ts';
import { conditionOf, replaceConditions } from './conditions.ts';
import { abandonPod } from './instances.ts';
import type { Launchers } from './launchers.ts';
import type { Nodes } from './nodes.ts';
import { guestRefusal, instanceOwner, isFinished, isGuest, type Pod } from './pod.ts';
import { bindingsOf, RESOURCES } from './resources.ts';
import { chooseNode } from './scheduler.ts';
import { WaitingKeys } from '../../lib/kube/waiting-keys.ts';

export interface PlainPodsOptions {
  readonly client: KubeClient;
  readonly launchers: Launchers;
  readonly nodes: Nodes;
  pod(key: string): Pod | undefined;
  /** RFC 3339, seconds */
  now(): string;
}

export class PlainPods {
  readonly #options: PlainPodsOptions;
  readonly #unplaced = new WaitingKeys();

  constructor(options: PlainPodsOptions) {
    this.#options = options;
  }

  /** pods that fit no node, to be looked at again when nodes change; the list starts anew */
  takeUnplaced(): readonly string[] {
    return this.#unplaced.take();
  }

  async reconcile(key: string): Promise<void> {
    const pod = this.#options.pod(key);
    if (!pod || !isGuest(pod)) return;
    const { client, nodes, launchers } = this.#options;
    if (pod.spec?.nodeName) {
      // the launchers of instances are looked after with these
      if (!nodes.has(pod.spec.nodeName) && !instanceOwner(pod)) await abandonPod(client, pod.metadata);
      return;
    }
    if (pod.metadata.deletionTimestamp || isFinished(pod) || !isOurs(pod)) return;
    const refusal = guestRefusal(pod.metadata.annotations);
    if (refusal) return this.#refuse(pod, refusal.reason, refusal.message);
    const verdict = chooseNode(nodes.all(), pod.spec ?? {}, (node) => launchers.guestsOn(node));
    if ('node' in verdict) return this.#bind(key, pod, verdict.node);
    this.#unplaced.add(key);
    await this.#refuse(pod, 'Unschedulable', verdict.why);
  }

  async #bind(key: string, { metadata }: Pod, node: string): Promise<void> {
    const { namespace = '', name } = metadata;
    this.#options.launchers.decide(key, node);
    try {
      await this.#options.client.create(bindingsOf(name), {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name, namespace },
        target: { apiVersion: 'v1', kind: 'Node', name: node },
      } as { readonly metadata: { readonly name: string; readonly namespace: string } });
    } catch (error) {
      this.#options.launchers.revoke(key);
      if (!isOvertaken(error)) throw error;
    }
  }

  async #refuse({ metadata, status }: Pod, reason: string, message: string): Promise<void> {
    const old = conditionOf(status?.conditions, 'PodScheduled');
    if (old?.reason === reason && old.message === message) return;
    const finding = { type: 'PodScheduled', status: 'False', reason, message } as const;
    const conditions = replaceConditions(status?.conditions, [], [finding], this.#options.now());
    const { namespace, name, resourceVersion } = metadata;
    try {
      await this.#options.client.patch(
        RESOURCES.pods,
        { namespace, name },
        { metadata: { resourceVersion }, status: { conditions } },
        { subresource: 'status' },
      );
    } catch (error) {
      if (!isOvertaken(error)) throw error;
    }
  }
}

function isOurs({ spec }: Pod): boolean {
  return (spec?.schedulerName ?? 'default-scheduler') === 'default-scheduler';
}
