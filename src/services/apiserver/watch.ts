/** Watch: replay from a revision, then live changes, bookmarks, and an end. */
import type { ServerResponse } from 'node:http';
import { currentObjects, parseRevision } from './list.ts';
import type { Stored } from './model/objects.ts';
import type { ServedResource } from './registry.ts';
import type { Renderer } from './rendering.ts';
import { resourceId } from './model/resource.ts';
import type { Selection } from './selection.ts';
import { badRequest, expired, type StatusError } from './model/status-error.ts';
import type { Store } from './store.ts';
import type { Change } from './watch-history.ts';

export interface WatchRequest {
  /** undefined: begin with the present objects as ADDED events */
  readonly revision: number | undefined;
  readonly bookmarks: boolean;
  readonly sendInitialEvents: boolean;
  /** milliseconds */
  readonly timeout: number;
}

/** milliseconds; upstream sends a bookmark about once a minute */
const BOOKMARK_INTERVAL = 60_000;
/** milliseconds; upstream ends watches that name no timeout after 30 to 60 minutes */
const DEFAULT_TIMEOUT = 45 * 60_000;
/** bytes that may wait for a slow reader before its watch is broken off */
const MAX_BACKLOG = 64 * 1024 * 1024;

/** From the query of a request. @throws StatusError BadRequest */
export function parseWatchRequest(query: URLSearchParams): WatchRequest {
  const revision = parseRevision(query.get('resourceVersion') || '0');
  const sendInitialEvents = query.get('sendInitialEvents') === 'true';
  const bookmarks = query.get('allowWatchBookmarks') === 'true';
  if (sendInitialEvents && query.get('resourceVersionMatch') !== 'NotOlderThan')
    throw badRequest('resourceVersionMatch: Forbidden: sendInitialEvents requires resourceVersionMatch=NotOlderThan');
  const seconds = Number(query.get('timeoutSeconds') || 0);
  if (!Number.isFinite(seconds) || seconds < 0)
    throw badRequest(`invalid timeoutSeconds ${query.get('timeoutSeconds')}`);
  return {
    revision: revision === 0 || sendInitialEvents ? undefined : revision,
    bookmarks,
    sendInitialEvents,
    timeout: seconds > 0 ? seconds * 1000 : DEFAULT_TIMEOUT,
  };
}

export class Watch {
  readonly #response: ServerResponse;
  readonly #renderer: Renderer;
  readonly #selection: Selection;
  readonly #store: Store;
  readonly #request: WatchRequest;
  readonly #resourceId: string;
  #first = true;
  /** bytes that may wait: what the watch began with does not count as slowness */
  #backlog = MAX_BACKLOG;
  #stop: (() => void) | undefined;

  constructor(
    store: Store,
    served: ServedResource,
    selection: Selection,
    request: WatchRequest,
    renderer: Renderer,
    response: ServerResponse,
  ) {
    this.#store = store;
    this.#resourceId = resourceId(served.resource);
    this.#selection = selection;
    this.#request = request;
    this.#renderer = renderer;
    this.#response = response;
  }

  /** Begins; call it inside `store.read`. The response ends when the time is over or the client goes away. */
  start(): void {
    if (this.#response.destroyed) return;
    const { revision } = this.#request;
    this.#response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
    this.#response.flushHeaders();
    if (revision === undefined) this.#sendPresent();
    else {
      const changes = this.#store.changesSince(this.#resourceId, revision);
      if (!changes) return this.#fail(expired(`too old resource version: ${revision} (${this.#store.revision})`));
      for (const change of changes) this.#deliver(change);
    }
    this.#listen();
  }

  /** Ends the stream, as at its timeout. */
  end(): void {
    this.#stop?.();
    this.#response.end();
  }

  #sendPresent(): void {
    for (const stored of currentObjects(this.#store, this.#resourceId, this.#selection))
      if (this.#selects(stored)) this.#send('ADDED', stored);
    if (this.#request.sendInitialEvents && this.#request.bookmarks)
      this.#response.write(this.#renderer.bookmark(this.#store.revision, { 'k8s.io/initial-events-end': 'true' }));
  }

  #listen(): void {
    this.#backlog += this.#response.writableLength;
    const unsubscribe = this.#store.watch(this.#resourceId, (change) => this.#deliver(change));
    const bookmarks = this.#request.bookmarks ? setInterval(() => this.#bookmark(), BOOKMARK_INTERVAL) : undefined;
    const timeout = setTimeout(() => this.end(), Math.min(this.#request.timeout, 2 ** 31 - 1));
    this.#stop = () => {
      unsubscribe();
      clearInterval(bookmarks);
      clearTimeout(timeout);
    };
    this.#response.on('close', () => this.#stop?.());
  }

  #bookmark(): void {
    void this.#store.read(() => this.#response.write(this.#renderer.bookmark(this.#store.revision)));
  }

  /** An object that begins to match is ADDED for this watch, one that ceases to match is DELETED. */
  #deliver({ type, old, object }: Change): void {
    const matched = old !== undefined && this.#selects(old);
    const matches = type !== 'DELETED' && this.#selects(object);
    if (matched && matches) this.#send('MODIFIED', object);
    else if (matches) this.#send('ADDED', object);
    else if (matched) this.#send('DELETED', object);
  }

  #selects({ namespace, name, object }: Stored): boolean {
    const selection = this.#selection;
    if (selection.namespace !== undefined && selection.namespace !== namespace) return false;
    if (selection.name !== undefined && selection.name !== name) return false;
    return selection.matches?.(object) ?? true;
  }

  #send(type: string, stored: Stored): void {
    this.#response.write(this.#renderer.event(type, stored, this.#first));
    this.#first = false;
    if (!this.#stop || this.#response.writableLength <= this.#backlog) return;
    this.#stop();
    this.#response.destroy();
  }

  #fail(error: StatusError): void {
    this.#response.end(`${JSON.stringify({ type: 'ERROR', object: error.toStatus() })}\n`);
  }
}
