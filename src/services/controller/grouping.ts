/** Keys by group, where a key may move from one group to another. */
export class Grouping {
  readonly #members = new Map<string, Set<string>>();
  readonly #groups = new Map<string, string>();

  /** Puts `key` into `group`, or nowhere when that is undefined; returns the group that it left, if it is another. */
  set(key: string, group: string | undefined): string | undefined {
    const old = this.#groups.get(key);
    if (old === group) return undefined;
    if (old !== undefined) {
      const members = this.#members.get(old)!;
      members.delete(key);
      if (members.size === 0) this.#members.delete(old);
    }
    if (group === undefined) {
      this.#groups.delete(key);
    } else {
      this.#groups.set(key, group);
      let members = this.#members.get(group);
      if (!members) this.#members.set(group, (members = new Set()));
      members.add(key);
    }
    return old;
  }

  members(group: string): readonly string[] {
    return [...(this.#members.get(group) ?? [])];
  }

  groups(): IterableIterator<string> {
    return this.#members.keys();
  }
}
