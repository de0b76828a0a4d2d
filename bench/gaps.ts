/** What `ping -D` saw. */

/** a ping every 10 ms, for some seconds */
export function pings(address: string, seconds: number): readonly string[] {
  return ['ping', '-D', '-i', '0.01', '-c', String(seconds * 100), '-W', '1', address];
}

/** The longest time between two answers, milliseconds. */
export function longestGap(output: string): number {
  const answers = [...output.matchAll(/^\[(\d+\.\d+)\].* time=/gm)].map((match) => Number(match[1]) * 1000);
  const gaps = answers.slice(1).map((answer, index) => answer - answers[index]!);
  return gaps.length > 0 ? Math.max(...gaps) : Number.POSITIVE_INFINITY;
}
