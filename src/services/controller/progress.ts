/** Which objects' last changes have reached the Northbound database. */
export class Progress {
  /** object -> number of the submission that carried its last change, while that is on its way */
  readonly #pending = new Map<string, number>();
  readonly #seen = new Set<string>();
  #submissions: { readonly sequence: number; readonly objects: Iterable<string> }[] = [];

  /** @param exists false for objects that are gone: nothing more is said of them */
  submit(sequence: number, objects: Iterable<string>, exists: (object: string) => boolean): void {
    const present: string[] = [];
    for (const object of objects) {
      this.#pending.delete(object);
      this.#seen.delete(object);
      if (!exists(object)) continue;
      this.#pending.set(object, sequence);
      present.push(object);
    }
    this.#submissions.push({ sequence, objects: present });
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
}
