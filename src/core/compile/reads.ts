/** Who read what: the dependencies between rule instances and the things they looked at. */
import { equal } from '../ovn/equal.ts';
import type { Read } from './rule.ts';
import type { KindName, Kinds, ReadonlyWorld } from './world.ts';

/** One tracked read: what was read, and, with a projection, what it looked like then. */
export interface ReadRecord {
  readonly dependency: string;
  readonly project?: (object: unknown) => unknown;
  readonly seen?: unknown;
}

export const objectDependency = (kind: string, key: string) => `${kind}/${key}`;
export const indexDependency = (kind: string, index: string, value: string) => `${kind}#${index}=${value}`;
export const factDependency = (fact: string, key: string) => `fact:${fact}/${key}`;

/** Reads for those who ask once and do not have to hear of changes; facts are known to rules only. */
export function untracked(world: ReadonlyWorld): Read {
  return {
    get: <K extends KindName, T>(kind: K, key: string, project?: (object: Kinds[K]) => T) => {
      const object = world.get(kind, key);
      return object === undefined || !project ? object : project(object);
    },
    keys: (kind, index, value) => world.keys(kind, index, value),
    fact: () => undefined,
  } as Read;
}

/** Anything that can depend: the engine's rule instances. */
export interface Dependent {
  readonly id: string;
  reads: readonly ReadRecord[];
}

export class Dependencies<D extends Dependent> {
  readonly #dependents = new Map<string, Set<D>>();

  /** Replaces the reads of `dependent`. */
  record(dependent: D, reads: readonly ReadRecord[]): void {
    const wanted = new Set(reads.map(({ dependency }) => dependency));
    for (const { dependency } of dependent.reads) if (!wanted.has(dependency)) this.#drop(dependent, dependency);
    dependent.reads = reads;
    for (const dependency of wanted) {
      let set = this.#dependents.get(dependency);
      if (!set) this.#dependents.set(dependency, (set = new Set()));
      set.add(dependent);
    }
  }

  forget(dependent: D): void {
    this.record(dependent, []);
  }

  /** Calls `visit` for all whose reads of `dependency` would come out differently now that it is `current`. */
  affected(dependency: string, current: unknown, visit: (dependent: D) => void): void {
    for (const dependent of this.#dependents.get(dependency) ?? []) {
      if (dependent.reads.some((read) => read.dependency === dependency && differs(read, current))) visit(dependent);
    }
  }

  #drop(dependent: D, dependency: string): void {
    const set = this.#dependents.get(dependency);
    set?.delete(dependent);
    if (set?.size === 0) this.#dependents.delete(dependency);
  }
}

function differs(read: ReadRecord, current: unknown): boolean {
  if (!read.project) return true;
  return !equal(current === undefined ? undefined : read.project(current), read.seen);
}
