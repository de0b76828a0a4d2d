const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** [shorter than, big unit, its letter, small unit shown beside it, its letter] */
const STEPS: readonly (readonly [number, number, string, number, string])[] = [
  [2 * MINUTE, SECOND, 's', 0, ''],
  [10 * MINUTE, MINUTE, 'm', SECOND, 's'],
  [3 * HOUR, MINUTE, 'm', 0, ''],
  [8 * HOUR, HOUR, 'h', MINUTE, 'm'],
  [2 * DAY, HOUR, 'h', 0, ''],
  [8 * DAY, DAY, 'd', HOUR, 'h'],
  [2 * YEAR, DAY, 'd', 0, ''],
  [8 * YEAR, YEAR, 'y', DAY, 'd'],
  [Infinity, YEAR, 'y', 0, ''],
];

/** An age as kubectl shows it: `42s`, `5m7s`, `3h12m`, `6d4h`. @param milliseconds below -1 s: `<invalid>` */
export function humanDuration(milliseconds: number): string {
  if (milliseconds < -SECOND) return '<invalid>';
  if (milliseconds < 0) return '0s';
  const [, big, bigLetter, small, smallLetter] = STEPS.find(([limit]) => milliseconds < limit)!;
  const whole = Math.floor(milliseconds / big);
  const rest = small === 0 ? 0 : Math.floor((milliseconds % big) / small);
  return `${whole}${bigLetter}${rest === 0 ? '' : `${rest}${smallLetter}`}`;
}

/** The age of an RFC 3339 timestamp; `<unknown>` for none. */
export function age(timestamp: string | undefined, now: Date): string {
  const then = Date.parse(timestamp ?? '');
  return Number.isNaN(then) ? '<unknown>' : humanDuration(now.getTime() - then);
}
