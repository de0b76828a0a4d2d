/** Writes on each Node which physical networks it is on, so that machines can choose by it. */
import { labelPatch, networkLabels } from '../../core/provider/node-labels.ts';
import type { NodeUnderlay } from '../../kinds/node-underlay.ts';
import type { KubeObject } from '../../kinds/object.ts';
import { messageOf } from '../../lib/error/message.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isOvertaken, isReason } from '../../lib/kube/error.ts';
import { WorkQueue } from '../../lib/kube/work-queue.ts';
import { RESOURCES } from './resources.ts';

export interface NodeLabelsOptions {
  readonly client: KubeClient;
  node(name: string): KubeObject | undefined;
  report(node: string): NodeUnderlay | undefined;
  log(sentence: string): void;
}

export class NodeLabels {
  readonly #options: NodeLabelsOptions;
  readonly #queue: WorkQueue;
  #live = false;

  constructor(options: NodeLabelsOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({
      workers: 1,
      work: (name) => this.#work(name),
      onError: (name, error) => options.log(`Node/${name}: ${messageOf(error)}`),
    });
  }

  start(nodes: Iterable<KubeObject>): void {
    this.#live = true;
    for (const { metadata } of nodes) this.look(metadata.name);
  }

  /** A node, or what it says of its uplinks, has changed. */
  look(node: string): void {
    if (this.#live) this.#queue.add(node);
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  async #work(name: string): Promise<void> {
    const node = this.#options.node(name);
    if (!node) return;
    const labels = labelPatch(
      node.metadata.labels ?? {},
      networkLabels(this.#options.report(name)?.status?.uplinks ?? []),
    );
    if (!labels) return;
    try {
      await this.#options.client.patch(RESOURCES.nodes, { name }, { metadata: { labels } });
    } catch (error) {
      // it changed or went meanwhile: that brings us back
      if (!isOvertaken(error) && !isReason(error, 'NotFound')) throw error;
    }
  }
}
