/** The verbs on resources: from a parsed path to an answer. */
import { isObject, type JsonObject } from '../../lib/schema/structural-schema.ts';
import { sendJson, sendText, type Exchange } from './answer.ts';
import { bindPod, evictPod, finalizeNamespace } from './subresources.ts';
import { decodeObject, readBody, type Body } from './body.ts';
import { conform, judgeFields, type FieldValidation } from './conform.ts';
import { deleteOptions, remove, type Deletion } from './deletion.ts';
import { currentObjects, listObjects, parseListRequest } from './list.ts';
import { formOf } from './negotiation.ts';
import type { Stored } from './model/objects.ts';
import { patchFunction, patchObject } from './patch.ts';
import { Renderer } from './rendering.ts';
import type { ResourcePath } from './request-path.ts';
import { resourceId } from './model/resource.ts';
import { parseSelection } from './selection.ts';
import { badRequest, methodNotAllowed, noSuchRoute, StatusError } from './model/status-error.ts';
import { parseWatchRequest, Watch } from './watch.ts';
import { create, existing, update, type Target, type WriteContext, type WriteOptions } from './writes.ts';

type Options = WriteOptions & { readonly fieldValidation: FieldValidation };

export class ResourceHandler {
  readonly #context: WriteContext;
  readonly #watches = new Set<Watch>();

  constructor(context: WriteContext) {
    this.#context = context;
  }

  /** Answers the request. @throws StatusError */
  async handle(exchange: Exchange, path: ResourcePath): Promise<void> {
    const served = this.#context.registry.served(path.group, path.version, path.plural);
    if (!served) throw noSuchRoute();
    const { resource, version } = served;
    if (path.namespace !== '' && !resource.namespaced) throw noSuchRoute();
    if (path.name !== '' && resource.namespaced && path.namespace === '') throw noSuchRoute();
    if (version.deprecation) exchange.warnings.push(version.deprecation);
    const target = { ...served, namespace: path.namespace, name: path.name, subresource: path.subresource };
    if (path.name === '') await this.#collection(exchange, target);
    else if (path.subresource === '') await this.#item(exchange, target);
    else await this.#subresource(exchange, target);
  }

  /** Ends all watches. */
  close(): void {
    for (const watch of this.#watches) watch.end();
  }

  async #collection(exchange: Exchange, target: Target): Promise<void> {
    const { method } = exchange.request;
    const watch = exchange.url.searchParams.get('watch');
    if (method === 'GET' && (watch === 'true' || watch === '1')) await this.#watch(exchange, target);
    else if (method === 'GET') await this.#list(exchange, target);
    else if (method === 'POST') await this.#create(exchange, target);
    else if (method === 'DELETE') await this.#deleteCollection(exchange, target);
    else throw methodNotAllowed();
  }

