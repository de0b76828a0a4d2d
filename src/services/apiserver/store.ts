/**
 * The store: all objects in memory, every change in the SQLite file before anybody hears of it.
 *
 *   write (synchronous) -> staged in memory -> [next turn of the event loop] one COMMIT for all that came together
 *                                                 |-> history and watchers -> acknowledgements -> waiting reads
 *
 * Writes see staged writes (so two creates of one name cannot both pass); reads never do: `read` runs its function when
 * nothing is staged. A commit that fails takes back what was staged, in reverse order.
 */
import { parseJson } from '../../lib/schema/json-text.ts';
import { ObjectTable } from './object-table.ts';
import { storedObject, type KubeObject, type Stored } from './model/objects.ts';
import type { Storage } from './storage.ts';
import { WatchHistory, type Change } from './watch-history.ts';

export type ChangeListener = (change: Change) => void;

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

export interface StoreOptions {
  /** changes per resource that a watch can go back; default 4096 */
  readonly historyCapacity?: number;
}

export class Store {
  readonly #storage: Storage;
  readonly #historyCapacity: number;
  readonly #loadedRevision: number;
  readonly #tables = new Map<string, ObjectTable>();
  readonly #histories = new Map<string, WatchHistory>();
  readonly #watchers = new Map<string, Set<ChangeListener>>();
  readonly #listeners: ChangeListener[] = [];
  readonly #byUid = new Map<string, Stored>();
  readonly #dependents = new Map<string, Map<string, Stored>>();
  #revision: number;
  #staged: Change[] = [];
  #writers: Waiter[] = [];
  #readers: (() => void)[] = [];
  #closed = false;

  constructor(storage: Storage, options: StoreOptions = {}) {
    this.#storage = storage;
    this.#historyCapacity = options.historyCapacity ?? 4096;
    this.#revision = storage.revision();
    this.#loadedRevision = this.#revision;
    for (const { resourceId, namespace, name, revision, json } of storage.rows())
      this.#index(undefined, { resourceId, namespace, name, revision, json, object: parseJson(json) as KubeObject });
  }

  /** The highest revision given so far. Inside `read`: the revision of what is read. */
  get revision(): number {
    return this.#revision;
  }

  get(resourceId: string, namespace: string, name: string): Stored | undefined {
    return this.#tables.get(resourceId)?.get(namespace, name);
  }

  list(resourceId: string, namespace?: string): Stored[] {
    return this.#tables.get(resourceId)?.list(namespace) ?? [];
  }

  count(resourceId: string): number {
    return this.#tables.get(resourceId)?.count ?? 0;
  }

  /** Has the resource any object in the namespace? */
  hasAny(resourceId: string, namespace: string): boolean {
    return this.#tables.get(resourceId)?.has(namespace) ?? false;
  }

  byUid(uid: string): Stored | undefined {
    return this.#byUid.get(uid);
  }

