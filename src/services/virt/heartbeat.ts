/** Keeps the Ready condition of a Node fresh, and knows the node's address. */
import type { KubeClient } from '../../lib/kube/client.ts';
import { isReason } from '../../lib/kube/error.ts';
import { withCondition } from '../../core/status/condition.ts';
import type { Node } from './pod.ts';
import { RESOURCES } from './resources.ts';
import { timestamp } from './timestamp.ts';

/** milliseconds */
const INTERVAL = 30_000;
const RETRY = 1000;

export class Heartbeat {
  readonly #client: KubeClient;
  readonly #node: string;
  readonly #onError: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #address: string | undefined;

  constructor(client: KubeClient, node: string, onError: (error: unknown) => void) {
    this.#client = client;
    this.#node = node;
    this.#onError = onError;
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
      if (!isReason(error, 'Conflict')) this.#onError(error);
    }
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#beat(), next);
  }

  async #report(): Promise<void> {
    const name = this.#node;
    const { metadata, status } = await this.#client.get<Node>(RESOURCES.nodes, undefined, name);
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
    await this.#client.patch(
      RESOURCES.nodes,
      { name },
      { metadata: { resourceVersion: metadata.resourceVersion }, status: { conditions } },
      { subresource: 'status' },
    );
  }
}
