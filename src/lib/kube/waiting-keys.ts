/** Keys that wait for something else to change. Whoever sees the change takes them all, and the list starts anew. */
export class WaitingKeys {
  readonly #keys = new Set<string>();

  add(key: string): void {
    this.#keys.add(key);
  }

  take(): readonly string[] {
    const keys = [...this.#keys];
    this.#keys.clear();
    return keys;
  }
}
