/**
 * Whether a router is believed to be there, from what is heard of it again and again. A loss counts at once; who has been lost is believed again only
 * after he has been there for a while, the longer the more often he was lost: each move of a gateway costs its connections.
 *
 *   unheard --there--> up --lost--> down --there--> waiting --there for the hold time--> up
 *                                     ^---lost-------'
 */

/** milliseconds */
const FIRST_HOLD = 1000;
const LONGEST_HOLD = 60_000;
/** milliseconds of being there for which one loss is forgotten */
const FORGET = 60_000;
const MOST_LOSSES = 8;

export interface Answering {
  readonly phase: 'unheard' | 'up' | 'down' | 'waiting';
  /** since when it is in this phase, in milliseconds of any clock that does not jump */
  readonly since: number;
  /** that are not forgotten */
  readonly losses: number;
}

/** @param there undefined: nothing is known now, which changes nothing */
export function nextAnswering(before: Answering | undefined, there: boolean | undefined, now: number): Answering {
  const known = before ?? { phase: 'unheard', since: now, losses: 0 };
  const { phase, since, losses } = known;
  if (there === undefined) return known;
  const lost = (remembered: number): Answering => ({
    phase: 'down',
    since: now,
    losses: Math.min(remembered + 1, MOST_LOSSES),
  });
  switch (phase) {
    case 'unheard':
      return there ? { phase: 'up', since: now, losses } : known;
    case 'up':
      return there ? known : lost(Math.max(0, losses - Math.floor((now - since) / FORGET)));
    case 'down':
      return there ? { phase: 'waiting', since: now, losses } : known;
    case 'waiting':
      if (!there) return lost(losses);
      return now - since >= holdTime(losses) ? { phase: 'up', since: now, losses } : known;
  }
}

/** milliseconds that a router must be there before it is believed, after so many losses */
export function holdTime(losses: number): number {
  return Math.min(FIRST_HOLD * 2 ** Math.max(0, losses - 1), LONGEST_HOLD);
}

/** One that was down before anybody looked. */
export function lostBefore(now: number): Answering {
  return { phase: 'down', since: now, losses: 1 };
}
