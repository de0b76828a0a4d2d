/** Kubernetes objects from YAML text, as far as kubectl reads it. */
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../kinds/object.ts';

/** The text is not YAML, or not objects; says where. */
export class ManifestError extends Error {
  constructor(file: string, why: string) {
    super(`${file}: ${why}`);
    this.name = 'ManifestError';
  }
}

/**
 * All objects of a text of one or more documents; empty ones are left out.
 * @param file name for messages @throws ManifestError
 */
export function readManifests(text: string, file: string): KubeObject[] {
  const strict = parse(text);
  const read = strict.error === undefined ? strict : parse(indentQuoted(text));
  // what is wrong is said of the text as it stands
  if (read.error !== undefined) throw new ManifestError(file, strict.error ?? read.error);
  return read.values.filter((value) => value !== null).map((value) => checked(value, file));
}

function parse(text: string): { readonly values: readonly unknown[]; readonly error?: string } {
  const documents = parseAllDocuments(text, { prettyErrors: true });
  const error = [...documents].flatMap((document) => document.errors)[0]?.message.split('\n')[0];
  return error === undefined
    ? { values: [...documents].map((document) => document.toJS() as unknown) }
    : { values: [], error };
}

function checked(value: unknown, file: string): KubeObject {
  const { apiVersion, kind, metadata } = (
    typeof value === 'object' && value !== null ? value : {}
  ) as Partial<KubeObject>;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || typeof metadata?.name !== 'string')
    throw new ManifestError(file, 'a document is no Kubernetes object: it needs apiVersion, kind and metadata.name');
  return value as KubeObject;
}

/** a quote that begins a value: at the start of a line, of a list item, or after a key */
const OPENING = /^\s*(?:- +)*(?:[^\s'"#-][^'"#]*?:\s+)?(['"])/;
const DEEPER = ' '.repeat(80);

/**
 * Lines within a quoted text must be indented (YAML 1.2.2, 6.3), but kubectl's reader does not insist, and the proposal's manifests rely on it.
 * Leading blanks of such lines mean nothing, so adding some changes nothing but the strictness.
 */
function indentQuoted(text: string): string {
  let quote: string | undefined;
  const lines = text.split('\n').map((line) => {
    if (quote !== undefined) {
      if (closes(line, quote)) quote = undefined;
      return `${DEEPER}${line.trimStart()}`;
    }
    const opening = OPENING.exec(line);
    if (opening && !closes(line.slice(opening[0].length), opening[1]!)) quote = opening[1];
    return line;
  });
  return lines.join('\n');
}

/** the text ends here: doubled single quotes and escaped double quotes are part of it */
function closes(line: string, quote: string): boolean {
  return line.replaceAll(quote === "'" ? "''" : /\\./g, '').includes(quote);
}
