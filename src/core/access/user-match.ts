/**
 * A match that a user wrote -> the match that OVN may get. Text that was not read never reaches OVN: a match that OVN cannot read is ignored by
 * every node without a word, and a rule that should stop packets would not.
 *
 * Sets: a user may name the address set of an IPPool, and nothing else. Other sets and all port groups belong to Weft (or to somebody else who writes
 * to this OVN); their members change without regard to the rule that names them.
 */
import type { Family } from '../../lib/netaddr/ip.ts';
import { setsIn, withoutSets } from '../ovn/match/map.ts';
import type { IntegerConstant, Match, SetConstant } from '../ovn/match/match.ts';
import { parseMatch } from '../ovn/match/parse.ts';
import type { MatchProblem } from '../ovn/match/problem.ts';
import { unusableSet } from '../ovn/match/sets.ts';

/** name of an address set -> families of the addresses in the IPPool that makes it; undefined if none does */
export type PoolSets = (set: string) => readonly Family[] | undefined;

export type UserMatch =
  /** `missing`: sets that no IPPool makes (yet): the match is as if they had no addresses */
  { readonly match: Match; readonly missing: readonly string[] } | { readonly problem: MatchProblem };

/** object names (DNS-1123) with dots in place of hyphens: Kube-OVN's names of address sets of IPPools */
const POOL_SET = /^[a-z0-9]([a-z0-9.]*[a-z0-9])?$/;

export function readUserMatch(text: string, pools: PoolSets): UserMatch {
  if (text.trim() === '')
    return { problem: { column: 1, message: 'a match is missing, such as ip4.src == 10.0.1.0/24 && tcp.dst == 22' } };
  const parsed = parseMatch(text);
  if ('problem' in parsed) return parsed;
  const sets = setsIn(parsed.expression);
  const foreign = sets.find(({ kind, name }) => kind === 'port-group' || !POOL_SET.test(name));
  if (foreign) return { problem: foreignSet(text, foreign) };
  const missing = sets.filter(({ name }) => pools(name) === undefined).map(({ name }) => name);
  const match = withoutSets(parsed.expression, new Set(missing));
  const tooLarge = unusableSet(match, {
    addressSet: (name) => pools(name)?.map((family) => SAMPLES[family]),
    portGroup: () => undefined,
  });
  if (!tooLarge) return { match, missing };
  const message = `$${tooLarge.name} has addresses that do not fit this field, and OVN would ignore the whole rule: make an IPPool for each family`;
  return { problem: { column: columnOf(text, tooLarge), message } };
}

/** one address of each family stands for all: what matters is their width */
const SAMPLES: Readonly<Record<Family, IntegerConstant>> = {
  4: { kind: 'integer', value: 0n, format: 'ipv4' },
  6: { kind: 'integer', value: 0n, format: 'ipv6' },
};

function foreignSet(text: string, set: SetConstant): MatchProblem {
  const message =
    set.kind === 'port-group'
      ? `port groups cannot be named here, and @${set.name} is one: name addresses, ports or the address set of an IPPool`
      : `$${set.name} is no address set of an IPPool, and no other can be named here: name addresses, or an IPPool with enableAddressSet (its hyphens become dots)`;
  return { column: columnOf(text, set), message };
}

function columnOf(text: string, { kind, name }: SetConstant): number {
  const written = `${kind === 'port-group' ? '@' : '$'}${name}`;
  // not where a longer name begins alike
  for (let at = text.indexOf(written); at >= 0; at = text.indexOf(written, at + 1))
    if (!/[A-Za-z0-9_.]/.test(text[at + written.length] ?? ' ')) return at + 1;
  return 1;
}
