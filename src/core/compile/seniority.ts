/** Of objects that want the same thing the oldest has it; names decide between equals, so that arrival order never does. */
export function seniority(created: string | undefined, name: string): string {
  return `${created ?? ''}|${name}`;
}

/** The most senior of `names` that is senior to `own`. */
export function mostSenior(
  own: string,
  names: readonly string[],
  createdOf: (name: string) => string | undefined,
): string | undefined {
  let best = own;
  let holder: string | undefined;
  for (const name of names) {
    const rank = seniority(createdOf(name), name);
    if (rank < best) [best, holder] = [rank, name];
  }
  return holder;
}
