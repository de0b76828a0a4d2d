/**
 * Keys to be worked on. A key that is added while it is being worked on is worked on once more afterwards; the same key is never with two
 * workers; a failed key comes back after a delay that doubles. (The `dirty` and `processing` sets of client-go's workqueue.)
 */
export interface WorkQueueOptions {
  readonly workers: number;
  readonly work: (key: string) => Promise<void>;
  /** told of each failure; the key is tried again */
  readonly onError?: (key: string, error: unknown) => void;
  /** milliseconds before the first retry; default 20 */
  readonly firstRetry?: number;
  /** longest delay in milliseconds; default 30,000 */
  readonly longestRetry?: number;
}

export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #dirty = new Set<string>();
  /** worked on when nothing is dirty */
  readonly #low = new Set<string>();
  readonly #processing = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #idle: (() => void)[] = [];
  #stopped = false;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** keys that wait or are being worked on */
  get size(): number {
    return this.#dirty.size + this.#low.size + this.#processing.size;
  }

  add(key: string): void {
    if (this.#stopped) return;
    this.#low.delete(key);
    this.#dirty.add(key);
    this.#next();
  }

  /** A key that can wait behind all others, such as what was there before a restart. */
  addLow(key: string): void {
    if (this.#stopped || this.#dirty.has(key)) return;
    this.#low.add(key);
    this.#next();
  }

  addAfter(key: string, milliseconds: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timers.get(key));
    this.#timers.set(
      key,
      setTimeout(() => {
        this.#timers.delete(key);
        this.add(key);
      }, milliseconds),
    );
  }

  /** Takes no more keys; resolves when the workers are done with theirs. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#dirty.clear();
    this.#low.clear();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    if (this.#processing.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #next(): void {
    for (const waiting of [this.#dirty, this.#low]) {
      for (const key of waiting) {
        if (this.#processing.size >= this.#options.workers) return;
        if (this.#processing.has(key)) continue;
        waiting.delete(key);
        this.#processing.add(key);
        void this.#work(key);
      }
    }
  }

  async #work(key: string): Promise<void> {
    try {
      await this.#options.work(key);
      this.#failures.delete(key);
    } catch (error) {
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      this.#options.onError?.(key, error);
      const { firstRetry = 20, longestRetry = 30_000 } = this.#options;
      this.addAfter(key, Math.min(firstRetry * 2 ** (failures - 1), longestRetry));
    }
    this.#processing.delete(key);
    if (this.#processing.size === 0) {
      for (const resolve of this.#idle) resolve();
      this.#idle = [];
    }
    this.#next();
  }
}
