/**
 * A local copy of one resource: list, then watch from there; when the watch ends, watch again from the last version seen; when the server
 * no longer knows that version, list again and report the difference. Handlers see each object's changes in order, also across gaps.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient, KubeObjectLike, ListOptions } from './client.ts';
import { KubeError } from './error.ts';
import type { Resource } from './resource.ts';
import { watchEvents } from './watch.ts';

export interface ObjectChange<T> {
  readonly key: string;
  readonly old: T | undefined;
  readonly new: T | undefined;
}

export interface InformerOptions<T> extends ListOptions {
  /** what is kept of an object, for those that are large and many; metadata must stay */
  readonly keep?: (object: T) => T;
  /** called with all changes that arrived together */
  readonly onChanges?: (changes: readonly ObjectChange<unknown>[]) => void;
  /** told of errors that are being retried */
  readonly onError?: (error: unknown) => void;
  /** milliseconds before the first retry, doubled up to 20 times that; default 50 */
  readonly backoff?: number;
}

export function objectKey({ metadata }: KubeObjectLike): string {
  return metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name;
}

export class Informer<T extends KubeObjectLike> {
  readonly #client: KubeClient;
  readonly #resource: Resource;
  readonly #options: InformerOptions<T>;
  readonly #objects = new Map<string, T>();
  readonly #stop = new AbortController();
  readonly #synced = Promise.withResolvers<void>();
  #version = '';
  #running: Promise<void> | undefined;

  constructor(client: KubeClient, resource: Resource, options: InformerOptions<T> = {}) {
    this.#client = client;
    this.#resource = resource;
    this.#options = options;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  values(): IterableIterator<T> {
    return this.#objects.values();
  }

  get size(): number {
    return this.#objects.size;
  }

  /** Starts; resolves when the first list has been delivered. */
  start(): Promise<void> {
    this.#running ??= this.#run();
    return this.#synced.promise;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /**
   * Takes an object that a write just returned, so that its writer need not wait for the watch. Older versions than the one known are ignored,
   * and so is the watch's own report of it. An object that the watch has already seen go, because the answer was overtaken, stays gone.
   */
  learn(object: T): void {
    const key = objectKey(object);
    const overtaken =
      !this.#objects.has(key) && compareVersions(object.metadata.resourceVersion ?? '', this.#version) <= 0;
    if (!overtaken) this.#deliver([{ key, object }]);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const first = this.#options.backoff ?? 50;
    let delay = first;
    while (!signal.aborted) {
      try {
        if (this.#version === '') await this.#list(signal);
        await this.#watch(signal);
        delay = first;
      } catch (error) {
        if (signal.aborted) break;
        if (error instanceof KubeError && error.code === 410) this.#version = '';
        else this.#options.onError?.(error);
        await sleep(delay, undefined, { signal }).catch(() => undefined);
        delay = Math.min(delay * 2, first * 20);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { namespace, fieldSelector, labelSelector } = this.#options;
    const selectors = {
      ...(namespace ? { namespace } : {}),
      ...(fieldSelector ? { fieldSelector } : {}),
      ...(labelSelector ? { labelSelector } : {}),
    };
    const { items, resourceVersion } = await this.#client.list<T>(this.#resource, selectors, signal);
    const present = new Set(items.map(objectKey));
    const gone = [...this.#objects.keys()]
      .filter((key) => !present.has(key))
      .map((key) => ({ key, object: undefined }));
    this.#version = resourceVersion;
    this.#deliver([...gone, ...items.map((object) => ({ key: objectKey(object), object }))]);
    this.#synced.resolve();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { namespace, fieldSelector, labelSelector } = this.#options;
    const chunks = await this.#client.watch(
      this.#resource,
      { resourceVersion: this.#version, allowWatchBookmarks: 'true', fieldSelector, labelSelector },
      namespace,
      signal,
    );
    for await (const events of watchEvents<T>(chunks)) {
      const changes: { key: string; object: T | undefined; last?: T }[] = [];
      for (const { type, object } of events) {
        if (type === 'ERROR') {
          const {
            code = 500,
            reason = 'Unknown',
            message = 'watch error',
          } = object as unknown as { code?: number; reason?: string; message?: string };
          this.#deliver(changes);
          throw new KubeError(code, reason, message);
        }
        this.#version = object.metadata.resourceVersion ?? this.#version;
        if (type === 'BOOKMARK') continue;
        changes.push(
          type === 'DELETED'
            ? { key: objectKey(object), object: undefined, last: object }
            : { key: objectKey(object), object },
        );
      }
      this.#deliver(changes);
    }
  }

  #deliver(items: readonly { readonly key: string; readonly object: T | undefined; readonly last?: T }[]): void {
    const changes: ObjectChange<T>[] = [];
    const { keep = (object: T) => object } = this.#options;
    for (const { key, object: whole, last } of items) {
      const object = whole && keep(whole);
      const old = this.#objects.get(key);
      if (object === undefined ? old === undefined || (last && isNewer(old, last)) : old && !isNewer(object, old))
        continue;
      if (object === undefined) this.#objects.delete(key);
      else this.#objects.set(key, object);
      changes.push({ key, old, new: object });
    }
    if (changes.length > 0) this.#options.onChanges?.(changes);
  }
}

/** resourceVersions of one resource rise (KEP-5504: comparable as integers) */
function isNewer(a: KubeObjectLike, b: KubeObjectLike): boolean {
  const [left, right] = [a.metadata.resourceVersion ?? '', b.metadata.resourceVersion ?? ''];
  if (a.metadata.uid !== b.metadata.uid) return compareVersions(left, right) >= 0;
  return compareVersions(left, right) > 0;
}

function compareVersions(left: string, right: string): number {
  return left.length === right.length ? (left < right ? -1 : left > right ? 1 : 0) : left.length - right.length;
}
