/** Keeps the Ready condition of a Node fresh, registers the Node when there is none, and knows its address. */
import type { KubeClient } from '../../lib/kube/client.ts';
import { isReason } from '../../lib/kube/error.ts';
import { withCondition } from '../../core/status/condition.ts';
import { nodeObject } from './node-object.ts';
import type { Node } from './pod.ts';
import { RESOURCES } from './resources.ts';
import { timestamp } from './timestamp.ts';

/** milliseconds */
const INTERVAL = 30_000;
const RETRY = 1000;

export interface HeartbeatOptions {
  readonly client: KubeClient;
  readonly node: string;
  /** what a Node that was deleted is registered with again; none: it is not ours to register */
  readonly addresses: readonly string[];
  readonly onError: (error: unknown) => void;
}

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #address: string | undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** InternalIP of the node, once it is known. */
  get address(): string | undefined {
    return this.#address;
  }

  start(): void {
    void this.#beat();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #beat(): Promise<void> {
    let next = INTERVAL;
    try {
      await this.#report();
    } catch (error) {
      next = RETRY;
      // somebody else wrote the Node: again, with what it says now
      if (!isReason(error, 'Conflict')) this.#options.onError(error);
    }
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#beat(), next);
  }

  async #report(): Promise<void> {
    const { client, node: name } = this.#options;
    const { metadata, status } = await this.#registered();
    this.#address = status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
    const now = timestamp();
    const finding = {
      type: 'Ready',
      status: 'True',
      reason: 'GuestsCanRun',
      message: 'virt looks after guests',
    } as const;
    const conditions = withCondition(status?.conditions, finding, now).map((condition) =>
      condition.type === 'Ready' ? { ...condition, lastHeartbeatTime: now } : condition,
    );
    await client.patch(
      RESOURCES.nodes,
      { name },
      { metadata: { resourceVersion: metadata.resourceVersion }, status: { conditions } },
      { subresource: 'status' },
    );
  }

  async #registered(): Promise<Node> {
    const { client, node, addresses } = this.#options;
    try {
      return await client.get<Node>(RESOURCES.nodes, undefined, node);
    } catch (error) {
      if (!isReason(error, 'NotFound') || addresses.length === 0) throw error;
      return await client.create<Node>(RESOURCES.nodes, nodeObject(node, addresses));
    }
  }
}
