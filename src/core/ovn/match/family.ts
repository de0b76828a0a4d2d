/**
 * Packets of one IP family. What OVN sends to an IPv4 address it treats as IPv4: of an IPv6 packet it would make nonsense, so that the match has to say so.
 */
import type { Family } from '../../../lib/netaddr/ip.ts';
import { Effort } from './effort.ts';
import { expansion } from './evaluate.ts';
import { junction } from './map.ts';
import type { Match } from './match.ts';
import { covers, type Term, termsOf } from './terms.ts';

/** a fraction of a millisecond: matches are many, and to say the family once more harms none */
const STEPS = 5000;

/** The match without packets of other families; as it is where it can be seen to have none. */
export function ofFamily(match: Match, family: Family): Match {
  const effort = new Effort(STEPS);
  const terms = termsOf(match, effort);
  const wanted = expansion(`ip${family}`);
  return terms && covers(termsOf(wanted)!, terms, effort) ? match : junction('and', [wanted, match]);
}

/** Whether a match can be seen to have no packet of a family, though it has some. */
export function hasNoneOf(family: Family, match: Match): boolean {
  const none = (terms: readonly Term[] | undefined) => terms?.length === 0;
  return none(termsOf(ofFamily(match, family), new Effort(STEPS))) && !none(termsOf(match, new Effort(STEPS)));
}