  async #item(exchange: Exchange, target: Target): Promise<void> {
    const { method } = exchange.request;
    if (method === 'GET') await this.#get(exchange, target);
    else if (method === 'PUT') await this.#replace(exchange, target);
    else if (method === 'PATCH') await this.#patch(exchange, target);
    else if (method === 'DELETE') await this.#delete(exchange, target);
    else throw methodNotAllowed();
  }

  async #subresource(exchange: Exchange, target: Target): Promise<void> {
    const { method } = exchange.request;
    const id = `${resourceId(target.resource)}/${target.subresource}`;
    if (target.subresource === 'status' && target.version.status) {
      if (method === 'GET') await this.#get(exchange, target);
      else if (method === 'PUT') await this.#replace(exchange, target);
      else if (method === 'PATCH') await this.#patch(exchange, target);
      else throw methodNotAllowed();
    } else if (id === 'pods/binding' && method === 'POST') await this.#bind(exchange, target);
    else if (id === 'pods/eviction' && method === 'POST') await this.#evict(exchange, target);
    else if (id === 'namespaces/finalize' && method === 'PUT') await this.#finalize(exchange, target);
    else throw noSuchRoute();
  }

  async #get(exchange: Exchange, target: Target): Promise<void> {
    const renderer = this.#renderer(exchange, target);
    sendText(exchange, 200, await this.#context.store.read(() => renderer.object(existing(this.#context, target))));
  }

  async #list(exchange: Exchange, target: Target): Promise<void> {
    const query = exchange.url.searchParams;
    const renderer = this.#renderer(exchange, target);
    const selection = parseSelection(target, target.namespace, query);
    const request = parseListRequest(query);
    const text = await this.#context.store.read(() => {
      const { items, meta } = listObjects(this.#context.store, target, selection, request);
      return renderer.list(items, meta);
    });
    sendText(exchange, 200, text);
  }

  async #watch(exchange: Exchange, target: Target): Promise<void> {
    const query = exchange.url.searchParams;
    const selection = parseSelection(target, target.namespace, query);
    const { store } = this.#context;
    const renderer = this.#renderer(exchange, target);
    const watch = new Watch(store, target, selection, parseWatchRequest(query), renderer, exchange.response);
    this.#watches.add(watch);
    exchange.response.on('close', () => this.#watches.delete(watch));
    await store.read(() => watch.start());
  }

  async #create(exchange: Exchange, target: Target): Promise<void> {
    const renderer = this.#renderer(exchange, target);
    const options = writeOptions(exchange);
    const body = await readBody(exchange.request);
    const object = this.#decode(target, body, options);
    const stored = create(this.#context, target, object, options);
    await this.#context.store.committed();
    sendText(exchange, 201, renderer.object(stored));
  }

  async #replace(exchange: Exchange, target: Target): Promise<void> {
    const renderer = this.#renderer(exchange, target);
    const options = writeOptions(exchange);
    const body = await readBody(exchange.request);
    const object = this.#decode(target, body, options);
    const stored = update(this.#context, target, existing(this.#context, target), object, options);
    await this.#context.store.committed();
    sendText(exchange, 200, renderer.object(stored));
  }

  async #patch(exchange: Exchange, target: Target): Promise<void> {
    const renderer = this.#renderer(exchange, target);
    const options = writeOptions(exchange);
    const body = await readBody(exchange.request);
    // a patch that cannot be read is refused before the object is looked for
    patchFunction(target.resource, body);
    const stored = patchObject(this.#context, target, existing(this.#context, target), body, options);
    await this.#context.store.committed();
    sendText(exchange, 200, renderer.object(stored));
  }

  async #delete(exchange: Exchange, target: Target): Promise<void> {
    const renderer = this.#renderer(exchange, target);
    const options = deleteOptions(await deleteBody(exchange), exchange.url.searchParams);
    const write = { dryRun: options.dryRun, warnings: exchange.warnings };
    const deletion = remove(this.#context, target, existing(this.#context, target), options, write);
    await this.#context.store.committed();
    if (!deletion.gone) sendText(exchange, 200, renderer.object(deletion.stored));
    else sendJson(exchange, 200, deletionStatus(target, deletion));
  }

  async #deleteCollection(exchange: Exchange, target: Target): Promise<void> {
    const renderer = this.#renderer(exchange, target);
    const query = exchange.url.searchParams;
    const options = deleteOptions(await deleteBody(exchange), query);
    const selection = parseSelection(target, target.namespace, query);
    const { store } = this.#context;
    const write = { dryRun: options.dryRun, warnings: exchange.warnings };
    const candidates = currentObjects(store, resourceId(target.resource), selection);
    const matching = candidates.filter(({ object }) => selection.matches?.(object) ?? true);
    const deleted: Stored[] = matching.map((stored) => {
      const { namespace, name } = stored;
      return remove(this.#context, { ...target, namespace, name }, stored, options, write).stored;
    });
    await store.committed();
    sendText(exchange, 200, renderer.list(deleted, { resourceVersion: String(store.revision) }));
  }

  async #bind(exchange: Exchange, target: Target): Promise<void> {
    const options = writeOptions(exchange);
    const { value } = decodeObject(await readBody(exchange.request), { findDuplicates: false });
    bindPod(this.#context, target, value, options);
    await this.#context.store.committed();
    sendJson(exchange, 201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });
  }

  async #evict(exchange: Exchange, target: Target): Promise<void> {
    const options = writeOptions(exchange);
    const { value } = decodeObject(await readBody(exchange.request), { findDuplicates: false });
    const refusal = evictPod(this.#context, target, value, options);
    await this.#context.store.committed();
    if (refusal) throw refusal;
    sendJson(exchange, 201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 });
  }

  async #finalize(exchange: Exchange, target: Target): Promise<void> {
    const renderer = this.#renderer(exchange, target);
    const { value } = decodeObject(await readBody(exchange.request), { findDuplicates: false });
    const stored = finalizeNamespace(this.#context, target, value);
    await this.#context.store.committed();
    sendText(exchange, 200, renderer.object(stored));
  }

  #decode(target: Target, body: Body, options: Options) {
    const { value, duplicates } = decodeObject(body, { findDuplicates: options.fieldValidation !== 'Ignore' });
    const { object, unknown } = conform(target, value);
    options.warnings.push(...judgeFields(target, options.fieldValidation, { unknown, duplicates }));
    return object;
  }

  #renderer({ request, url }: Exchange, target: Target): Renderer {
    return new Renderer(
      target,
      formOf(request.headers.accept),
      url.searchParams.get('includeObject'),
      this.#context.now(),
    );
  }
}

function writeOptions({ url, warnings }: Exchange): Options {
  const dryRun = url.searchParams.getAll('dryRun');
  if (dryRun.some((value) => value !== 'All'))
    throw badRequest(`invalid dryRun ${JSON.stringify(dryRun)}: supported values: "All"`);
  const mode = url.searchParams.get('fieldValidation') || 'Warn';
  if (mode !== 'Strict' && mode !== 'Warn' && mode !== 'Ignore')
    throw badRequest(`invalid fieldValidation ${JSON.stringify(mode)}: supported values: "Ignore", "Warn", "Strict"`);
  return { dryRun: dryRun.length > 0, fieldValidation: mode, warnings };
}

async function deleteBody({ request }: Exchange): Promise<JsonObject> {
  const body = await readBody(request);
  if (body.text.trim() === '') return {};
  const { value } = decodeObject(body, { findDuplicates: false });
  if (value.kind !== undefined && value.kind !== 'DeleteOptions')
    throw new StatusError(
      'BadRequest',
      `the body of a delete must be DeleteOptions, not ${JSON.stringify(value.kind)}`,
    );
  return isObject(value) ? value : {};
}

function deletionStatus({ resource }: Target, { stored }: Deletion): JsonObject {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: stored.name,
      ...(resource.group ? { group: resource.group } : {}),
      kind: resource.plural,
      uid: stored.object.metadata.uid,
    },
  };
}
