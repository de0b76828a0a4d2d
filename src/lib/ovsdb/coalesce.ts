// What arrives together leaves together: items are collected while a flush is running (or for a short window) and go
// out in the next one, at most `maxItems` at a time, in the order of arrival.

export interface CoalescerOptions<T> {
  /** Sends the items; its rejection is the rejection of each of them. */
  readonly flush: (items: readonly T[]) => Promise<void>;
  /** Most items in one flush, at least 1. */
  readonly maxItems: number;
  /** Milliseconds to wait for more after the first item; default 0: to the end of this turn of the event loop. */
  readonly windowMs?: number;
  /**
   * Most flushes at a time; default 1. With 2, the server works on one while the client makes the next: faster, but a
   * flush then begins without knowing how the one before it ends.
   */
  readonly maxFlushes?: number;
  /** With this many items waiting, `room` makes a producer wait; default: ten flushes. */
  readonly maxWaiting?: number;
}

interface Entry<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Coalescer<T> {
  readonly #flush: (items: readonly T[]) => Promise<void>;
  readonly #maxItems: number;
  readonly #windowMs: number;
  readonly #maxFlushes: number;
  readonly #maxWaiting: number;
  #waiting: Entry<T>[] = [];
  #producers: (() => void)[] = [];
  #flushing = 0;
  /** Stops the window that is open. */
  #window: (() => void) | undefined;

  constructor(options: CoalescerOptions<T>) {
    const { flush, maxItems, windowMs = 0, maxFlushes = 1, maxWaiting = 10 * maxItems } = options;
    if (!(maxItems >= 1)) throw new RangeError(`maxItems must be at least 1, not ${maxItems}.`);
    if (!(maxWaiting >= 1)) throw new RangeError(`maxWaiting must be at least 1, not ${maxWaiting}.`);
    this.#flush = flush;
    this.#maxItems = maxItems;
    this.#windowMs = windowMs;
    this.#maxFlushes = maxFlushes;
    this.#maxWaiting = maxWaiting;
  }

  /** How many items wait for a flush. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when the flush that carried the item is done; rejects as that flush does. */
  submit(item: T): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#schedule();
    });
  }

  /** Back-pressure: resolves when fewer than `maxWaiting` items wait. A producer of many awaits it before each submit. */
  room(): Promise<void> {
    if (this.#waiting.length < this.#maxWaiting) return Promise.resolve();
    return new Promise((resolve) => this.#producers.push(resolve));
  }

  #schedule(): void {
    if (this.#flushing >= this.#maxFlushes) return;
    if (this.#waiting.length >= this.#maxItems) return this.#start();
    this.#window ??= openWindow(this.#windowMs, () => this.#start());
  }

  #start(): void {
    this.#window?.();
    this.#window = undefined;
    this.#flushing++;
    const batch = this.#waiting.splice(0, this.#maxItems);
    this.#release();
    void this.#run(batch);
  }

  async #run(batch: readonly Entry<T>[]): Promise<void> {
    try {
      await this.#flush(batch.map(({ item }) => item));
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
    this.#flushing--;
    // What arrived meanwhile has waited long enough: no window before the next flush.
    if (this.#waiting.length > 0) this.#start();
  }

  /** Lets in as many producers as there is room for; those whom they overtake ask again. */
  #release(): void {
    const free = this.#maxWaiting - this.#waiting.length;
    for (const resume of this.#producers.splice(0, Math.max(0, free))) resume();
  }
}

function openWindow(ms: number, then: () => void): () => void {
  if (ms > 0) {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  }
  const immediate = setImmediate(then);
  return () => clearImmediate(immediate);
}
