/** Words of the match language (ovn-sb(5)). */
import type { IntegerConstant } from './match.ts';

export type Token = {
  /** where it stands, from 0, and where it ends */
  readonly start: number;
  readonly end: number;
} & (
  | { readonly kind: 'end' }
  | { readonly kind: 'identifier' | 'string' | 'address-set' | 'port-group'; readonly text: string }
  | { readonly kind: 'integer'; readonly constant: IntegerConstant }
  | { readonly kind: 'symbol'; readonly text: SymbolText }
);

/** longest first: the first that fits is the word */
export const SYMBOLS = [
  '==',
  '!=',
  '<=',
  '>=',
  '&&',
  '||',
  '..',
  '<',
  '>',
  '!',
  '(',
  ')',
  '{',
  '}',
  '[',
  ']',
  ',',
] as const;

export type SymbolText = (typeof SYMBOLS)[number];
