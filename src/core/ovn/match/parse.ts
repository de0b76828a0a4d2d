/**
 * Text -> match, with the rules of OVN (ovn-sb(5)): what OVN refuses is refused here, with the column. Refused although OVN takes it: an IPv4 octet above
 * 255 or with leading zeros and a MAC address with groups of other than two digits (OVN reads another address), `<` or `>` with a set (OVN
 * decides by what is in the set at the moment, and aborts on a prefix) and an address set for a field that is too small, and fields that exist for actions only (see fields.ts).
 */
import { MATCH_SYMBOLS, type MatchSymbol } from './fields.ts';
import { Lexer } from './lexer.ts';
import { combine, type CompareMatch, type Match, negate, type RelationalOperator, tidy } from './match.ts';
import { checkComparison, type ConstantSet } from './check.ts';
import { MatchError, type MatchProblem } from './problem.ts';
import type { SymbolText, Token } from './tokens.ts';

/** UTF-16 code units; addresses and ports in large numbers belong into sets */
const LONGEST_MATCH = 16_384;
/** OVN's own limit */
const DEEPEST = 100;

export type ParseResult = { readonly expression: Match } | { readonly problem: MatchProblem };

export function parseMatch(text: string): ParseResult {
  try {
    checkText(text);
    return { expression: new Parser(text).whole() };
  } catch (error) {
    if (error instanceof MatchError) return { problem: error.problem };
    throw error;
  }
}

/** An OVSDB string is UTF-8 without NUL. */
function checkText(text: string): void {
  if (text.length > LONGEST_MATCH)
    throw new MatchError(LONGEST_MATCH, `a match has at most ${LONGEST_MATCH} characters, this one has ${text.length}`);
  if (text.includes('\0')) throw new MatchError(text.indexOf('\0'), 'the character NUL cannot stand in a match');
  if (!text.isWellFormed()) throw new MatchError(0, 'the match holds half of a surrogate pair');
}

const TURNED: Readonly<Record<RelationalOperator, RelationalOperator>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

interface Operand {
  readonly match: Match;
  /** `!` may stand before it */
  readonly atomic: boolean;
}

/** a field as it was written, and where */
interface FieldWord {
  readonly symbol: MatchSymbol;
  readonly low: number;
  readonly high: number;
  readonly start: number;
}

class Parser {
  readonly #lexer: Lexer;
  #token: Token;
  /** inside an odd number of `!` */
  #negated = false;
  #depth = 0;

  constructor(text: string) {
    this.#lexer = new Lexer(text);
    this.#token = this.#lexer.next();
  }

  whole(): Match {
    const match = this.#junction();
    if (this.#token.kind !== 'end') throw this.#unexpected('the match should end here');
    return match;
  }

  #advance(): void {
    this.#token = this.#lexer.next();
  }

