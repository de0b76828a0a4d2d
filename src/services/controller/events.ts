/** Kubernetes events: what a person would want to read about an object. What is said of an object again
 * and again, with nothing else in between, is written once in a while. */
import { randomBytes } from 'node:crypto';
import type { KubeClient } from '../../lib/kube/client.ts';
import type { KubeObject } from '../../kinds/object.ts';
import { RESOURCES } from './resources.ts';

const WINDOW_MS = 300_000;
const REMEMBERED = 4096;

export class EventRecorder {
  readonly #client: KubeClient;
  readonly #component: string;
  readonly #onError: (error: unknown) => void;
  /** object -> what was last said of it, and when */
  readonly #last = new Map<string, { readonly said: string; readonly at: number }>();

  constructor(client: KubeClient, component: string, onError: (error: unknown) => void) {
    this.#client = client;
    this.#component = component;
    this.#onError = onError;
  }

  /** Records in the background; failing to is logged, never in the way. */
  record(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    const now = Date.now();
    const key = object.metadata.uid ?? `${object.kind}/${object.metadata.name}`;
    const said = `${reason}\n${message}`;
    const last = this.#last.get(key);
    if (last?.said === said && now - last.at < WINDOW_MS) return;
    this.#last.delete(key);
    this.#last.set(key, { said, at: now });
    if (this.#last.size > REMEMBERED) this.#last.delete(this.#last.keys().next().value!);
    void this.#write(object, type, reason, message, new Date(now)).catch(this.#onError);
  }

  async #write(object: KubeObject, type: string, reason: string, message: string, time: Date): Promise<void> {
    const { name, namespace = 'default', uid, resourceVersion } = object.metadata;
    const at = `${time.toISOString().slice(0, 19)}Z`;
    await this.#client.create(RESOURCES.events, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name.slice(0, 200)}.${randomBytes(8).toString('hex')}`, namespace },
      involvedObject: {
        apiVersion: object.apiVersion,
        kind: object.kind,
        name,
        ...(object.metadata.namespace ? { namespace } : {}),
        uid,
        resourceVersion,
      },
      type,
      reason,
      message: message.slice(0, 1024),
      source: { component: this.#component },
      reportingComponent: this.#component,
      reportingInstance: this.#component,
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
    });
  }
}
