/**
 * A match as alternatives, each a list of conditions that hold together: enough to see that a match can never be true, or that one covers another. Sound but
 * not complete: what it says is so; what it does not say may be so as well.
 */
import { Effort, within } from './effort.ts';
import { MATCH_SYMBOLS, type MatchSymbol } from './fields.ts';
import { expansion, ones, placeOf } from './evaluate.ts';
import {
  type CompareMatch,
  type Constant,
  type IntegerConstant,
  type Match,
  negate,
  type SetConstant,
} from './match.ts';
import { printMatch } from './print.ts';

/** more alternatives than this are not looked at */
const MOST_TERMS = 256;

/** What is known of one field: bits that have a value, values that it has not, and the least and greatest value of slices of it. */
interface Knowledge {
  readonly value: bigint;
  readonly mask: bigint;
  readonly excluded: readonly { readonly value: bigint; readonly mask: bigint }[];
  readonly ranges: readonly Range[];
}

interface Range {
  readonly low: number;
  readonly width: number;
  readonly least: bigint;
  readonly greatest: bigint;
}

export interface Term {
  readonly fields: ReadonlyMap<string, Knowledge>;
  /** values of string fields */
  readonly texts: ReadonlyMap<string, string>;
  /** comparisons that only a database or a chassis can decide, by their text, and whether they hold */
  readonly opaque: ReadonlyMap<string, boolean>;
}

const NOTHING: Knowledge = { value: 0n, mask: 0n, excluded: [], ranges: [] };
const ALWAYS: Term = { fields: new Map(), texts: new Map(), opaque: new Map() };

/** steps for one match, when nobody says how many */
const STEPS = 100_000;

/** The alternatives of a match without those that contradict themselves; undefined if there are too many, or to see them is too much. */
export function termsOf(match: Match, effort = new Effort(STEPS)): readonly Term[] | undefined {
  return within(effort, undefined, () => alternativesOf(match, effort));
}

function alternativesOf(match: Match, effort: Effort): readonly Term[] | undefined {
  switch (match.kind) {
    case 'boolean':
      return match.value ? [ALWAYS] : [];
    case 'and':
      return match.operands.reduce<readonly Term[] | undefined>(
        (terms, operand) => both(terms, terms && alternativesOf(operand, effort), effort),
        [ALWAYS],
      );
    case 'or':
      return either(match.operands.map((each) => alternativesOf(each, effort)));
    case 'resident':
      return [opaque(`is_chassis_resident(${JSON.stringify(match.port)})`, !match.negated)];
    case 'compare':
      return comparison(match, effort);
  }
}

function either(all: readonly (readonly Term[] | undefined)[]): readonly Term[] | undefined {
  const terms: Term[] = [];
  for (const each of all) {
    if (!each || terms.length + each.length > MOST_TERMS) return undefined;
    terms.push(...each);
  }
  return terms;
}

function both(
  left: readonly Term[] | undefined,
  right: readonly Term[] | undefined,
  effort: Effort,
): readonly Term[] | undefined {
  if (!left || !right || left.length * right.length > MOST_TERMS * 4) return undefined;
  const terms = left.flatMap((a) => right.flatMap((b) => merge(a, b, effort) ?? []));
  return terms.length > MOST_TERMS ? undefined : terms;
}

function opaque(text: string, holds: boolean): Term {
  return { ...ALWAYS, opaque: new Map([[text, holds]]) };
}

function comparison(match: CompareMatch, effort: Effort): readonly Term[] | undefined {
  const symbol = MATCH_SYMBOLS.get(match.field.name);
  if (!symbol) return undefined;
  const alternatives =
    match.operator === '!='
      ? match.constants.reduce<readonly Term[] | undefined>(
          (terms, each) => both(terms, single(match, symbol, each, effort), effort),
          [ALWAYS],
        )
      : either(match.constants.map((each) => single(match, symbol, each, effort)));
  // "!=" with a set that happens to be empty is true whatever the prerequisites
  const maybeEmpty = match.operator === '!=' && match.constants.every(isSet);
  if (symbol.prerequisite === undefined || maybeEmpty) return alternatives;
  return both(alternatives, alternativesOf(expansion(symbol.prerequisite), effort), effort);
}

function isSet(constant: Constant): constant is SetConstant {
  return constant.kind === 'address-set' || constant.kind === 'port-group';
}

function single(
  match: CompareMatch,
  symbol: MatchSymbol,
  constant: Constant,
  effort: Effort,
): readonly Term[] | undefined {
  const { field, operator } = match;
  if (isSet(constant)) {
    const text = printMatch({ kind: 'compare', field, operator: '==', constants: [constant] });
    return [opaque(text, operator === '==')];
  }
  if (constant.kind === 'string')
    return operator === '==' ? [{ ...ALWAYS, texts: new Map([[symbol.name, constant.value]]) }] : undefined;
  if (symbol.predicate !== undefined) return predicate(symbol.predicate, operator === '==', constant, effort);
  return numeric(match, symbol, constant);
}

function predicate(
  text: string,
  equal: boolean,
  { value }: IntegerConstant,
  effort: Effort,
): readonly Term[] | undefined {
  const match = expansion(text);
  if (((value & 1n) === 1n) === equal) return alternativesOf(match, effort);
  // the negation of a predicate is about its prerequisites as well: too much for what this is for
  return match.kind === 'compare' && MATCH_SYMBOLS.get(match.field.name)?.prerequisite === undefined
    ? alternativesOf(negate(match), effort)
    : [opaque(printMatch(match), false)];
}

