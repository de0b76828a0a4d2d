/**
 * Rules that do not do what they say: warnings, never errors. What is said is so; not everything that is so is said (see terms.ts).
 */
import type { Match } from './match.ts';
import { Effort } from './effort.ts';
import { covers, type Term, termsOf } from './terms.ts';

/** one rule of a table of access control: of those of one direction that match, the one with the highest priority decides */
export interface LintedAcl {
  readonly direction: string;
  readonly priority: number;
  readonly action: string;
  readonly match: Match;
}

export interface LintContext {
  /** what passes whatever the rules of a direction say, and what it is, in words */
  readonly always: readonly { readonly direction: string; readonly match: Match; readonly what: string }[];
}

export interface LintWarning {
  /** place of the rule in the list */
  readonly index: number;
  readonly message: string;
}

interface Rule extends LintedAcl {
  readonly index: number;
  /** alternatives of its match; undefined: too many to look at */
  readonly terms: readonly Term[] | undefined;
}

/** some tenths of a second */
const STEPS = 2_000_000;

/** At most one warning for each rule. `name` says what a rule is called, by its place. */
export function lintAcls(
  acls: readonly LintedAcl[],
  { always }: LintContext,
  name: (index: number) => string,
): readonly LintWarning[] {
  const effort = new Effort(STEPS);
  const exempt = always.map(({ direction, match, what }) => ({ direction, what, terms: termsOf(match) ?? [] }));
  const rules = acls.map((acl, index): Rule => ({ ...acl, index, terms: termsOf(acl.match, effort) }));
  const warnings: LintWarning[] = [];
  for (const rule of rules) {
    const message = neverTrue(rule) ?? withoutEffect(rule, exempt, effort) ?? shadowed(rule, rules, name, effort);
    if (effort.isSpent) {
      const rest =
        'this rule and those after it were not looked at for what they do not do: together they say too much';
      return [...warnings, { index: rule.index, message: rest }];
    }
    if (message !== undefined) warnings.push({ index: rule.index, message });
  }
  return warnings;
}

function neverTrue({ terms }: Rule): string | undefined {
  return terms?.length === 0 ? 'its match can never be true: parts of it exclude each other' : undefined;
}

function withoutEffect(
  { direction, terms }: Rule,
  exempt: readonly { readonly direction: string; readonly what: string; readonly terms: readonly Term[] }[],
  effort: Effort,
): string | undefined {
  if (!terms) return undefined;
  const found = exempt.find((each) => each.direction === direction && covers(each.terms, terms, effort));
  return found && `it changes nothing: ${found.what} always passes`;
}

function shadowed(
  rule: Rule,
  rules: readonly Rule[],
  name: (index: number) => string,
  effort: Effort,
): string | undefined {
  const { terms } = rule;
  if (!terms) return undefined;
  const earlier = rules.find(
    (other) => other.priority > rule.priority && other.direction === rule.direction && coversRule(other, terms, effort),
  );
  if (earlier)
    return `it never decides: ${name(earlier.index)} has a higher priority (${earlier.priority}) and matches all that it matches`;
  const rival = rules.find(
    (other) =>
      other.index < rule.index &&
      other.priority === rule.priority &&
      other.direction === rule.direction &&
      other.action !== rule.action &&
      coversRule(other, terms, effort),
  );
  return (
    rival &&
    `${name(rival.index)} has the same priority (${rule.priority}), matches all that it matches, and does something else: which of the two decides is not defined`
  );
}

function coversRule({ terms: outer }: Rule, inner: readonly Term[], effort: Effort): boolean {
  return outer !== undefined && covers(outer, inner, effort);
}
