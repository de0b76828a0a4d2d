/** The named sets of a database, as an evaluation looks them up. */
import { MATCH_SYMBOLS } from './fields.ts';
import type { Constant, IntegerConstant, Match, SetConstant } from './match.ts';
import { readInteger } from './integer.ts';
import { MatchError } from './problem.ts';

export interface MatchSets {
  /** name of an Address_Set -> its values; a set that does not exist is undefined */
  readonly addressSet: (name: string) => readonly IntegerConstant[] | undefined;
  /** name of a Port_Group -> names of its ports */
  readonly portGroup: (name: string) => readonly string[] | undefined;
}

export const NO_SETS: MatchSets = { addressSet: () => undefined, portGroup: () => undefined };

/** One value of an address set, as it stands in the database; undefined if OVN skips it. */
export function parseSetValue(text: string): IntegerConstant | undefined {
  try {
    const token = readInteger(text, 0);
    return token.kind === 'integer' && token.end === text.length ? token.constant : undefined;
  } catch (error) {
    if (error instanceof MatchError) return undefined;
    throw error;
  }
}

/** The constants with sets in place of their names. A set that does not exist has no values. */
export function resolveConstants(constants: readonly Constant[], sets: MatchSets): readonly Constant[] {
  return constants.flatMap((each): readonly Constant[] => {
    if (each.kind === 'address-set') return sets.addressSet(each.name) ?? [];
    if (each.kind === 'port-group')
      return (sets.portGroup(each.name) ?? []).map((value) => ({ kind: 'string', value }) as const);
    return [each];
  });
}

/**
 * The first set in a match that does not exist or holds a value that its field has no room for: OVN then drops the whole match, silently. A name alone
 * cannot tell, so `parseMatch` does not ask.
 */
export function unusableSet(match: Match, sets: MatchSets): SetConstant | undefined {
  if (match.kind === 'and' || match.kind === 'or') {
    for (const operand of match.operands) {
      const found = unusableSet(operand, sets);
      if (found) return found;
    }
    return undefined;
  }
  if (match.kind !== 'compare') return undefined;
  const width = MATCH_SYMBOLS.get(match.field.name)?.width ?? 0;
  for (const each of match.constants) {
    if (each.kind === 'port-group' && sets.portGroup(each.name) === undefined) return each;
    if (each.kind !== 'address-set') continue;
    const values = sets.addressSet(each.name);
    if (!values || values.some((value) => constantWidth(value) > width)) return each;
  }
  return undefined;
}

/** bits that a number or address needs in a field */
export function constantWidth({ value, mask, format }: IntegerConstant): number {
  if (mask !== undefined) return bitLength(mask);
  if (format === 'ipv4') return 32;
  if (format === 'ipv6') return 128;
  return format === 'ethernet' ? 48 : bitLength(value);
}

function bitLength(value: bigint): number {
  return value === 0n ? 0 : value.toString(2).length;
}