function numeric(
  { field, operator }: CompareMatch,
  symbol: MatchSymbol,
  { value, mask }: IntegerConstant,
): readonly Term[] {
  const { name, shift } = placeOf(symbol);
  const { low, high } = field.bits ?? { low: 0, high: symbol.width - 1 };
  const width = high - low + 1;
  const at = BigInt(shift + low);
  const wanted = value & ones(width);
  const selected = (mask ?? ones(width)) & ones(width);
  const bits = { value: (wanted & selected) << at, mask: selected << at };
  const about = (knowledge: Partial<Knowledge>): Term[] => {
    const known = { ...NOTHING, ...knowledge };
    return consistent(known) ? [{ ...ALWAYS, fields: new Map([[name, known]]) }] : [];
  };
  const range = (least: bigint, greatest: bigint) => about({ ranges: [{ low: Number(at), width, least, greatest }] });
  switch (operator) {
    case '==':
      return about(bits);
    case '!=':
      return about({ excluded: [bits] });
    case '<':
      return range(0n, wanted - 1n);
    case '<=':
      return range(0n, wanted);
    case '>':
      return range(wanted + 1n, ones(width));
    case '>=':
      return range(wanted, ones(width));
  }
}

/** both at once; undefined if that cannot be */
function merge(a: Term, b: Term, effort: Effort): Term | undefined {
  effort.spend(1 + a.texts.size + a.opaque.size + a.fields.size);
  const texts = union(a.texts, b.texts, (x, y) => (x === y ? x : undefined));
  const opaques = union(a.opaque, b.opaque, (x, y) => (x === y ? x : undefined));
  const fields = union(a.fields, b.fields, (x, y) => mergeKnowledge(x, y, effort));
  return texts && opaques && fields ? { texts, opaque: opaques, fields } : undefined;
}

function union<T>(
  a: ReadonlyMap<string, T>,
  b: ReadonlyMap<string, T>,
  join: (x: T, y: T) => T | undefined,
): ReadonlyMap<string, T> | undefined {
  const result = new Map(a);
  for (const [key, value] of b) {
    const known = result.get(key);
    const joined = known === undefined ? value : join(known, value);
    if (joined === undefined) return undefined;
    result.set(key, joined);
  }
  return result;
}

function mergeKnowledge(a: Knowledge, b: Knowledge, effort: Effort): Knowledge | undefined {
  const ranges = a.ranges.length + b.ranges.length;
  effort.spend(a.excluded.length + b.excluded.length + ranges * ranges);
  const shared = a.mask & b.mask;
  if ((a.value & shared) !== (b.value & shared)) return undefined;
  const known = {
    value: a.value | b.value,
    mask: a.mask | b.mask,
    excluded: [...a.excluded, ...b.excluded],
    ranges: [...a.ranges, ...b.ranges],
  };
  return consistent(known) ? known : undefined;
}

function consistent({ value, mask, excluded, ranges }: Knowledge): boolean {
  if (excluded.some((each) => (each.mask & mask) === each.mask && (value & each.mask) === each.value)) return false;
  return ranges.every((range) => {
    if (range.least > range.greatest) return false;
    const found = sliceOf({ value, mask }, range);
    if (found !== undefined && (found < range.least || found > range.greatest)) return false;
    return ranges.every(
      (other) => !sameSlice(range, other) || (range.least <= other.greatest && other.least <= range.greatest),
    );
  });
}

function sameSlice(a: Range, b: Range): boolean {
  return a.low === b.low && a.width === b.width;
}

/** the value of a slice all of whose bits are known */
function sliceOf({ value, mask }: Pick<Knowledge, 'value' | 'mask'>, { low, width }: Range): bigint | undefined {
  const selected = ones(width) << BigInt(low);
  return (mask & selected) === selected ? (value & selected) >> BigInt(low) : undefined;
}

/** Whether every packet of `inner` is one of `outer`; false also when that cannot be seen. */
export function covers(outer: readonly Term[], inner: readonly Term[], effort = new Effort(STEPS)): boolean {
  return within(effort, false, () => inner.every((term) => outer.some((wider) => implies(term, wider, effort))));
}

function implies(term: Term, wider: Term, effort: Effort): boolean {
  effort.spend(2);
  return (
    [...wider.texts].every(([key, value]) => term.texts.get(key) === value) &&
    [...wider.opaque].every(([key, value]) => term.opaque.get(key) === value) &&
    [...wider.fields].every(([key, value]) => knows(term.fields.get(key) ?? NOTHING, value, effort))
  );
}

function knows(known: Knowledge, wanted: Knowledge, effort: Effort): boolean {
  if ((wanted.mask & known.mask) !== wanted.mask || (known.value & wanted.mask) !== wanted.value) return false;
  effort.spend(wanted.excluded.length * (known.excluded.length + 1) + wanted.ranges.length * (known.ranges.length + 1));
  return wanted.excluded.every((each) => differs(known, each)) && wanted.ranges.every((range) => inRange(known, range));
}

function differs(known: Knowledge, each: { readonly value: bigint; readonly mask: bigint }): boolean {
  if ((known.value & each.mask) !== (each.value & known.mask)) return true;
  return known.excluded.some(({ value, mask }) => (each.mask & mask) === mask && (each.value & mask) === value);
}

function inRange(known: Knowledge, range: Range): boolean {
  const found = sliceOf(known, range);
  if (found !== undefined) return found >= range.least && found <= range.greatest;
  const same = known.ranges.filter((each) => sameSlice(each, range));
  return same.some(({ least }) => least >= range.least) && same.some(({ greatest }) => greatest <= range.greatest)
    ? true
    : range.least === 0n && range.greatest === ones(range.width);
}
