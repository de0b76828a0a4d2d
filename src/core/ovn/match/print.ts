/** Match -> its canonical text. `parseMatch(printMatch(e))` is `e`. */
import { formatIp, maxValue, width } from '../../../lib/netaddr/ip.ts';
import { MATCH_SYMBOLS } from './fields.ts';
import type { CompareMatch, Constant, FieldReference, IntegerConstant, Match } from './match.ts';

export function printMatch(match: Match): string {
  switch (match.kind) {
    case 'boolean':
      return match.value ? '1' : '0';
    case 'and':
    case 'or':
      return match.operands.map(printOperand).join(match.kind === 'and' ? ' && ' : ' || ');
    case 'compare':
      return printCompare(match);
    case 'resident':
      return `${match.negated ? '!' : ''}is_chassis_resident(${JSON.stringify(match.port)})`;
  }
}

function printOperand(match: Match): string {
  return match.kind === 'and' || match.kind === 'or' ? `(${printMatch(match)})` : printMatch(match);
}

function printCompare({ field, operator, constants }: CompareMatch): string {
  const name = printField(field);
  const [constant] = constants;
  const bit = field.bits !== undefined && field.bits.low === field.bits.high;
  if (bit && constants.length === 1 && operator === '==' && constant?.kind === 'integer' && constant.mask === undefined)
    return constant.value === 1n ? name : `!${name}`;
  const text = constants.map(printConstant).join(', ');
  return `${name} ${operator} ${constants.length === 1 ? text : `{${text}}`}`;
}

export function printField({ name, bits }: FieldReference): string {
  if (bits === undefined) return name;
  const { low, high } = bits;
  if (low === 0 && high === (MATCH_SYMBOLS.get(name)?.width ?? 0) - 1) return name;
  return low === high ? `${name}[${low}]` : `${name}[${low}..${high}]`;
}

function printConstant(constant: Constant): string {
  switch (constant.kind) {
    case 'integer':
      return printInteger(constant);
    case 'string':
      return JSON.stringify(constant.value);
    case 'address-set':
      return `$${constant.name}`;
    case 'port-group':
      return `@${constant.name}`;
  }
}

function printInteger({ value, mask, format }: IntegerConstant): string {
  const text = printValue(value, format);
  if (mask === undefined) return text;
  const prefix = format === 'ipv4' || format === 'ipv6' ? prefixLength(mask, format === 'ipv4' ? 4 : 6) : undefined;
  return `${text}/${prefix ?? printValue(mask, format)}`;
}

function printValue(value: bigint, format: IntegerConstant['format']): string {
  switch (format) {
    case 'decimal':
      return value.toString();
    case 'hexadecimal':
      return `0x${value.toString(16)}`;
    case 'ipv4':
      return formatIp({ family: 4, value });
    case 'ipv6':
      return formatIp({ family: 6, value });
    case 'ethernet':
      return (value.toString(16).padStart(12, '0').match(/../g) ?? []).join(':');
  }
}

function prefixLength(mask: bigint, family: 4 | 6): number | undefined {
  const host = maxValue(family) ^ mask;
  // a prefix mask is ones, then zeros: its complement plus one is a power of two
  return (host & (host + 1n)) === 0n ? width(family) - (host === 0n ? 0 : host.toString(2).length) : undefined;
}
