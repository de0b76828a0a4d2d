/**
 * The collector removes what nobody wants any longer, after the commit that made it so: dependents of deleted owners,
 * the content of namespaces and the instances of definitions that are being deleted, events past their time.
 *
 * Level-triggered: a commit puts keys into a set, one run per turn of the event loop works the set off against the state
 * of then. Whatever could not be done (admission refused it) is tried again after a second.
 */
import type { Collecting } from './collecting.ts';
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER, remove } from './deletion.ts';
import { endDefinition, DEFINITIONS } from './custom-resources.ts';
import { deleteDependents, orphanDependents, settleOwners } from './dependents.ts';
import { endNamespace } from './namespace-lifecycle.ts';
import type { Stored } from './model/objects.ts';
import { resourceId } from './model/resource.ts';
import { StatusError } from './model/status-error.ts';
import type { Change } from './watch-history.ts';
import type { Target, WriteContext } from './writes.ts';

/** milliseconds until something that was refused is tried again */
const RETRY = 1000;
/** milliseconds between looks for objects past their time to live */
const EXPIRY_INTERVAL = 30_000;

export class Collector implements Collecting {
  readonly context: WriteContext;
  readonly #uids = new Set<string>();
  readonly #goneOwners = new Set<string>();
  #scheduled: NodeJS.Immediate | undefined;
  #retry: NodeJS.Timeout | undefined;
  readonly #expiry: NodeJS.Timeout;
  readonly #report: (error: unknown, what: string) => void;

  constructor(context: WriteContext, report: (error: unknown, what: string) => void) {
    this.context = context;
    this.#report = report;
    context.store.onCommit((change) => this.#observe(change));
    this.#expiry = setInterval(() => this.expire(), EXPIRY_INTERVAL);
    this.#expiry.unref();
  }

  /** Looks at every object once, as after a start: what was under way goes on. */
  start(): void {
    for (const resource of this.context.registry.all())
      for (const stored of this.context.store.list(resourceId(resource))) this.#consider(stored);
  }

  stop(): void {
    clearInterval(this.#expiry);
    clearTimeout(this.#retry);
    clearImmediate(this.#scheduled);
  }

  later(uid: string): void {
    this.#uids.add(uid);
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      this.#run();
    }, RETRY);
    this.#retry.unref();
  }

  collect(stored: Stored): void {
    const target = targetOf(this, stored);
    const { metadata } = stored.object;
    if (!target || (metadata.deletionTimestamp && metadata.finalizers?.length)) return;
    try {
      const write = { dryRun: false, warnings: [] };
      remove(this.context, target, stored, { propagation: 'Background', dryRun: false }, write);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      this.#report(error, `collecting ${stored.resourceId} ${stored.namespace}/${stored.name}`);
      this.#retryParents(stored);
    }
  }

  #retryParents({ resourceId, namespace, object }: Stored): void {
    const { store } = this.context;
    this.later(object.metadata.uid);
    for (const { uid } of object.metadata.ownerReferences ?? []) this.later(uid);
    for (const parent of [store.get('namespaces', '', namespace), store.get(DEFINITIONS, '', resourceId)])
      if (parent?.object.metadata.deletionTimestamp) this.later(parent.object.metadata.uid);
  }

  #observe({ type, object }: Change): void {
    if (type === 'DELETED') this.#observeDeletion(object);
    else this.#consider(object);
  }

  #observeDeletion({ resourceId, namespace, object }: Stored): void {
    const { store } = this.context;
    if (store.dependentsOf(object.metadata.uid).length > 0) this.#schedule(this.#goneOwners, object.metadata.uid);
    // an owner, a namespace or a definition may have been waiting for exactly this
    for (const { uid } of object.metadata.ownerReferences ?? []) this.#schedule(this.#uids, uid);
    const parents = [store.get('namespaces', '', namespace), store.get(DEFINITIONS, '', resourceId)];
    for (const parent of parents)
      if (parent?.object.metadata.deletionTimestamp) this.#schedule(this.#uids, parent.object.metadata.uid);
  }

  #consider({ object }: Stored): void {
    const { uid, deletionTimestamp, ownerReferences = [] } = object.metadata;
    if (deletionTimestamp || ownerReferences.length > 0) this.#schedule(this.#uids, uid);
  }

  #schedule(set: Set<string>, uid: string): void {
    set.add(uid);
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      this.#run();
    });
  }

  #run(): void {
    const [uids, gone] = [[...this.#uids], [...this.#goneOwners]];
    this.#uids.clear();
    this.#goneOwners.clear();
    const { store } = this.context;
    for (const owner of gone) for (const dependent of store.dependentsOf(owner)) settleOwners(this, dependent);
    for (const uid of uids) {
      const stored = store.byUid(uid);
      if (stored) settle(this, stored);
    }
  }

  /** Drops what is past its time to live. */
  expire(): void {
    const { store, registry, now } = this.context;
    for (const resource of registry.all()) {
      const { timeToLive } = resource.strategy;
      if (timeToLive === undefined) continue;
      const limit = now().getTime() - timeToLive * 1000;
      for (const stored of store.list(resourceId(resource))) if (lastTouched(stored) < limit) store.remove(stored);
    }
  }
}

function lastTouched({ object }: Stored): number {
  const times = [object.lastTimestamp, object.eventTime, object.metadata.creationTimestamp];
  return Math.max(...times.map((time) => (typeof time === 'string' ? Date.parse(time) || 0 : 0)));
}

function settle(collector: Collector, stored: Stored): void {
  const { metadata } = stored.object;
  if (metadata.ownerReferences?.length) settleOwners(collector, stored);
  if (!metadata.deletionTimestamp) return;
  if (metadata.finalizers?.includes(ORPHAN_FINALIZER)) orphanDependents(collector, stored);
  else if (metadata.finalizers?.includes(FOREGROUND_FINALIZER)) deleteDependents(collector, stored);
  else if (stored.resourceId === 'namespaces') endNamespace(collector, stored);
  else if (stored.resourceId === DEFINITIONS && endDefinition(collector, stored)) collector.later(metadata.uid);
}

function targetOf({ context }: Collector, { resourceId, namespace, name }: Stored): Target | undefined {
  const resource = context.registry.get(resourceId);
  const version = resource?.versions.find(({ name: it }) => it === resource.storageVersion);
  return resource && version ? { resource, version, namespace, name, subresource: '' } : undefined;
}
