/** What `ping -D` saw. */

/** a ping every 10 ms, for some seconds */
export function pings(address: string, seconds: number): readonly string[] {
  return ['ping', '-D', '-i', '0.01', '-c', String(seconds * 100), '-W', '1', address];
}

/** The longest time between two answers, milliseconds. */
export function longestGap(output: string): number {
  const answers = answersOf(output);
  const gaps = answers.slice(1).map((answer, index) => answer - answers[index]!);
  return gaps.length > 0 ? Math.max(...gaps) : Number.POSITIVE_INFINITY;
}

/** Of those that begin in a part of the time, seconds since 1970: how long the longest is, milliseconds. One that does not end lasts to `end`. */
export function longestGapBetween(output: string, begin: number, end: number): number {
  const answers = answersOf(output);
  const all = [...answers, end * 1000];
  let longest = 0;
  for (const [index, answer] of answers.entries())
    if (answer >= begin * 1000 - 50 && answer < end * 1000)
      longest = Math.max(longest, Math.min(all[index + 1]!, end * 1000) - answer);
  return longest;
}

/** When the last answer came, seconds since 1970; `end`, when that is so long before it that the way must have been lost. */
export function lastAnswer(output: string, end: number): number {
  const last = (answersOf(output).at(-1) ?? 0) / 1000;
  // other pings may take longer than these
  return end - last > 4 ? end : last;
}

/** Pings that have no answer, of those from the first to the last that was sent. */
export function lostPings(output: string): number {
  const [, sent = 0, received = 0] = /(\d+) packets transmitted, (\d+) received/.exec(output)?.map(Number) ?? [];
  return sent - received;
}

/** when each answer came, milliseconds since 1970 */
function answersOf(output: string): readonly number[] {
  return [...output.matchAll(/^\[(\d+\.\d+)\].* time=/gm)].map((match) => Number(match[1]) * 1000);
}
