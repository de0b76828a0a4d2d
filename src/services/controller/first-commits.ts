/** How long it takes from the first word of a pod until its interface is in the Northbound database. */
export class FirstCommits {
  /** owner -> when it was first heard of (performance.now) */
  readonly #heard = new Map<string, number>();
  readonly #observe: (seconds: number) => void;

  constructor(observe: (seconds: number) => void) {
    this.#observe = observe;
  }

  heard(owner: string): void {
    if (!this.#heard.has(owner)) this.#heard.set(owner, performance.now());
  }

  forget(owner: string): void {
    this.#heard.delete(owner);
  }

  committed(owner: string): void {
    const heard = this.#heard.get(owner);
    if (heard !== undefined) this.#observe((performance.now() - heard) / 1000);
    this.#heard.delete(owner);
  }
}
