/** What must be ready before something else starts, by name. */
export class Gates {
  readonly #gates = new Map<string, PromiseWithResolvers<void>>();

  open(name: string): void {
    this.#gate(name).resolve();
  }

  /** From now on it is waited for again. */
  close(name: string): void {
    this.#gates.delete(name);
  }

  async passed(names: readonly string[]): Promise<void> {
    await Promise.all(names.map((name) => this.#gate(name).promise));
  }

  #gate(name: string): PromiseWithResolvers<void> {
    let gate = this.#gates.get(name);
    if (!gate) this.#gates.set(name, (gate = Promise.withResolvers<void>()));
    return gate;
  }
}
