/** Objects, lists and watch events as JSON text in the form the client asked for, joined from cached texts. */
import { stringifyJson } from '../../lib/schema/json-text.ts';
import { badRequest } from './model/status-error.ts';
import { jsonAs, type Stored } from './model/objects.ts';
import type { Form } from './negotiation.ts';
import type { ServedResource } from './registry.ts';
import { apiVersionOf } from './model/resource.ts';

export interface ListMeta {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export class Renderer {
  readonly #served: ServedResource;
  readonly #apiVersion: string;
  readonly #form: Form;
  readonly #includeObject: string;
  readonly #now: Date;

  /** @param includeObject the query parameter of tables: Metadata (default), None, Object @throws StatusError BadRequest */
  constructor(served: ServedResource, form: Form, includeObject: string | null, now: Date) {
    this.#served = served;
    this.#apiVersion = apiVersionOf(served.resource.group, served.version.name);
    this.#form = form;
    this.#includeObject = includeObject || 'Metadata';
    this.#now = now;
    if (!['None', 'Metadata', 'Object'].includes(this.#includeObject))
      throw badRequest(`invalid includeObject ${JSON.stringify(includeObject)}: must be None, Metadata or Object`);
  }

  /** One object, as the answer to get, create, update, patch and delete. */
  object(stored: Stored): string {
    if (this.#form === 'table') return this.#table([stored], { resourceVersion: String(stored.revision) }, true);
    return this.#form === 'metadata' ? this.#partial(stored) : jsonAs(stored, this.#apiVersion);
  }

  list(items: readonly Stored[], meta: ListMeta): string {
    if (this.#form === 'table') return this.#table(items, meta, true);
    const [apiVersion, kind, texts] =
      this.#form === 'metadata'
        ? ['meta.k8s.io/v1', 'PartialObjectMetadataList', items.map((item) => this.#partial(item))]
        : [this.#apiVersion, this.#served.resource.listKind, items.map((item) => jsonAs(item, this.#apiVersion))];
    return `{"apiVersion":"${apiVersion}","kind":"${kind}","metadata":${JSON.stringify(meta)},"items":[${texts.join(',')}]}`;
  }

  /** One line of a watch. @param first the first event of a watch of tables names the columns */
  event(type: string, stored: Stored, first: boolean): string {
    const object =
      this.#form === 'table'
        ? this.#table([stored], { resourceVersion: String(stored.revision) }, first)
        : this.object(stored);
    return `{"type":"${type}","object":${object}}\n`;
  }

  /** A bookmark: no object, only a revision. */
  bookmark(revision: number, annotations?: Readonly<Record<string, string>>): string {
    const [apiVersion, kind] =
      this.#form === 'table'
        ? ['meta.k8s.io/v1', 'Table']
        : this.#form === 'metadata'
          ? ['meta.k8s.io/v1', 'PartialObjectMetadata']
          : [this.#apiVersion, this.#served.resource.kind];
    const metadata = {
      resourceVersion: String(revision),
      creationTimestamp: null,
      ...(annotations ? { annotations } : {}),
    };
    const rows = this.#form === 'table' ? { rows: [] } : {};
    return `${JSON.stringify({ type: 'BOOKMARK', object: { kind, apiVersion, metadata, ...rows } })}\n`;
  }

  #partial({ object }: Stored): string {
    return `{"apiVersion":"meta.k8s.io/v1","kind":"PartialObjectMetadata","metadata":${JSON.stringify(object.metadata)}}`;
  }

  #table(items: readonly Stored[], meta: ListMeta, withColumns: boolean): string {
    const { columns } = this.#served.version;
    const definitions = columns.map(({ name, type, format = '', description = '', priority }) => ({
      name,
      type,
      format,
      description,
      priority,
    }));
    const rows = items.map((item) => this.#row(item));
    const columnText = withColumns ? `"columnDefinitions":${JSON.stringify(definitions)},` : '"columnDefinitions":[],';
    return `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":${JSON.stringify(meta)},${columnText}"rows":[${rows.join(',')}]}`;
  }

  #row(stored: Stored): string {
    const cells = stringifyJson(this.#served.version.row(stored.object, this.#now));
    if (this.#includeObject === 'None') return `{"cells":${cells}}`;
    const object = this.#includeObject === 'Object' ? jsonAs(stored, this.#apiVersion) : this.#partial(stored);
    return `{"cells":${cells},"object":${object}}`;
  }
}
