/**
 * A match expression of OVN (ovn-sb(5), table Logical_Flow, column match) as a tree. Negation is pushed down to the comparisons, as OVN does it when it
 * reads a match: that, and not logic, decides where prerequisites hold (`!(tcp.dst == 80)` is `tcp.dst != 80`, which is still about TCP only).
 */
export type Match = BooleanMatch | JunctionMatch | CompareMatch | ResidentMatch;

export interface BooleanMatch {
  readonly kind: 'boolean';
  readonly value: boolean;
}

/** two operands or more, none of them of the same kind */
export interface JunctionMatch {
  readonly kind: 'and' | 'or';
  readonly operands: readonly Match[];
}

/** With several constants: `==` is true if one of them matches, `!=` if none does. Other operators have exactly one, without mask. */
export interface CompareMatch {
  readonly kind: 'compare';
  readonly field: FieldReference;
  readonly operator: RelationalOperator;
  readonly constants: readonly Constant[];
}

/** `is_chassis_resident("port")`: the port, or the gateway it stands for, is on the chassis that evaluates */
export interface ResidentMatch {
  readonly kind: 'resident';
  readonly port: string;
  readonly negated: boolean;
}

export type RelationalOperator = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** a field, or bits `low` to `high` of it, counted from the least significant; a string field has none */
export interface FieldReference {
  readonly name: string;
  readonly bits?: { readonly low: number; readonly high: number };
}

export type Constant = IntegerConstant | StringConstant | SetConstant;

export type IntegerFormat = 'decimal' | 'hexadecimal' | 'ipv4' | 'ipv6' | 'ethernet';

/** bits of `value` outside of `mask` are 0 */
export interface IntegerConstant {
  readonly kind: 'integer';
  readonly value: bigint;
  readonly mask?: bigint;
  readonly format: IntegerFormat;
}

export interface StringConstant {
  readonly kind: 'string';
  readonly value: string;
}

/** `$name`: the values of an address set; `@name`: the ports of a port group */
export interface SetConstant {
  readonly kind: 'address-set' | 'port-group';
  readonly name: string;
}

const OPPOSITES: Readonly<Record<RelationalOperator, RelationalOperator>> = {
  '==': '!=',
  '!=': '==',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
};

/** `a` and `b` (or `a` or `b`) as one junction without a junction of the same kind inside */
export function combine(kind: 'and' | 'or', operands: readonly Match[]): Match {
  const flat = operands.flatMap((each) => (each.kind === kind ? each.operands : [each]));
  return flat.length === 1 && flat[0] ? flat[0] : { kind, operands: flat };
}

export function negate(match: Match): Match {
  switch (match.kind) {
    case 'boolean':
      return { kind: 'boolean', value: !match.value };
    case 'and':
    case 'or':
      return { kind: match.kind === 'and' ? 'or' : 'and', operands: match.operands.map(negate) };
    case 'compare':
      return tidy({ ...match, operator: OPPOSITES[match.operator] });
    case 'resident':
      return { ...match, negated: !match.negated };
  }
}

/** One spelling for tests of one bit: `== 1` or `== 0`. */
export function tidy(match: CompareMatch): CompareMatch {
  const { field, operator, constants } = match;
  const [constant] = constants;
  const oneBit = field.bits !== undefined && field.bits.low === field.bits.high;
  if (!oneBit || constants.length !== 1 || constant?.kind !== 'integer' || constant.mask !== undefined) return match;
  if (operator !== '==' && operator !== '!=') return match;
  const set = (constant.value & 1n) === 1n;
  const value = set === (operator === '==') ? 1n : 0n;
  return { kind: 'compare', field, operator: '==', constants: [{ kind: 'integer', value, format: 'decimal' }] };
}
