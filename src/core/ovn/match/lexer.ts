/** Text of a match -> its words. */
import { readInteger } from './integer.ts';
import { MatchError } from './problem.ts';
import { SYMBOLS, type Token } from './tokens.ts';

const BLANK = /(?:[ \t\n\r\v\f]+|\/\/[^\n]*|\/\*(?:[^*\n]|\*(?!\/))*\*\/)+/y;
const IDENTIFIER = /[A-Za-z_.][A-Za-z0-9_.]*/y;
/** An identifier never starts with hexadecimal digits and a colon; addresses that start with a letter always do. */
const NUMBER_AHEAD = /[0-9]|::|[a-fA-F][0-9a-fA-F]*:/y;
const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

export class Lexer {
  readonly #text: string;
  #offset = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** @throws MatchError */
  next(): Token {
    this.#offset = this.#matched(BLANK)?.end ?? this.#offset;
    const start = this.#offset;
    const token = this.#read(start);
    this.#offset = token.end;
    return token;
  }

  /** whether an opening parenthesis comes next: then the word before it is a function */
  beforeParenthesis(): boolean {
    return this.#text[this.#matched(BLANK)?.end ?? this.#offset] === '(';
  }

  #read(start: number): Token {
    const character = this.#text[start];
    if (character === undefined) return { kind: 'end', start, end: start };
    if (this.#matched(NUMBER_AHEAD)) return readInteger(this.#text, start);
    if (character === '"') return this.#string(start);
    if (character === '$' || character === '@') return this.#set(start, character);
    // a lone dot starts an identifier for OVN as well, two of them are the sign of a range
    const symbol = SYMBOLS.find((each) => this.#text.startsWith(each, start));
    if (symbol) return { kind: 'symbol', text: symbol, start, end: start + symbol.length };
    const identifier = character === '.' ? undefined : this.#matched(IDENTIFIER);
    if (identifier) return { kind: 'identifier', start, ...identifier };
    throw new MatchError(start, wrongCharacter(character, this.#text[start + 1]));
  }

  #set(start: number, sign: '$' | '@'): Token {
    const name = this.#matched(IDENTIFIER, start + 1);
    if (!name) throw new MatchError(start, `"${sign}" must be followed by a name (letters, digits, "_" and ".")`);
    return { kind: sign === '$' ? 'address-set' : 'port-group', start, ...name };
  }

  #matched(pattern: RegExp, offset = this.#offset): { readonly text: string; readonly end: number } | undefined {
    pattern.lastIndex = offset;
    const text = pattern.exec(this.#text)?.[0];
    return text === undefined ? undefined : { text, end: offset + text.length };
  }

  /** a string of JSON (RFC 8259), in which OVN allows raw control characters and forbids NUL */
  #string(start: number): Token {
    let value = '';
    for (let at = start + 1; at < this.#text.length; at += 1) {
      const character = this.#text[at];
      if (character === '"') return { kind: 'string', text: value, start, end: at + 1 };
      if (character !== '\\') value += character;
      else {
        const escape = this.#escape(at);
        value += escape.value;
        at += escape.length - 1;
      }
    }
    throw new MatchError(start, 'the string has no closing quotation mark');
  }

  #escape(at: number): { readonly value: string; readonly length: number } {
    const letter = this.#text[at + 1] ?? '';
    if (letter === '"' || letter === '\\' || letter === '/') return { value: letter, length: 2 };
    if (Object.hasOwn(ESCAPES, letter)) return { value: ESCAPES[letter] ?? '', length: 2 };
    const code = /^u([0-9a-fA-F]{4})/.exec(this.#text.slice(at + 1, at + 6))?.[1];
    if (code === undefined) throw new MatchError(at, `"\\${letter}" is not an escape of a string`);
    const unit = Number.parseInt(code, 16);
    if (unit === 0) throw new MatchError(at, 'a string cannot hold the character NUL');
    if (unit < 0xd800 || unit > 0xdfff) return { value: String.fromCharCode(unit), length: 6 };
    const low = /^\\u([dD][c-fC-F][0-9a-fA-F]{2})/.exec(this.#text.slice(at + 6, at + 12))?.[1];
    if (unit > 0xdbff || low === undefined) throw new MatchError(at, `"\\u${code}" is half of a surrogate pair`);
    return { value: String.fromCharCode(unit, Number.parseInt(low, 16)), length: 12 };
  }
}

function wrongCharacter(character: string, next: string | undefined): string {
  if (character === '&') return '"&" must be "&&"';
  if (character === '|') return '"|" must be "||"';
  if (character === '=') return '"=" must be "=="';
  if (character === '^') return 'a template variable ("^") cannot stand in a match of an object';
  if (character === '/' && next === '*') return '"/*" has no "*/" on its line';
  if (character === "'") return 'a string stands in double quotation marks';
  return `${JSON.stringify(character)} is not part of the language`;
}
