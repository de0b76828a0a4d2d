/** How long to wait before a process that died is started again. */

/** milliseconds of life after which earlier deaths are forgotten */
const LONG_LIFE = 10_000;
const FIRST_DELAY = 100;
const LONGEST_DELAY = 5000;

export interface Restart {
  /** milliseconds */
  readonly delay: number;
  /** deaths in a row, this one included */
  readonly deaths: number;
}

/** At once after a long life or for the first death, then 100 ms, doubling up to 5 s. */
export function restartDelay(earlierDeaths: number, lived: number): Restart {
  const deaths = lived >= LONG_LIFE ? 1 : earlierDeaths + 1;
  return { deaths, delay: deaths === 1 ? 0 : Math.min(FIRST_DELAY * 2 ** (deaths - 2), LONGEST_DELAY) };
}
