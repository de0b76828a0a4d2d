import { isObject, type Json } from './structural-schema.ts';
import { stringifyJson } from './json-text.ts';

/** What is wrong with a field; the words of `k8s.io/apimachinery/pkg/util/validation/field` ErrorType. */
export type FieldErrorType =
  | 'Invalid'
  | 'TypeInvalid'
  | 'Required'
  | 'NotSupported'
  | 'Duplicate'
  | 'Forbidden'
  | 'NotFound'
  | 'TooLong'
  | 'TooMany'
  | 'Internal';

/** One mistake in one field. `path` is `spec.routes[2].cidr`; `detail` is a sentence part without the path. */
export interface FieldError {
  readonly path: string;
  readonly type: FieldErrorType;
  readonly value?: unknown;
  readonly detail: string;
}

const HEADINGS: Readonly<Record<FieldErrorType, string>> = {
  Invalid: 'Invalid value',
  TypeInvalid: 'Invalid value',
  Required: 'Required value',
  NotSupported: 'Unsupported value',
  Duplicate: 'Duplicate value',
  Forbidden: 'Forbidden',
  NotFound: 'Not found',
  TooLong: 'Too long',
  TooMany: 'Too many',
  Internal: 'Internal error',
};

const WITHOUT_VALUE: ReadonlySet<FieldErrorType> = new Set(['Required', 'Forbidden', 'TooLong', 'Internal']);

/** The reason of a cause in `metav1.StatusDetails`: `FieldValueInvalid`, ... */
export function causeReason(error: FieldError): string {
  return error.type === 'Internal' ? 'InternalError' : `FieldValue${error.type}`;
}

/** The error without its path: `Invalid value: "x": must be a CIDR`. */
export function renderErrorBody(error: FieldError): string {
  const heading = HEADINGS[error.type];
  const value = WITHOUT_VALUE.has(error.type) ? '' : `: ${renderValue(error.value)}`;
  return `${heading}${value}${error.detail === '' ? '' : `: ${error.detail}`}`;
}

/** The error as kubectl shows it: `spec.cidrBlock: Invalid value: "x": must be a CIDR`. */
export function renderFieldError(error: FieldError): string {
  return `${error.path === '' ? '<nil>' : error.path}: ${renderErrorBody(error)}`;
}

/** Several errors as upstream's aggregate: one bare, more in brackets. */
export function renderFieldErrors(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map(renderFieldError))];
  return texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`;
}

/** `a, "b"`: the detail of a NotSupported error. */
export function supportedValues(values: readonly Json[]): string {
  return `supported values: ${values.map((value) => renderValue(value)).join(', ')}`;
}

function renderValue(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (isObject(value) || Array.isArray(value)) return stringifyJson(value as Json);
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'
    ? String(value)
    : typeof value;
}
