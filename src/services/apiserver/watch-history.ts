import type { Stored } from './model/objects.ts';

/** One committed change of one object. */
export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly revision: number;
  /** the state before; absent for ADDED */
  readonly old: Stored | undefined;
  /** the state after; for DELETED the last state with the revision of the deletion, as upstream's watch shows it */
  readonly object: Stored;
}

/** The last changes of one resource, oldest first: what a watch from an older revision is answered from. */
export class WatchHistory {
  readonly #capacity: number;
  #changes: Change[] = [];
  #floor: number;

  /** @param floor the revision up to which nothing is known @param capacity changes that are kept at least */
  constructor(floor: number, capacity: number) {
    this.#floor = floor;
    this.#capacity = capacity;
  }

  push(change: Change): void {
    this.#changes.push(change);
    // cut in big steps, so that each push costs O(1)
    if (this.#changes.length < this.#capacity * 2) return;
    const cut = this.#changes.length - this.#capacity;
    this.#floor = this.#changes[cut - 1]!.revision;
    this.#changes = this.#changes.slice(cut);
  }

  /** The changes after a revision, or undefined if some of them are forgotten (410 Gone). */
  since(revision: number): readonly Change[] | undefined {
    if (revision < this.#floor) return undefined;
    let [low, high] = [0, this.#changes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#changes[middle]!.revision <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#changes.slice(low);
  }
}
