/** Rules for names, labels and annotations (k8s.io/apimachinery/pkg/util/validation, api/validation/objectmeta.go). */
import type { FieldError } from '../../../lib/schema/field-error.ts';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

const LABEL_PATTERN = new RegExp(`^${LABEL}$`);
const SUBDOMAIN_PATTERN = new RegExp(`^${SUBDOMAIN}$`);
const QUALIFIED_PATTERN = new RegExp(`^${QUALIFIED}$`);
const LABEL_VALUE_PATTERN = new RegExp(`^(${QUALIFIED})?$`);

export type NameRule = 'subdomain' | 'label' | 'pathSegment';

/** Why the text is no DNS-1123 subdomain (at most 253 characters), or undefined. */
export function subdomainProblem(text: string): string | undefined {
  if (text.length > 253) return 'must be no more than 253 characters';
  if (SUBDOMAIN_PATTERN.test(text)) return undefined;
  return `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN}')`;
}

/** Why the text is no DNS-1123 label (at most 63 characters), or undefined. */
export function labelProblem(text: string): string | undefined {
  if (text.length > 63) return 'must be no more than 63 characters';
  if (LABEL_PATTERN.test(text)) return undefined;
  return `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL}')`;
}

export function nameProblem(rule: NameRule, text: string): string | undefined {
  if (rule === 'subdomain') return subdomainProblem(text);
  if (rule === 'label') return labelProblem(text);
  if (text === '.' || text === '..') return `may not be '${text}'`;
  return /[/%]/.test(text) ? `may not contain '/' or '%'` : undefined;
}

/** Why the text is no label key or annotation key (`[prefix/]name`), or undefined. */
export function qualifiedNameProblem(text: string): string | undefined {
  const parts = text.split('/');
  const name = parts.at(-1)!;
  if (parts.length > 2) return `a qualified name must consist of a name with an optional DNS subdomain prefix and '/'`;
  if (parts.length === 2) {
    if (parts[0] === '') return 'prefix part must be non-empty';
    const problem = subdomainProblem(parts[0]!);
    if (problem) return `prefix part ${problem}`;
  }
  if (name === '') return 'name part must be non-empty';
  if (name.length > 63) return 'name part must be no more than 63 characters';
  if (QUALIFIED_PATTERN.test(name)) return undefined;
  return `name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${QUALIFIED}')`;
}

export function labelValueProblem(text: string): string | undefined {
  if (text.length > 63) return 'must be no more than 63 characters';
  if (LABEL_VALUE_PATTERN.test(text)) return undefined;
  return `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${QUALIFIED})?')`;
}

const MAX_ANNOTATION_BYTES = 256 * 1024;

export function labelErrors(labels: Readonly<Record<string, string>>, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels)) {
    const problem = qualifiedNameProblem(key);
    if (problem) errors.push({ path, type: 'Invalid', value: key, detail: problem });
    const valueProblem = labelValueProblem(value);
    if (valueProblem) errors.push({ path, type: 'Invalid', value, detail: valueProblem });
  }
  return errors;
}

export function annotationErrors(annotations: Readonly<Record<string, string>>, path: string): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
    const problem = qualifiedNameProblem(key.toLowerCase());
    if (problem) errors.push({ path, type: 'Invalid', value: key, detail: problem });
  }
  if (bytes > MAX_ANNOTATION_BYTES)
    errors.push({ path, type: 'TooLong', detail: `may not be more than ${MAX_ANNOTATION_BYTES} bytes` });
  return errors;
}

const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** A name from metadata.generateName: 5 random characters, without vowels, as upstream. */
export function generatedName(base: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(5));
  return base.slice(0, 58) + Array.from(bytes, (byte) => SUFFIX_ALPHABET[byte % SUFFIX_ALPHABET.length]).join('');
}
