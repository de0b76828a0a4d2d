/** The nodes as the controller sees them, and which have stopped reporting. */
import { withCondition } from '../../core/status/condition.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import type { Informer, ObjectChange } from '../../lib/kube/informer.ts';
import { isOvertaken } from '../../lib/kube/error.ts';
import type { Node } from './pod.ts';
import { RESOURCES } from './resources.ts';
import { readiness } from './scheduler.ts';

/** milliseconds without a heartbeat after which nothing is known of a node any more: three are missed */
export const HEARTBEAT_GRACE = 90_000;

export class Nodes {
  readonly #client: KubeClient;
  /** node -> its last heartbeat, and when it was heard of by our own clock: other clocks are not trusted */
  readonly #heard = new Map<string, { readonly beat: string; readonly at: number }>();
  #informer: Informer<Node> | undefined;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** the informer calls `onChanges` of this object */
  follow(informer: Informer<Node>): void {
    this.#informer = informer;
  }

  /** @returns whether anything changed that placement or readiness depends on @param now milliseconds, of a clock that never goes back */
  onChanges(changes: readonly ObjectChange<Node>[], now: number): boolean {
    for (const { key, new: node } of changes) {
      const beat = node && heartbeatOf(node);
      if (beat === undefined) this.#heard.delete(key);
      else if (this.#heard.get(key)?.beat !== beat) this.#heard.set(key, { beat, at: now });
    }
    return changes.some(({ old, new: node }) => !old || !node || placementText(old) !== placementText(node));
  }

  all(): Iterable<Node> {
    return this.#informer?.values() ?? [];
  }

  has(name: string): boolean {
    return this.#informer?.get(name) !== undefined;
  }

  /** there is such a node, and it is not cordoned */
  isSchedulable(name: string): boolean {
    const node = this.#informer?.get(name);
    return node !== undefined && !node.spec?.unschedulable;
  }

  isReady(name: string): boolean {
    const node = this.#informer?.get(name);
    return node !== undefined && readiness(node) === 'True';
  }

  /** Says of the nodes that stopped reporting that nothing is known of them. */
  async judge(now: number, time: string): Promise<void> {
    for (const [name, { at }] of this.#heard) {
      const node = this.#informer?.get(name);
      if (node && now - at > HEARTBEAT_GRACE && readiness(node) === 'True') await this.#doubt(node, time);
    }
  }

  async #doubt({ metadata, status }: Node, time: string): Promise<void> {
    const message = `the node has not reported for ${HEARTBEAT_GRACE / 1000} s`;
    const finding = { type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown', message } as const;
    const conditions = withCondition(status?.conditions, finding, time);
    const { name, resourceVersion } = metadata;
    const patch = { metadata: { resourceVersion }, status: { conditions } };
    try {
      await this.#client.patch(RESOURCES.nodes, { name }, patch, { subresource: 'status' });
    } catch (error) {
      // it has just reported, or is gone
      if (!isOvertaken(error)) throw error;
    }
  }
}

function heartbeatOf({ status }: Node): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready') as { lastHeartbeatTime?: string } | undefined;
  return ready?.lastHeartbeatTime ?? '';
}

function placementText(node: Node): string {
  return JSON.stringify([node.metadata.labels, node.spec?.unschedulable, readiness(node)]);
}
