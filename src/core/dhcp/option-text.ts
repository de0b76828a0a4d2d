/**
 * Strings of options as Kube-OVN has them in `dhcpV4Options`, `dhcpV6Options` and `ipv6RAConfigs`, read by a grammar:
 *
 *   options = [ option *( "," option ) ]
 *   option  = name "=" value
 *   value   = quoted / list / bare
 *   quoted  = DQUOTE *( any but DQUOTE and "\" / "\" DQUOTE / "\\" ) DQUOTE
 *   list    = "{" item *( "," item ) "}"         an item is quoted, or anything without , { } "
 *   bare    = anything without , { } "           several addresses may be separated by ";"
 *
 * Blanks around names, values and items mean nothing.
 */
import { type OptionSet, optionType } from './option-types.ts';
import { type OptionValue, printValue, type RawValue, readValue } from './option-value.ts';

/** by name, in the order in which they were written */
export type Options = Readonly<Record<string, OptionValue>>;

/** the options, or a sentence without its subject that names the option and what is wrong with it */
export type Parsed = { readonly options: Options } | { readonly problem: string };

/** Reads a string of options; the first mistake is the answer. */
export function parseOptions(set: OptionSet, text: string): Parsed {
  const options: Record<string, OptionValue> = {};
  const scanner = new Scanner(text);
  scanner.blanks();
  while (!scanner.atEnd) {
    const read = option(set, scanner);
    if ('problem' in read) return read;
    if (Object.hasOwn(options, read.name)) return { problem: `option ${read.name} stands twice` };
    options[read.name] = read.value;
    if (scanner.atEnd) break;
    if (!scanner.take(','))
      return { problem: `after option ${read.name} a comma is expected, not ${JSON.stringify(scanner.rest(12))}` };
    scanner.blanks();
    if (scanner.atEnd) return { problem: `ends with a comma after option ${read.name}` };
  }
  return { options };
}

function option(
  set: OptionSet,
  scanner: Scanner,
): { readonly name: string; readonly value: OptionValue } | { readonly problem: string } {
  const name = scanner.match(/[A-Za-z0-9_]+/y);
  scanner.blanks();
  if (name === undefined || !scanner.take('='))
    return {
      problem: `${JSON.stringify(`${name ?? ''}${scanner.rest(24)}`)} is no option: write name=value, and several values as name={a,b}`,
    };
  scanner.blanks();
  const type = optionType(set, name);
  if (typeof type === 'string') return { problem: `option ${name} ${type}` };
  const raw = scanner.value();
  if (typeof raw === 'string') return { problem: `option ${name} ${raw}` };
  scanner.blanks();
  const value = readValue(type, raw);
  return typeof value === 'string' ? { problem: `option ${name} ${value}` } : { name, value };
}

/** Prints options so that `parseOptions` reads the same. */
export function printOptions(options: Options): string {
  return Object.entries(options)
    .map(([name, value]) => `${name}=${printValue(value)}`)
    .join(',');
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  rest(length: number): string {
    return this.#text.slice(this.#at, this.#at + length);
  }

  /** @param pattern sticky */
  match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  blanks(): void {
    this.match(/\s+/y);
  }

  take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  /** @returns the value, or what is wrong */
  value(): RawValue | string {
    if (this.take('{')) return this.#list();
    if (this.#text[this.#at] !== '"') return { form: 'bare', text: this.#bare() };
    const text = this.#quoted();
    return text === undefined ? 'has a quote that does not end' : { form: 'quoted', text };
  }

  #list(): RawValue | string {
    const items: string[] = [];
    do {
      this.blanks();
      const item = this.#text[this.#at] === '"' ? this.#quoted() : this.#bare();
      if (item === undefined) return 'has a quote that does not end';
      if (item === '') return 'has an empty item between its braces';
      items.push(item);
      this.blanks();
    } while (this.take(','));
    return this.take('}') ? { form: 'list', items } : 'has a brace that does not end';
  }

  #bare(): string {
    return (this.match(/[^,{}"]*/y) ?? '').trim();
  }

  #quoted(): string | undefined {
    const found = this.match(/"(?:[^"\\]|\\["\\])*"/y);
    return found?.slice(1, -1).replaceAll(/\\(["\\])/g, '$1');
  }
}
