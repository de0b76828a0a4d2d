/** Whether a field may be compared like this: types, widths and levels of measurement (ovn-sb(5)). */
import type { MatchSymbol } from './fields.ts';
import type { Constant, RelationalOperator } from './match.ts';
import { MatchError } from './problem.ts';
import { constantWidth } from './sets.ts';

/** the constants of one comparison, where they start, and whether they stand in braces */
export interface ConstantSet {
  readonly constants: readonly Constant[];
  readonly braces: boolean;
  readonly start: number;
}

/** `start` is where the field stands; `negated`: inside an odd number of `!`. @throws MatchError */
export function checkComparison(
  symbol: MatchSymbol,
  start: number,
  operator: RelationalOperator,
  set: ConstantSet,
  negated: boolean,
): void {
  for (const constant of set.constants) checkType(symbol, constant, set.start);
  if (operator !== '==' && operator !== '!=') checkOrder(symbol, start, set);
  if (symbol.level === 'nominal') checkNominal(symbol, start, operator, set, negated);
}

function checkType({ name, width }: MatchSymbol, constant: Constant, start: number): void {
  const text = constant.kind === 'string' || constant.kind === 'port-group';
  if (text && width > 0) throw new MatchError(start, `${name} is a number, not a string`);
  if (!text && width === 0)
    throw new MatchError(start, `${name} is a string: its value stands in double quotation marks`);
  if (constant.kind === 'address-set' && width < 32)
    throw new MatchError(start, `${name} has ${width} bits: the addresses of a set do not fit`);
  if (constant.kind !== 'integer') return;
  const needed = constantWidth(constant);
  if (needed > width) throw new MatchError(start, `${name} has ${width} bits, the value needs ${needed}`);
}

function checkOrder({ name, level }: MatchSymbol, start: number, { constants, braces, start: at }: ConstantSet): void {
  if (braces) throw new MatchError(at, 'a set can be compared with == and != only');
  if (level !== 'ordinal')
    throw new MatchError(
      start,
      `${name} is a ${level} field: it can be compared with == ${level === 'boolean' ? 'and != ' : ''}only`,
    );
  const [constant] = constants;
  if (constant?.kind !== 'integer') throw new MatchError(at, 'a set can be compared with == and != only');
  if (constant.mask !== undefined)
    throw new MatchError(
      at,
      'a value with a mask can be compared with == and != only; for ranges use bits, as in eth.src[0..15] > 5',
    );
}

function checkNominal(
  symbol: MatchSymbol,
  start: number,
  operator: RelationalOperator,
  { constants }: ConstantSet,
  negated: boolean,
): void {
  const { name, predicate } = symbol;
  const opposite = (operator === '!=') !== negated;
  if (predicate === undefined) {
    if (opposite)
      throw new MatchError(start, `${name} can be tested for equality only, not for inequality, also not by "!"`);
    return;
  }
  const positive = constants.every((each) => each.kind !== 'integer' || ((each.value & 1n) === 1n) !== opposite);
  if (!positive)
    throw new MatchError(
      start,
      `${name} can be tested positively only: neither "!${name}" nor "${name} == 0" is possible in OVN`,
    );
}
