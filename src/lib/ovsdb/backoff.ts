// How long to wait before the next attempt to connect.

export interface BackoffOptions {
  /** Milliseconds before the second attempt, and before the first after a connection that worked; default 100. */
  readonly minMs?: number;
  /** Most milliseconds between attempts; default 8000. */
  readonly maxMs?: number;
}

export class Backoff {
  readonly #min: number;
  readonly #max: number;
  #failures = 0;

  constructor({ minMs = 100, maxMs = 8000 }: BackoffOptions = {}) {
    this.#min = minMs;
    this.#max = maxMs;
  }

  /** Milliseconds: 0 the very first time, then doubling; up to a quarter is taken off at random, so that clients spread. */
  next(random: number = Math.random()): number {
    const failures = this.#failures++;
    if (failures === 0) return 0;
    const full = Math.min(this.#max, this.#min * 2 ** (failures - 1));
    return full * (1 - random / 4);
  }

  /** To be called when an attempt succeeded. The next one waits all the same: the server may hang up at once. */
  reset(): void {
    this.#failures = 1;
  }
}
