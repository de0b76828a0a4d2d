/** Which objects' last changes have reached the Northbound database. */
export class Progress {
  /** object -> number of the submission that carried its last change, while that is on its way */
  readonly #pending = new Map<string, number>();
  readonly #seen = new Set<string>();
  #submissions: { readonly sequence: number; readonly objects: Iterable<string> }[] = [];

  submit(sequence: number, objects: Iterable<string>): void {
    for (const object of objects) this.#pending.set(object, sequence);
    this.#submissions.push({ sequence, objects });
  }

  /** Everything up to `sequence` is in the database; returns the objects that this settles. */
  commit(sequence: number): readonly string[] {
    const settled: string[] = [];
    const done = this.#submissions.findIndex((submission) => submission.sequence > sequence);
    for (const { objects } of this.#submissions.splice(0, done < 0 ? this.#submissions.length : done)) {
      for (const object of objects) {
        const last = this.#pending.get(object);
        if (last === undefined || last > sequence) continue;
        this.#pending.delete(object);
        this.#seen.add(object);
        settled.push(object);
      }
    }
    return settled;
  }

  isCommitted(object: string): boolean {
    return this.#seen.has(object) && !this.#pending.has(object);
  }

  forget(object: string): void {
    this.#seen.delete(object);
  }
}
