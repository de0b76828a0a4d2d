/** Rows that are not in the database although they should be, and why. */
import type { Issue } from '../../core/compile/rule.ts';
import type { RowId } from '../../core/ovn/row.ts';

export class Rejections {
  readonly #reasons = new Map<RowId, string>();
  readonly #isPresent: (id: RowId) => boolean;

  constructor(isPresent: (id: RowId) => boolean) {
    this.#isPresent = isPresent;
  }

  add(id: RowId, why: string): void {
    this.#reasons.set(id, why);
  }

  /** they are tried again: what was said of them may be over */
  forget(ids: Iterable<RowId>): void {
    for (const id of ids) this.#reasons.delete(id);
  }

  /** Forgets those that have arrived after all; returns them. */
  takeArrived(): readonly RowId[] {
    const arrived = [...this.#reasons.keys()].filter((id) => this.#isPresent(id));
    this.forget(arrived);
    return arrived;
  }

  issues(rows: readonly RowId[]): Issue[] {
    return rows
      .filter((id) => this.#reasons.has(id) && !this.#isPresent(id))
      .map((id) => ({ reason: 'RejectedByOvn', message: `row ${id} is not in OVN: ${this.#reasons.get(id)}` }));
  }
}
