/** Lists: selection, limit and continue, exact revisions. */
import { isObject } from '../../lib/schema/structural-schema.ts';
import type { Stored } from './model/objects.ts';
import type { ServedResource } from './registry.ts';
import type { ListMeta } from './rendering.ts';
import { resourceId } from './model/resource.ts';
import type { Selection } from './selection.ts';
import { badRequest, expired, StatusError } from './model/status-error.ts';
import type { Store } from './store.ts';

export interface ListRequest {
  /** undefined: the state of now */
  readonly revision: number | undefined;
  readonly exact: boolean;
  /** 0: no limit */
  readonly limit: number;
  readonly continueAfter: string | undefined;
  readonly inconsistent: boolean;
}

/** From the query of a request. @throws StatusError BadRequest */
export function parseListRequest(query: URLSearchParams): ListRequest {
  const limit = Number(query.get('limit') || 0);
  if (!Number.isInteger(limit) || limit < 0) throw badRequest(`invalid limit ${JSON.stringify(query.get('limit'))}`);
  const text = query.get('resourceVersion') || '0';
  const revision = parseRevision(text);
  const match = query.get('resourceVersionMatch');
  const token = query.get('continue');
  if (token) {
    if (revision !== 0) throw badRequest('specifying resource version is not allowed when using continue');
    return { exact: true, limit, ...parseToken(token) };
  }
  if (match && match !== 'Exact' && match !== 'NotOlderThan')
    throw badRequest(
      `resourceVersionMatch: Unsupported value: ${JSON.stringify(match)}: supported values: "Exact", "NotOlderThan"`,
    );
  // upstream: a limit with a revision and no match rule means that revision exactly
  const exact = match === 'Exact' || (!match && limit > 0 && revision > 0);
  return {
    revision: revision === 0 ? undefined : revision,
    exact,
    limit,
    continueAfter: undefined,
    inconsistent: false,
  };
}

/** @throws StatusError BadRequest */
export function parseRevision(text: string): number {
  const revision = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(revision)) return revision;
  throw badRequest(`invalid resource version ${JSON.stringify(text)}: must be an unsigned integer`);
}

/** The items and metadata of a list; call it inside `store.read`. @throws StatusError Expired */
export function listObjects(
  store: Store,
  { resource }: ServedResource,
  selection: Selection,
  request: ListRequest,
): { items: Stored[]; meta: ListMeta } {
  const id = resourceId(resource);
  const current = store.revision;
  if (request.revision !== undefined && request.revision > current)
    throw new StatusError('Timeout', `Too large resource version: ${request.revision}, current: ${current}`, {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    });
  const revision = request.exact && request.revision !== undefined ? request.revision : current;
  const all =
    revision === current ? currentObjects(store, id, selection) : objectsAt(store, id, selection, revision, request);
  const after = request.continueAfter;
  const rest = after === undefined ? all : all.filter((stored) => keyOf(stored) > after);
  const { matches } = selection;
  const matching = matches ? rest.filter(({ object }) => matches(object)) : rest;
  if (request.limit === 0 || matching.length <= request.limit)
    return { items: matching, meta: { resourceVersion: String(revision) } };
  const items = matching.slice(0, request.limit);
  const meta = {
    resourceVersion: String(revision),
    continue: token(revision, keyOf(items.at(-1)!)),
    // upstream leaves the count out where a selector makes it unknown
    ...(matches ? {} : { remainingItemCount: matching.length - items.length }),
  };
  return { items, meta };
}

export function currentObjects(store: Store, id: string, { namespace, name }: Selection): Stored[] {
  if (name === undefined || namespace === undefined) return store.list(id, namespace);
  const stored = store.get(id, namespace, name);
  return stored ? [stored] : [];
}

/** The objects as they were at a revision: what is now, with the changes since then taken back. */
function objectsAt(store: Store, id: string, selection: Selection, revision: number, request: ListRequest): Stored[] {
  const changes = store.changesSince(id, revision);
  if (!changes) {
    if (request.continueAfter === undefined) throw expired(`The resourceVersion for the provided list is too old.`);
    if (request.inconsistent) return currentObjects(store, id, selection);
    throw tokenExpired(request.continueAfter);
  }
  const before = new Map<string, Stored | undefined>();
  for (const { object, old } of changes) if (!before.has(keyOf(object))) before.set(keyOf(object), old);
  const { namespace } = selection;
  const kept = currentObjects(store, id, selection).filter((stored) => !before.has(keyOf(stored)));
  const restored = [...before.values()].filter(
    (stored) => stored !== undefined && (namespace === undefined || stored.namespace === namespace),
  ) as Stored[];
  return [...kept, ...restored].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function tokenExpired(after: string): StatusError {
  return new StatusError(
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    undefined,
    { continue: token(INCONSISTENT, after) },
  );
}

/** the revision in a token that goes on with whatever is there now */
const INCONSISTENT = -1;

function keyOf({ namespace, name }: Stored): string {
  return `${namespace}/${name}`;
}

function token(revision: number, after: string): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: after })).toString('base64url');
}

function parseToken(text: string): Pick<ListRequest, 'revision' | 'continueAfter' | 'inconsistent'> {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (isObject(value) && typeof value.rv === 'number' && typeof value.start === 'string')
      return value.rv < 0
        ? { revision: undefined, continueAfter: value.start, inconsistent: true }
        : { revision: value.rv, continueAfter: value.start, inconsistent: false };
  } catch {
    // falls through: whatever is wrong with it, the token is not ours
  }
  throw badRequest('continue key is not valid: the token was not made by this server');
}
