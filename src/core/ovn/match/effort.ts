/** What looking at matches may cost: a match is short and what it says can be long, so that time would be in the hands of whoever wrote it. */
export class Effort {
  #left: number;

  /** `steps`: comparisons of single facts, some ten million a second */
  constructor(steps: number) {
    this.#left = steps;
  }

  get isSpent(): boolean {
    return this.#left < 0;
  }

  /** @throws TooMuch when nothing is left */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new TooMuch();
  }
}

/** never leaves this folder */
class TooMuch extends Error {}

/** The result, or `otherwise` if there was not enough left for it. */
export function within<T>(effort: Effort, otherwise: T, look: () => T): T {
  if (effort.isSpent) return otherwise;
  try {
    return look();
  } catch (error) {
    if (error instanceof TooMuch) return otherwise;
    throw error;
  }
}
