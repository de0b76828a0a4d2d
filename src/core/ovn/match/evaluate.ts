/**
 * Match x packet -> whether it matches, as OVN decides: a comparison is true only where the prerequisites of its field are (`tcp.dst != 80` is about TCP
 * packets only), and a comparison with an empty set is decided before prerequisites are looked at.
 */
import { MATCH_SYMBOLS, type MatchSymbol } from './fields.ts';
import type { CompareMatch, Constant, IntegerConstant, Match, RelationalOperator } from './match.ts';
import { parseMatch } from './parse.ts';
import { type MatchSets, NO_SETS, resolveConstants } from './sets.ts';

/** Fields of a packet in transit by the names of fields without parent: numbers, and names of ports. What is not there is 0 or the empty string. */
export type Packet = Readonly<Record<string, bigint | string>>;

export interface EvaluationContext extends MatchSets {
  /** whether a port is on this chassis */
  readonly isResident: (port: string) => boolean;
}

export const ANYWHERE: EvaluationContext = { ...NO_SETS, isResident: () => true };

export function evaluateMatch(match: Match, packet: Packet, context: EvaluationContext = ANYWHERE): boolean {
  switch (match.kind) {
    case 'boolean':
      return match.value;
    case 'and':
      return match.operands.every((each) => evaluateMatch(each, packet, context));
    case 'or':
      return match.operands.some((each) => evaluateMatch(each, packet, context));
    case 'compare':
      return compare(match, packet, context);
    case 'resident':
      return context.isResident(match.port) !== match.negated;
  }
}

function compare({ field, operator, constants }: CompareMatch, packet: Packet, context: EvaluationContext): boolean {
  const symbol = MATCH_SYMBOLS.get(field.name);
  if (!symbol) throw new Error(`no field ${field.name}`);
  const values = resolveConstants(constants, context);
  if (values.length === 0) return operator === '!=';
  if (symbol.prerequisite !== undefined && !evaluateMatch(expansion(symbol.prerequisite), packet, context))
    return false;
  const equal = (value: Constant) => equals(symbol, field.bits?.low ?? 0, field.bits?.high ?? 0, value, packet);
  if (operator === '==') return values.some(equal);
  if (operator === '!=') return !values.some(equal);
  return values.every((value) => value.kind === 'integer' && ordered(symbol, field.bits, operator, value, packet));
}

function equals(symbol: MatchSymbol, low: number, high: number, constant: Constant, packet: Packet): boolean {
  if (constant.kind === 'string') return textOf(symbol, packet) === constant.value;
  if (constant.kind !== 'integer') return false;
  if (symbol.predicate !== undefined)
    return evaluateMatch(expansion(symbol.predicate), packet) === ((constant.value & 1n) === 1n);
  const mask = (constant.mask ?? ones(high - low + 1)) & ones(high - low + 1);
  return (bitsOf(symbol, low, high, packet) & mask) === (constant.value & mask);
}

function ordered(
  symbol: MatchSymbol,
  bits: CompareMatch['field']['bits'],
  operator: RelationalOperator,
  { value }: IntegerConstant,
  packet: Packet,
): boolean {
  const { low, high } = bits ?? { low: 0, high: symbol.width - 1 };
  const found = bitsOf(symbol, low, high, packet);
  const wanted = value & ones(high - low + 1);
  switch (operator) {
    case '<':
      return found < wanted;
    case '<=':
      return found <= wanted;
    case '>':
      return found > wanted;
    default:
      return found >= wanted;
  }
}

function textOf({ name }: MatchSymbol, packet: Packet): string {
  const value = Object.hasOwn(packet, name) ? packet[name] : '';
  return typeof value === 'string' ? value : '';
}

function bitsOf(symbol: MatchSymbol, low: number, high: number, packet: Packet): bigint {
  const { name, shift } = placeOf(symbol);
  const value = Object.hasOwn(packet, name) ? packet[name] : 0n;
  return ((typeof value === 'bigint' ? value : 0n) >> BigInt(shift + low)) & ones(high - low + 1);
}

/** the field without parent that holds the bits of a symbol, and the place of its least significant bit there */
export function placeOf(symbol: MatchSymbol): { readonly name: string; readonly shift: number } {
  let shift = 0;
  let at = symbol;
  while (at.parent) {
    shift += at.parent.low;
    const parent = MATCH_SYMBOLS.get(at.parent.name);
    if (!parent) throw new Error(`no field ${at.parent.name}`);
    at = parent;
  }
  return { name: at.name, shift };
}

export function ones(count: number): bigint {
  return (1n << BigInt(count)) - 1n;
}

const expansions = new Map<string, Match>();

/** A prerequisite or predicate of the symbol table, parsed once. */
export function expansion(text: string): Match {
  const known = expansions.get(text);
  if (known) return known;
  const parsed = parseMatch(text);
  if ('problem' in parsed) throw new Error(`${text}: ${parsed.problem.message}`);
  expansions.set(text, parsed.expression);
  return parsed.expression;
}
