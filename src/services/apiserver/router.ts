/** From the path to who answers: health, version, discovery, OpenAPI, resources. */
import type { JsonObject } from '../../lib/schema/structural-schema.ts';
import { sendJson, sendText, type Exchange } from './answer.ts';
import { aggregatedDiscovery, coreVersions, groupDocument, groupList, resourceList } from './discovery.ts';
import { parseAccept, takesJson } from './negotiation.ts';
import { openApiIndex, openApiV2, openApiV3 } from './openapi.ts';
import type { Registry } from './registry.ts';
import { parseResourcePath } from './request-path.ts';
import type { ResourceHandler } from './resource-handler.ts';
import { methodNotAllowed, noSuchRoute, notAcceptable } from './model/status-error.ts';
import { VERSION } from './version.ts';

/** Paths that need no client certificate. */
export const OPEN_PATHS: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz', '/version']);

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const OPENAPI_V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
/**
 * openapi.v2.Document with `swagger: "2.0"` (field 1) and nothing else. kubectl takes this form only, and asks for it only
 * about kinds that version 3 does not have: from an empty document it learns that there is no such kind.
 */
const EMPTY_OPENAPI_V2 = Buffer.from('\x0a\x032.0');
const ROOT_PATHS = [
  '/api',
  '/api/v1',
  '/apis',
  '/healthz',
  '/livez',
  '/openapi/v2',
  '/openapi/v3',
  '/readyz',
  '/version',
];

export class Router {
  readonly #registry: Registry;
  readonly #resources: ResourceHandler;
  readonly #documents = new Map<string, string>();
  #documentsOf = -1;

  constructor(registry: Registry, resources: ResourceHandler) {
    this.#registry = registry;
    this.#resources = resources;
  }

  /** Answers the request. @throws StatusError */
  async route(exchange: Exchange): Promise<void> {
    const { pathname } = exchange.url;
    const path = parseResourcePath(pathname);
    if (path) return this.#resources.handle(exchange, path);
    if (exchange.request.method !== 'GET') throw methodNotAllowed();
    if (OPEN_PATHS.has(pathname) || pathname.startsWith('/livez/') || pathname.startsWith('/readyz/'))
      sendHealth(exchange);
    else if (pathname.startsWith('/openapi/')) this.#openApi(exchange, pathname);
    else this.#discovery(exchange, pathname.replace(/\/$/, ''));
  }

  #discovery(exchange: Exchange, pathname: string): void {
    if (pathname === '') return sendJson(exchange, 200, { paths: [...ROOT_PATHS] });
    const form = discoveryForm(exchange.request.headers.accept);
    const registry = this.#registry;
    if (form === 'aggregated' && (pathname === '/api' || pathname === '/apis'))
      return this.#document(
        exchange,
        `aggregated ${pathname}`,
        () => aggregatedDiscovery(registry, pathname === '/api'),
        AGGREGATED,
      );
    const [, root, group, version, ...more] = pathname.split('/');
    if (more.length > 0 || (root !== 'api' && root !== 'apis')) throw noSuchRoute();
    if (pathname === '/api') return sendJson(exchange, 200, coreVersions());
    this.#document(exchange, `legacy ${pathname}`, () => {
      if (root === 'api') return version === undefined ? resourceList(registry, '', group!) : undefined;
      if (group === undefined) return groupList(registry);
      return version === undefined ? groupDocument(registry, group) : resourceList(registry, group, version);
    });
  }

  #openApi(exchange: Exchange, pathname: string): void {
    const ranges = parseAccept(exchange.request.headers.accept);
    if (pathname === '/openapi/v2' && ranges[0]?.type === OPENAPI_V2_PROTOBUF) {
      exchange.response.writeHead(200, { 'content-type': OPENAPI_V2_PROTOBUF.replace('@', '.') }).end(EMPTY_OPENAPI_V2);
      return;
    }
    if (!ranges.some(takesJson)) throw notAcceptable(['application/json']);
    this.#document(exchange, pathname, () => {
      if (pathname === '/openapi/v2') return openApiV2(this.#registry);
      if (pathname === '/openapi/v3') return openApiIndex(this.#registry);
      const [, group = '', version = ''] = /^\/openapi\/v3\/(?:api|apis\/([^/]+))\/([^/]+)$/.exec(pathname) ?? [];
      return openApiV3(this.#registry, group, version);
    });
  }

  /** Documents are made once per state of the registry. */
  #document(exchange: Exchange, key: string, make: () => JsonObject | undefined, contentType?: string): void {
    if (this.#documentsOf !== this.#registry.changes) this.#documents.clear();
    this.#documentsOf = this.#registry.changes;
    let text = this.#documents.get(key);
    if (text === undefined) {
      const document = make();
      if (!document) throw noSuchRoute();
      text = JSON.stringify(document);
      this.#documents.set(key, text);
    }
    sendText(exchange, 200, text, contentType);
  }
}

function sendHealth(exchange: Exchange): void {
  if (exchange.url.pathname === '/version') sendJson(exchange, 200, VERSION);
  else sendText(exchange, 200, 'ok', 'text/plain; charset=utf-8');
}

function discoveryForm(accept: string | undefined): 'aggregated' | 'legacy' {
  for (const range of parseAccept(accept)) {
    if (!takesJson(range)) continue;
    const { g, v, as } = range.parameters;
    if (as === undefined) return 'legacy';
    if (g === 'apidiscovery.k8s.io' && v === 'v2' && as === 'APIGroupDiscoveryList') return 'aggregated';
  }
  throw notAcceptable(['application/json', AGGREGATED]);
}
