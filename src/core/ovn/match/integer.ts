/** Numbers and addresses of the match language, with or without mask. */
import { attempt } from '../../../lib/netaddr/error.ts';
import { type Family, maxValue, parseIp, width } from '../../../lib/netaddr/ip.ts';
import type { IntegerConstant, IntegerFormat } from './match.ts';
import { MatchError } from './problem.ts';
import type { Token } from './tokens.ts';

/** no number and no address with its mask is longer */
const LONGEST = 100;

interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

interface Value {
  readonly value: bigint;
  readonly format: IntegerFormat;
}

/** Reads the integer that starts at `start`, with its mask if one follows. @throws MatchError */
export function readInteger(text: string, start: number): Token {
  const word = wordAt(text, start);
  const value = read(word);
  if (text[word.end] !== '/') return { kind: 'integer', constant: { kind: 'integer', ...value }, start, end: word.end };
  const maskWord = wordAt(text, word.end + 1);
  const constant = masked(value, read(maskWord), maskWord);
  return { kind: 'integer', constant, start, end: maskWord.end };
}

/** As far as OVN reads: two dots are the sign of a range, and a colon after a dot is no part of an address. */
function wordAt(text: string, start: number): Word {
  let end = start;
  let dotted = false;
  for (; end - start <= LONGEST; end += 1) {
    const character = text[end] ?? '';
    if (character === '.' && text[end + 1] !== '.') dotted = true;
    else if (!/[0-9A-Za-z]/.test(character) && !(character === ':' && !dotted)) break;
  }
  if (end - start > LONGEST) throw new MatchError(start, 'a number this long fits nowhere');
  return { text: text.slice(start, end), start, end };
}

const ETHERNET = /^[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}$/;

function read({ text, start }: Word): Value {
  if (text === '') throw new MatchError(start, 'a number or an address is missing');
  if (ETHERNET.test(text)) return { value: BigInt(`0x${text.replaceAll(':', '')}`), format: 'ethernet' };
  if (/^[0-9]+$/.test(text)) return { value: decimal(text, start), format: 'decimal' };
  if (/^0[xX]/.test(text)) return { value: hexadecimal(text, start), format: 'hexadecimal' };
  const ip = attempt(() => parseIp(text));
  if (ip) return { value: ip.value, format: ip.family === 4 ? 'ipv4' : 'ipv6' };
  throw new MatchError(start, `${text} is neither a number nor an IPv4, IPv6 or Ethernet address`);
}

function decimal(text: string, start: number): bigint {
  if (text.length > 1 && text.startsWith('0')) throw new MatchError(start, `${text} has leading zeros`);
  const value = BigInt(text);
  if (value >= 1n << 64n) throw new MatchError(start, `${text} does not fit 64 bits; write it in hexadecimal`);
  return value;
}

function hexadecimal(text: string, start: number): bigint {
  if (!/^0[xX][0-9a-fA-F]+$/.test(text)) throw new MatchError(start, `${text} is not a hexadecimal number`);
  const value = BigInt(text);
  if (value >= 1n << 128n) throw new MatchError(start, `${text} does not fit 128 bits`);
  return value;
}

function masked(value: Value, mask: Value, { start, text }: Word): IntegerConstant {
  const bits = maskBits(value, mask);
  if (bits === undefined)
    throw new MatchError(start, `${text} is no mask for this: a mask has the form of its value, or is a prefix length`);
  // OVN reads "0/0x10" as hexadecimal
  const format = value.format === 'decimal' ? mask.format : value.format;
  return { kind: 'integer', value: value.value & bits, mask: bits, format };
}

function maskBits(value: Value, mask: Value): bigint | undefined {
  if (value.format === mask.format) return mask.value;
  if (value.format === 'decimal') return mask.format === 'hexadecimal' && value.value === 0n ? mask.value : undefined;
  if (mask.format !== 'decimal') return undefined;
  if (value.format === 'ipv4') return prefixMask(4, mask.value);
  return value.format === 'ipv6' ? prefixMask(6, mask.value) : undefined;
}

function prefixMask(family: Family, length: bigint): bigint | undefined {
  const all = BigInt(width(family));
  return length > all ? undefined : maxValue(family) ^ (maxValue(family) >> length);
}
