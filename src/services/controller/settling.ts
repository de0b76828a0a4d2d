/** What is on its way is not said at once: it may have arrived by then, and one write is saved. */
import type { WorkQueue } from '../../lib/kube/work-queue.ts';

/** milliseconds: what has not settled within this time is said */
const SETTLING = 1000;

export class Settling {
  readonly #queue: WorkQueue;
  /** key -> since when it has not been settled (performance.now) */
  readonly #since = new Map<string, number>();

  constructor(queue: WorkQueue) {
    this.#queue = queue;
  }

  forget(key: string): void {
    this.#since.delete(key);
  }

  /** Whether to write now; if not, the key comes back to the queue. @param settled what would be said is there to stay */
  isOver(key: string, settled: boolean): boolean {
    if (settled) {
      this.#since.delete(key);
      return true;
    }
    const now = performance.now();
    const since = this.#since.get(key) ?? now;
    this.#since.set(key, since);
    if (now - since >= SETTLING) return true;
    this.#queue.addAfter(key, SETTLING - (now - since));
    return false;
  }
}