  /** The objects that name the uid in their ownerReferences. */
  dependentsOf(uid: string): Stored[] {
    return [...(this.#dependents.get(uid)?.values() ?? [])];
  }

  /** Stages a new object or a new state of one; the object is the store's from now on. */
  put(resourceId: string, object: KubeObject): Stored {
    const stored = storedObject(resourceId, object, this.#revision + 1);
    const old = this.get(resourceId, stored.namespace, stored.name);
    this.#stage({ type: old ? 'MODIFIED' : 'ADDED', revision: stored.revision, old, object: stored });
    return stored;
  }

  /** Stages a deletion. @returns the last state, with the revision of the deletion */
  remove(old: Stored): Stored {
    const object = { ...old.object, metadata: { ...old.object.metadata } };
    const last = storedObject(old.resourceId, object, this.#revision + 1);
    this.#stage({ type: 'DELETED', revision: last.revision, old, object: last });
    return last;
  }

  /**
   * Shows an object in another form from now on, without a change of it: no revision, no event, nothing on disk
   * (a custom resource after its schema changed, as upstream defaults what it reads from storage).
   */
  reshape(old: Stored, object: KubeObject): void {
    this.#index(old, storedObject(old.resourceId, object, old.revision));
  }

  /** Resolves when all that is staged now is on disk. @throws what SQLite threw; then nothing of it happened */
  committed(): Promise<void> {
    if (this.#staged.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => this.#writers.push({ resolve, reject }));
  }

  /** Runs a synchronous function at a moment when memory and disk are the same. */
  read<T>(reader: () => T): Promise<T> {
    if (this.#staged.length === 0) return Promise.resolve().then(() => this.#readNow(reader));
    return new Promise((resolve) => this.#readers.push(() => resolve(this.#guarded(reader))));
  }

  #readNow<T>(reader: () => T): T | Promise<T> {
    return this.#staged.length === 0 ? reader() : this.read(reader);
  }

  #guarded<T>(reader: () => T): T | Promise<T> {
    try {
      return reader();
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  /** Calls the listener with every committed change of every resource, in order. Listeners must not throw. */
  onCommit(listener: ChangeListener): void {
    this.#listeners.push(listener);
  }

  /** Calls the listener with every committed change of one resource from now on; call it inside `read`. */
  watch(resourceId: string, listener: ChangeListener): () => void {
    let watchers = this.#watchers.get(resourceId);
    if (!watchers) this.#watchers.set(resourceId, (watchers = new Set()));
    watchers.add(listener);
    return () => watchers.delete(listener);
  }

  /** Committed changes of a resource after a revision; undefined if that is too long ago. Call it inside `read`. */
  changesSince(resourceId: string, revision: number): readonly Change[] | undefined {
    return this.#history(resourceId).since(revision);
  }

  /** Commits what is staged and closes the file. */
  close(): void {
    this.#commit();
    this.#closed = true;
    this.#storage.close();
  }

  #history(resourceId: string): WatchHistory {
    let history = this.#histories.get(resourceId);
    if (!history)
      this.#histories.set(resourceId, (history = new WatchHistory(this.#loadedRevision, this.#historyCapacity)));
    return history;
  }

  #stage(change: Change): void {
    if (this.#closed) throw new Error('store: a write after close');
    if (this.#staged.length === 0) setImmediate(() => this.#commit());
    this.#revision = change.revision;
    this.#staged.push(change);
    this.#index(change.old, change.type === 'DELETED' ? undefined : change.object);
  }

  #commit(): void {
    const [changes, writers] = [this.#staged, this.#writers];
    if (changes.length === 0) return;
    this.#writers = [];
    try {
      this.#storage.commit(changes.map(rowChange), this.#revision);
    } catch (error) {
      this.#takeBack(changes);
      this.#staged = [];
      for (const writer of writers) writer.reject(error);
      this.#runReaders();
      return;
    }
    this.#staged = [];
    for (const change of changes) this.#announce(change);
    for (const writer of writers) writer.resolve();
    this.#runReaders();
  }

  /** Revisions that were given are not given again: nothing of them was seen, but a gap does no harm. */
  #takeBack(changes: readonly Change[]): void {
    for (const { type, old, object } of changes.toReversed()) this.#index(type === 'DELETED' ? undefined : object, old);
  }

  #announce(change: Change): void {
    this.#history(change.object.resourceId).push(change);
    for (const listener of this.#listeners) listener(change);
    for (const watcher of this.#watchers.get(change.object.resourceId) ?? []) watcher(change);
  }

  #runReaders(): void {
    // a reader or listener that staged something makes the rest wait for the next commit
    while (this.#staged.length === 0) {
      const reader = this.#readers.shift();
      if (!reader) return;
      reader();
    }
  }

  /** Replaces one state of an object by another in every index. */
  #index(old: Stored | undefined, object: Stored | undefined): void {
    const { resourceId, namespace, name } = (object ?? old)!;
    let table = this.#tables.get(resourceId);
    if (!table) this.#tables.set(resourceId, (table = new ObjectTable()));
    if (object) table.put(object);
    else table.delete(namespace, name);
    if (old) this.#byUid.delete(old.object.metadata.uid);
    if (object) this.#byUid.set(object.object.metadata.uid, object);
    const key = `${resourceId}/${namespace}/${name}`;
    for (const { uid } of old?.object.metadata.ownerReferences ?? []) this.#removeDependent(uid, key);
    for (const { uid } of object?.object.metadata.ownerReferences ?? []) this.#addDependent(uid, key, object!);
  }

  #removeDependent(owner: string, key: string): void {
    const dependents = this.#dependents.get(owner);
    dependents?.delete(key);
    if (dependents?.size === 0) this.#dependents.delete(owner);
  }

  #addDependent(owner: string, key: string, dependent: Stored): void {
    let dependents = this.#dependents.get(owner);
    if (!dependents) this.#dependents.set(owner, (dependents = new Map()));
    dependents.set(key, dependent);
  }
}

function rowChange({ type, revision, object }: Change) {
  const { resourceId, namespace, name, json } = object;
  return { resourceId, namespace, name, revision, ...(type === 'DELETED' ? {} : { json }) };
}