  #at(text: SymbolText): boolean {
    return this.#token.kind === 'symbol' && this.#token.text === text;
  }

  #take(text: SymbolText): boolean {
    if (!this.#at(text)) return false;
    this.#advance();
    return true;
  }

  #demand(text: SymbolText): void {
    if (!this.#take(text)) throw this.#unexpected(`"${text}" should stand here`);
  }

  #unexpected(what: string): MatchError {
    return new MatchError(this.#token.start, this.#token.kind === 'end' ? `the match ends where ${what}` : what);
  }

  #enter<T>(start: number, read: () => T): T {
    if (this.#depth >= DEEPEST) throw new MatchError(start, `parentheses are nested more than ${DEEPEST} deep`);
    this.#depth += 1;
    const result = read();
    this.#depth -= 1;
    return result;
  }

  #junction(): Match {
    const first = this.#negation();
    const sign: SymbolText | undefined = this.#at('&&') ? '&&' : this.#at('||') ? '||' : undefined;
    if (sign === undefined) return first;
    const operands = [first];
    while (this.#take(sign)) operands.push(this.#negation());
    if (this.#at('&&') || this.#at('||'))
      throw new MatchError(this.#token.start, '"&&" and "||" need parentheses when they stand together');
    return combine(sign === '&&' ? 'and' : 'or', operands);
  }

  #negation(): Match {
    if (!this.#take('!')) return this.#primary().match;
    const { start } = this.#token;
    this.#negated = !this.#negated;
    const { match, atomic } = this.#primary();
    this.#negated = !this.#negated;
    if (!atomic) throw new MatchError(start, 'what "!" negates needs parentheses around it');
    return negate(match);
  }

  #primary(): Operand {
    const token = this.#token;
    if (this.#take('(')) {
      const match = this.#enter(token.start, () => this.#junction());
      this.#demand(')');
      return { match, atomic: true };
    }
    if (token.kind !== 'identifier') return this.#constantFirst();
    return this.#lexer.beforeParenthesis() ? this.#call(token) : this.#fieldFirst();
  }

  #call(token: Token & { readonly kind: 'identifier' | 'string' | 'address-set' | 'port-group' }): Operand {
    if (token.text !== 'is_chassis_resident')
      throw new MatchError(token.start, `${token.text} is not a function; the only one is is_chassis_resident`);
    this.#advance();
    this.#advance();
    const port = this.#token;
    if (port.kind !== 'string') throw this.#unexpected('the name of a port should stand, in double quotation marks');
    this.#advance();
    this.#demand(')');
    return { match: { kind: 'resident', port: port.text, negated: false }, atomic: true };
  }

  #fieldFirst(): Operand {
    const field = this.#field();
    const operator = this.#operator();
    if (operator === undefined) return { match: this.#bare(field), atomic: true };
    this.#advance();
    return { match: this.#compare(field, operator, this.#constants()), atomic: false };
  }

  /** `field` alone means `field != 0` */
  #bare(field: FieldWord): Match {
    const { symbol, low, high, start } = field;
    if (symbol.width === 0) throw this.#unexpected(`"==" should follow ${symbol.name}`);
    if (high > low && !this.#negated)
      throw new MatchError(start, `${symbol.name} has ${high - low + 1} bits: write "!= 0" to test them against 0`);
    const constants = [{ kind: 'integer', value: 0n, format: 'hexadecimal' } as const];
    return this.#compare(field, '!=', { constants, braces: false, start });
  }

  #constantFirst(): Operand {
    const { start } = this.#token;
    const first = this.#constants();
    const left = this.#operator();
    if (left === undefined) return { match: this.#truth(first), atomic: true };
    this.#advance();
    const field = this.#field();
    const right = this.#operator();
    if (right === undefined) return { match: this.#compare(field, TURNED[left], first), atomic: false };
    return { match: this.#enter(start, () => this.#range(first, left, field, right)), atomic: false };
  }

  #truth({ constants, braces }: ConstantSet): Match {
    const [constant] = constants;
    if (constant?.kind === 'integer' && constant.format === 'decimal' && !braces && constant.mask === undefined) {
      if (constant.value <= 1n) return { kind: 'boolean', value: constant.value === 1n };
    }
    throw this.#unexpected('an operator (==, !=, <, <=, >, >=) should stand');
  }

  /** `low < field < high`, in either direction */
  #range(first: ConstantSet, left: RelationalOperator, field: FieldWord, right: RelationalOperator): Match {
    if (!(left.startsWith('<') && right.startsWith('<')) && !(left.startsWith('>') && right.startsWith('>')))
      throw new MatchError(
        this.#token.start,
        'a range has the form "x < field < y" or "x > field > y", also with <= and >=',
      );
    this.#advance();
    const second = this.#constants();
    return combine('and', [this.#compare(field, TURNED[left], first), this.#compare(field, right, second)]);
  }

  #operator(): RelationalOperator | undefined {
    const token = this.#token;
    return token.kind === 'symbol' && Object.hasOwn(TURNED, token.text)
      ? (token.text as RelationalOperator)
      : undefined;
  }

  #compare(field: FieldWord, operator: RelationalOperator, set: ConstantSet): Match {
    checkComparison(field.symbol, field.start, operator, set, this.#negated);
    const { symbol, low, high } = field;
    const bits = symbol.width === 0 ? {} : { bits: { low, high } };
    const match: CompareMatch = {
      kind: 'compare',
      field: { name: symbol.name, ...bits },
      operator,
      constants: set.constants,
    };
    return tidy(match);
  }

  #field(): FieldWord {
    const token = this.#token;
    if (token.kind !== 'identifier') throw this.#unexpected('the name of a field should stand');
    const symbol = MATCH_SYMBOLS.get(token.text);
    if (!symbol) throw new MatchError(token.start, `${token.text} is not a field`);
    this.#advance();
    const start = token.start;
    if (!this.#take('[')) return { symbol, low: 0, high: symbol.width - 1, start };
    if (symbol.width === 0) throw new MatchError(start, `${symbol.name} is a string: it has no bits`);
    const low = this.#bitNumber();
    const high = this.#take('..') ? this.#bitNumber() : low;
    this.#demand(']');
    checkBits(symbol, low, high, start);
    return { symbol, low, high, start };
  }

  #bitNumber(): number {
    const token = this.#token;
    const constant = token.kind === 'integer' ? token.constant : undefined;
    if (!constant || constant.format !== 'decimal' || constant.mask !== undefined || constant.value > 0x7fffffffn)
      throw this.#unexpected('the number of a bit should stand');
    this.#advance();
    return Number(constant.value);
  }

  #constants(): ConstantSet {
    const { start } = this.#token;
    const constants: ConstantSet['constants'][number][] = [];
    const braces = this.#take('{');
    do {
      constants.push(this.#constant(constants[0]));
      if (braces) this.#take(',');
    } while (braces && !this.#take('}'));
    return { constants, braces, start };
  }

  #constant(first: ConstantSet['constants'][number] | undefined): ConstantSet['constants'][number] {
    const token = this.#token;
    const constant = constantOf(token);
    if (!constant) throw this.#unexpected('a number, an address, a string or a set should stand');
    if (first && isText(first) !== isText(constant))
      throw new MatchError(token.start, 'a set holds either strings or numbers, not both');
    this.#advance();
    return constant;
  }
}

function constantOf(token: Token): ConstantSet['constants'][number] | undefined {
  switch (token.kind) {
    case 'integer':
      return token.constant;
    case 'string':
      return { kind: 'string', value: token.text };
    case 'address-set':
    case 'port-group':
      return { kind: token.kind, name: token.text };
    default:
      return undefined;
  }
}

function isText({ kind }: ConstantSet['constants'][number]): boolean {
  return kind === 'string' || kind === 'port-group';
}

function checkBits(symbol: MatchSymbol, low: number, high: number, start: number): void {
  const { name, width, level } = symbol;
  if (low > high) throw new MatchError(start, `bits ${low} to ${high} are no range: the lower number stands first`);
  if (high >= width) throw new MatchError(start, `${name} has bits 0 to ${width - 1}, not ${low} to ${high}`);
  if (level === 'nominal' && (low !== 0 || high !== width - 1))
    throw new MatchError(start, `${name} can be tested as a whole only, not by some of its bits`);
}
