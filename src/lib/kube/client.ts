import { parseJson, stringifyJson } from '../schema/json-text.ts';
import { KubeError } from './error.ts';
import { Agent, Pool, request } from './http-client.ts';
import type { ClusterAccess } from './kubeconfig.ts';
import { pathOf, type Resource } from './resource.ts';

export interface KubeObjectLike {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
  };
}

export interface ListOptions {
  readonly namespace?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

export interface KubeList<T> {
  readonly items: T[];
  readonly resourceVersion: string;
}

const PATCH_TYPES = { merge: 'application/merge-patch+json', json: 'application/json-patch+json' } as const;
const PAGE = 500;

interface RequestOptions {
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
}

/** One API server. Requests share a pool of connections; watches have connections of their own. */
export class KubeClient {
  readonly #base: string;
  readonly #pool: InstanceType<typeof Pool>;
  readonly #watches: InstanceType<typeof Agent>;
  readonly #headers: Readonly<Record<string, string>>;
  /** writes made, by resource and verb */
  readonly writes = new Map<string, number>();

  constructor(
    { server, ca, clientCert, clientKey, token }: ClusterAccess,
    options: { readonly connections?: number; readonly userAgent?: string } = {},
  ) {
    const connect = {
      ...(ca ? { ca } : {}),
      ...(clientCert ? { cert: clientCert } : {}),
      ...(clientKey ? { key: clientKey } : {}),
    };
    this.#base = server;
    this.#pool = new Pool(server, {
      connect,
      connections: options.connections ?? 16,
      headersTimeout: 60_000,
      bodyTimeout: 60_000,
    });
    this.#watches = new Agent({ connect, headersTimeout: 60_000, bodyTimeout: 0 });
    this.#headers = {
      accept: 'application/json',
      'user-agent': options.userAgent ?? 'kube-client',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    };
  }

  async get<T>(resource: Resource, namespace: string | undefined, name: string, signal?: AbortSignal): Promise<T> {
    return (await this.#request('GET', pathOf(resource, namespace, name), { signal })) as T;
  }

  /** All objects, fetched in pages of one snapshot. */
  async list<T>(
    resource: Resource,
    { namespace, ...selectors }: ListOptions = {},
    signal?: AbortSignal,
  ): Promise<KubeList<T>> {
    const items: T[] = [];
    let token: string | undefined;
    for (;;) {
      const page = (await this.#request('GET', pathOf(resource, namespace), {
        query: { limit: String(PAGE), continue: token, ...selectors },
        signal,
      })) as {
        items?: T[];
        metadata: { resourceVersion: string; continue?: string };
      };
      for (const item of page.items ?? []) items.push(item);
      token = page.metadata.continue;
      if (!token) return { items, resourceVersion: page.metadata.resourceVersion };
    }
  }

  async create<T extends KubeObjectLike>(resource: Resource, object: T, signal?: AbortSignal): Promise<T> {
    return (await this.#write('create', resource, 'POST', pathOf(resource, object.metadata.namespace), {
      body: object,
      signal,
    })) as T;
  }

  async update<T extends KubeObjectLike>(
    resource: Resource,
    object: T,
    subresource?: 'status',
    signal?: AbortSignal,
  ): Promise<T> {
    const path = pathOf(resource, object.metadata.namespace, object.metadata.name, subresource);
    return (await this.#write('update', resource, 'PUT', path, { body: object, signal })) as T;
  }

  /** A merge patch (RFC 7396), or a JSON patch (RFC 6902) when `type` says so. */
  async patch<T>(
    resource: Resource,
    key: { readonly namespace?: string | undefined; readonly name: string },
    patch: unknown,
    options: {
      readonly type?: keyof typeof PATCH_TYPES;
      readonly subresource?: 'status';
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<T> {
    const path = pathOf(resource, key.namespace, key.name, options.subresource);
    return (await this.#write('patch', resource, 'PATCH', path, {
      body: patch,
      contentType: PATCH_TYPES[options.type ?? 'merge'],
      signal: options.signal,
    })) as T;
  }

  /** Deletes; an object that is not there is fine. */
  async delete(
    resource: Resource,
    key: { readonly namespace?: string | undefined; readonly name: string },
    options: {
      readonly uid?: string;
      /** what becomes of objects that it owns; Background when empty */
      readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<void> {
    const body = {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      propagationPolicy: options.propagationPolicy ?? 'Background',
      ...(options.uid ? { preconditions: { uid: options.uid } } : {}),
    };
    try {
      await this.#write('delete', resource, 'DELETE', pathOf(resource, key.namespace, key.name), {
        body,
        signal: options.signal,
      });
    } catch (error) {
      if (!(error instanceof KubeError && error.reason === 'NotFound')) throw error;
    }
  }

  /** The body of a watch, as chunks of text, until the server or `signal` ends it. */
  async watch(
    resource: Resource,
    query: Readonly<Record<string, string | undefined>>,
    namespace: string | undefined,
    signal: AbortSignal,
  ): Promise<AsyncIterable<string>> {
    const { statusCode, body } = await request.call(this.#watches, {
      origin: this.#base,
      path: pathOf(resource, namespace) + queryOf({ watch: 'true', ...query }),
      method: 'GET',
      headers: this.#headers,
      signal,
    });
    if (statusCode !== 200) throw errorOf(statusCode, await body.text());
    body.setEncoding('utf8');
    return body as AsyncIterable<string>;
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.destroy(), this.#watches.destroy()]);
  }

  async #write(
    verb: string,
    resource: Resource,
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    options: RequestOptions,
  ): Promise<unknown> {
    const key = `${resource.plural}/${verb}`;
    this.writes.set(key, (this.writes.get(key) ?? 0) + 1);
    return this.#request(method, path, options);
  }

  async #request(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    { query, body, contentType, signal }: RequestOptions,
  ): Promise<unknown> {
    const answer = await request.call(this.#pool, {
      path: path + queryOf(query ?? {}),
      method,
      headers:
        body === undefined ? this.#headers : { ...this.#headers, 'content-type': contentType ?? 'application/json' },
      ...(body === undefined ? {} : { body: stringifyJson(body as never) }),
      ...(signal ? { signal } : {}),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 400) throw errorOf(answer.statusCode, text);
    return parseJson(text);
  }
}

function queryOf(query: Readonly<Record<string, string | undefined>>): string {
  const pairs = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`;
}

function errorOf(code: number, text: string): KubeError {
  try {
    const { reason = 'Unknown', message = text } = parseJson(text) as { reason?: string; message?: string };
    return new KubeError(code, reason, message);
  } catch {
    return new KubeError(code, 'Unknown', `HTTP ${code}: ${text.slice(0, 200)}`);
  }
}
