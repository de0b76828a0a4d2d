/** The embedded API server as a whole: storage, registry, collector, sockets. */
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { cloneJson, equalJson, type JsonObject } from '../../lib/schema/structural-schema.ts';
import type { Admit } from './admission.ts';
import { sendError, type Exchange } from './answer.ts';
import { BUILT_IN } from './builtin/all.ts';
import { INITIAL_NAMESPACES, namespaces } from './builtin/namespaces.ts';
import type { Certificates } from './certificates.ts';
import { conform } from './conform.ts';
import { Collector } from './collector.ts';
import { customResource, DEFINITIONS, reshapeInstances } from './custom-resources.ts';
import { textAt, type KubeObject } from './model/objects.ts';
import { resourceId, splitApiVersion } from './model/resource.ts';
import { Registry } from './registry.ts';
import { ResourceHandler } from './resource-handler.ts';
import { OPEN_PATHS, Router } from './router.ts';
import { badRequest, noSuchRoute, StatusError } from './model/status-error.ts';
import { Storage } from './storage.ts';
import { Store } from './store.ts';
import { create, update, type WriteContext } from './writes.ts';
import type { Change } from './watch-history.ts';

/** Where to listen: host and port (0 picks one), a socket that was handed over, a path. */
export type ListenAddress =
  | { readonly host: string; readonly port: number }
  | { readonly fd: number }
  | { readonly path: string };

export interface ApiServerOptions {
  /** SQLite file; `:memory:` keeps nothing */
  readonly file: string;
  readonly certificates: Certificates;
  readonly admit?: Admit;
  /** changes per resource that a watch can go back; default 4096 */
  readonly historyCapacity?: number;
  /** told of what goes wrong without a request to answer; default: standard error */
  readonly report?: (error: unknown, what: string) => void;
  readonly now?: () => Date;
}

export class ApiServer {
  readonly #options: ApiServerOptions;
  readonly #storage: Storage;
  readonly #store: Store;
  readonly #registry = new Registry();
  readonly #context: WriteContext;
  readonly #collector: Collector;
  readonly #resources: ResourceHandler;
  readonly #router: Router;
  readonly #servers: Server[] = [];
  readonly #report: (error: unknown, what: string) => void;

  /** Opens the storage and reads everything. @throws Error when the file cannot be used */
  constructor(options: ApiServerOptions) {
    this.#options = options;
    this.#report = options.report ?? ((error, what) => console.error(`apiserver: ${what}:`, error));
    this.#storage = new Storage(options.file);
    this.#store = new Store(this.#storage, options);
    for (const resource of BUILT_IN) this.#registry.put(resource);
    for (const { object } of this.#store.list(DEFINITIONS)) this.#define(object);
    this.#store.onCommit((change) => this.#followDefinition(change));
    const context: WriteContext = {
      store: this.#store,
      registry: this.#registry,
      admit: options.admit,
      now: options.now ?? (() => new Date()),
    };
    this.#context = context;
    this.#resources = new ResourceHandler(context);
    this.#router = new Router(this.#registry, this.#resources);
    this.#collector = new Collector(context, this.#report);
    this.#createInitialNamespaces(context);
    this.#collector.start();
  }

  /** SQLite transactions since the start. */
  get transactions(): number {
    return this.#storage.transactions;
  }

  /** Calls the listener with every committed change, in order; it must neither throw nor write. */
  onCommit(listener: (change: Change) => void): void {
    this.#store.onCommit(listener);
  }

  /**
   * Makes sure that an object is as given: creates it, or replaces what differs (everything but status and metadata that is
   * not mentioned). For what has to be there before anybody is served, such as definitions. Asks no admission hook.
   * @throws StatusError as a request would get it
   */
  async ensure(wanted: JsonObject): Promise<void> {
    const { group, version } = splitApiVersion(textAt(wanted, 'apiVersion'));
    const resource = this.#registry.byKind(group, textAt(wanted, 'kind'));
    const served = resource && this.#registry.served(group, version, resource.plural);
    if (!served) throw noSuchRoute();
    const { object } = conform(served, cloneJson(wanted));
    const target = {
      ...served,
      namespace: object.metadata.namespace ?? '',
      name: object.metadata.name,
      subresource: '',
    };
    const old = this.#store.get(resourceId(served.resource), target.namespace, target.name);
    const context = { ...this.#context, admit: undefined };
    const options = { dryRun: false, warnings: [] };
    if (!old) create(context, target, object, options);
    else update(context, target, old, { ...object, metadata: { ...old.object.metadata, ...object.metadata } }, options);
    await this.#store.committed();
  }

  /** The objects of a resource (`vpcs.kubeovn.io`, `pods`), which must not be changed. */
  objects(resource: string): readonly KubeObject[] {
    return this.#store.list(resource).map(({ object }) => object);
  }

  /** Listens on one more socket. @returns the port, or 0 for a socket without one */
  async listen(address: ListenAddress): Promise<number> {
    const { ca, serverCert, serverKey } = this.#options.certificates;
    const server = createServer(
      { key: serverKey, cert: serverCert, ca, requestCert: true, rejectUnauthorized: false, keepAliveTimeout: 120_000 },
      (request, response) => void this.#answer(request, response),
    );
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(address, () => {
        server.off('error', reject);
        resolve();
      });
    });
    this.#servers.push(server);
    const bound = server.address();
    return typeof bound === 'object' && bound !== null ? (bound satisfies AddressInfo).port : 0;
  }

  /** Ends watches, stops listening, commits what is staged and closes the file. */
  async close(): Promise<void> {
    this.#collector.stop();
    this.#resources.close();
    const closed = this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    for (const server of this.#servers) server.closeAllConnections();
    await Promise.all(closed);
    this.#store.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = parseUrl(request.url ?? '/');
    // a client that goes away while it is answered is no error of the server
    response.on('error', () => {});
    const exchange: Exchange = { request, response, url: url ?? new URL('https://host/'), warnings: [] };
    try {
      if (!url) throw badRequest(`malformed request target ${JSON.stringify(request.url)}`);
      if (!OPEN_PATHS.has(url.pathname) && !(request.socket as TLSSocket).authorized)
        throw new StatusError('Unauthorized', 'Unauthorized');
      await this.#router.route(exchange);
    } catch (error) {
      if (response.destroyed) return;
      if (!(error instanceof StatusError)) this.#report(error, `${request.method} ${request.url}`);
      sendError(exchange, error);
    }
  }

  #followDefinition({ type, old, object }: Change): void {
    if (object.resourceId !== DEFINITIONS) return;
    if (type === 'DELETED') this.#registry.remove(object.name);
    else if (!equalJson(old?.object.spec, object.object.spec)) this.#define(object.object);
  }

  #define(definition: KubeObject): void {
    const resource = customResource(definition);
    this.#registry.put(resource);
    reshapeInstances(this.#store, resource);
  }

  #createInitialNamespaces(context: WriteContext): void {
    const target = { resource: namespaces, version: namespaces.versions[0]!, namespace: '', subresource: '' };
    for (const name of INITIAL_NAMESPACES) {
      if (this.#store.get('namespaces', '', name)) continue;
      const metadata = { name, uid: '', resourceVersion: '', creationTimestamp: '' };
      const object = { apiVersion: 'v1', kind: 'Namespace', metadata };
      create({ ...context, admit: undefined }, { ...target, name }, object, { dryRun: false, warnings: [] });
    }
  }
}

function parseUrl(target: string): URL | undefined {
  return target.startsWith('/') ? (URL.parse(`https://host${target}`) ?? undefined) : undefined;
}
