/**
 * JSON text without the loss of digits: integer literals beyond 2^53 become `bigint` and are written back digit by digit
 * (RFC 8259 section 6 leaves the range of numbers open; Kubernetes keeps int64, and the free addresses of an IPv6 subnet
 * need more than that).
 */
import type { Json } from './structural-schema.ts';

/** What TypeScript's library does not declare yet (ECMAScript proposal "JSON.parse source text access"). */
interface SourceTextJson {
  parse(text: string, reviver: (name: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): unknown;
}
const sourceText = JSON as unknown as SourceTextJson;

const LONG_DIGITS = /\d{16}/;
const INTEGER = /^-?\d+$/;

/** Parses JSON; a body without 16 digits in a row takes the plain way. @throws SyntaxError as JSON.parse */
export function parseJson(text: string): Json {
  if (!LONG_DIGITS.test(text)) return JSON.parse(text) as Json;
  return sourceText.parse(text, (_name, value, { source }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && INTEGER.test(source)
      ? BigInt(source)
      : value,
  ) as Json;
}

/** Compact JSON text; `bigint` members become plain integer literals. */
export function stringifyJson(value: Json): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // JSON.stringify refuses bigint, which is rare: only then pay for a replacer
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, (_name, member: unknown) =>
      typeof member === 'bigint' ? sourceText.rawJSON(String(member)) : member,
    );
  }
}

/**
 * Paths of members that occur twice in one object (`spec.vpc`, `spec.routes[1].cidr`), each once, in order of appearance.
 * The text must be valid JSON. JSON.parse keeps the last of them and says nothing.
 */
export function duplicateMembers(text: string): string[] {
  const duplicates = new Set<string>();
  const scopes: Scope[] = [];
  const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs;
  let previous = '';
  for (let match = tokens.exec(text); match !== null; match = tokens.exec(text)) {
    const token = match[0];
    const scope = scopes.at(-1);
    if (token === '{') scopes.push({ path: pathOf(scope), seen: new Set(), member: '', index: 0 });
    else if (token === '[') scopes.push({ path: pathOf(scope), seen: undefined, member: '', index: 0 });
    else if (token === '}' || token === ']') scopes.pop();
    else if (token === ',' && scope && !scope.seen) scope.index++;
    else if (token.startsWith('"') && scope?.seen && (previous === '{' || previous === ',')) {
      scope.member = JSON.parse(token) as string;
      if (scope.seen.has(scope.member)) duplicates.add(pathOf(scope));
      scope.seen.add(scope.member);
    }
    previous = token;
  }
  return [...duplicates];
}

interface Scope {
  readonly path: string;
  /** member names so far; undefined in a list */
  readonly seen: Set<string> | undefined;
  member: string;
  index: number;
}

function pathOf(scope: Scope | undefined): string {
  if (!scope) return '';
  if (!scope.seen) return `${scope.path}[${scope.index}]`;
  return scope.path === '' ? scope.member : `${scope.path}.${scope.member}`;
}
