/** A match with its comparisons replaced: for those that are known to be true or false before OVN sees them. */
import { combine, type CompareMatch, type Constant, type Match, type SetConstant } from './match.ts';

export function mapComparisons(match: Match, replace: (comparison: CompareMatch) => Match): Match {
  switch (match.kind) {
    case 'compare':
      return replace(match);
    case 'and':
    case 'or':
      return junction(
        match.kind,
        match.operands.map((each) => mapComparisons(each, replace)),
      );
    default:
      return match;
  }
}

/** `and` or `or` with what is always true or false taken out */
export function junction(kind: 'and' | 'or', operands: readonly Match[]): Match {
  const neutral = kind === 'and';
  if (operands.some((each) => each.kind === 'boolean' && each.value !== neutral))
    return { kind: 'boolean', value: !neutral };
  const rest = operands.filter((each) => each.kind !== 'boolean');
  return rest.length === 0 ? { kind: 'boolean', value: neutral } : combine(kind, rest);
}

/** the sets that a match names, each once */
export function setsIn(match: Match): readonly SetConstant[] {
  const found = new Map<string, SetConstant>();
  mapComparisons(match, (comparison) => {
    for (const each of comparison.constants) if (isSet(each)) found.set(`${each.kind} ${each.name}`, each);
    return comparison;
  });
  return [...found.values()];
}

/** The match as it is while these sets have no members. */
export function withoutSets(match: Match, missing: ReadonlySet<string>): Match {
  return mapComparisons(match, (comparison) => {
    const constants = comparison.constants.filter((each) => !isSet(each) || !missing.has(each.name));
    if (constants.length > 0) return { ...comparison, constants };
    return { kind: 'boolean', value: comparison.operator === '!=' };
  });
}

function isSet(constant: Constant): constant is SetConstant {
  return constant.kind === 'address-set' || constant.kind === 'port-group';
}
