/**
 * Validation of a JSON value against a structural schema, in the words that kube-apiserver uses for custom resources
 * (k8s.io/apiextensions-apiserver/pkg/apiserver/validation over kube-openapi's validator).
 */
import { supportedValues, type FieldError, type FieldErrorType } from './field-error.ts';
import { fitsFormat, hasFormat } from './formats.ts';
import { stringifyJson } from './json-text.ts';
import { memberSchemaOf } from './prune.ts';
import { equalJson, isObject, type Json, type JsonObject, type StructuralSchema } from './structural-schema.ts';

/** Every mistake of the value, in document order. `path` is the place of the value in its object; '' is the root. */
export function validate(schema: StructuralSchema, value: Json, path = ''): FieldError[] {
  const errors: FieldError[] = [];
  new Validation(errors).value(schema, value, path);
  return errors;
}

class Validation {
  readonly #errors: FieldError[];

  constructor(errors: FieldError[]) {
    this.#errors = errors;
  }

  value(schema: StructuralSchema, value: Json, path: string): void {
    if (value === null && schema.nullable) return;
    if (!this.#type(schema, value, path)) return;
    if (schema.enum && !schema.enum.some((choice) => equalJson(choice, value)))
      this.#add(path, 'NotSupported', value, supportedValues(schema.enum));
    if (typeof value === 'string') this.#string(schema, value, path);
    else if (typeof value === 'number' || typeof value === 'bigint') this.#number(schema, value, path);
    else if (Array.isArray(value)) this.#list(schema, value, path);
    else if (isObject(value)) this.#object(schema, value, path);
    this.#combinators(schema, value, path);
  }

  #add(path: string, type: FieldErrorType, value: unknown, detail: string): void {
    this.#errors.push({ path, type, value, detail });
  }

  #inBody(path: string, value: unknown, rest: string): void {
    this.#add(path, 'Invalid', value, `${path} in body ${rest}`);
  }

  #type(schema: StructuralSchema, value: Json, path: string): boolean {
    if (schema['x-kubernetes-int-or-string']) {
      if (typeof value === 'string' || isInteger(value)) return true;
      this.#typeError(path, 'integer,string', value);
      return false;
    }
    if (schema.type === undefined || hasType(schema.type, value)) return true;
    this.#typeError(path, schema.type, value);
    return false;
  }

  #typeError(path: string, wanted: string, value: Json): void {
    const actual = typeName(value);
    this.#add(path, 'TypeInvalid', actual, `${path} in body must be of type ${wanted}: "${actual}"`);
  }

  #string(schema: StructuralSchema, value: string, path: string): void {
    if (schema.maxLength !== undefined && value.length > schema.maxLength && lengthOf(value) > schema.maxLength)
      this.#add(path, 'TooLong', value, `may not be more than ${schema.maxLength} bytes`);
    if (schema.minLength !== undefined && lengthOf(value) < schema.minLength)
      this.#inBody(path, value, `should be at least ${schema.minLength} chars long`);
    if (schema.pattern !== undefined && !patternOf(schema.pattern).test(value))
      this.#inBody(path, value, `should match '${schema.pattern}'`);
    if (schema.format !== undefined && !hasFormat(schema.format, value))
      this.#inBody(path, value, `must be of type ${schema.format}: ${JSON.stringify(value)}`);
  }

  #number(schema: StructuralSchema, value: number | bigint, path: string): void {
    const { minimum, maximum, multipleOf } = schema;
    if (minimum !== undefined && (schema.exclusiveMinimum ? value <= minimum : value < minimum))
      this.#inBody(path, value, `should be greater than ${schema.exclusiveMinimum ? '' : 'or equal to '}${minimum}`);
    if (maximum !== undefined && (schema.exclusiveMaximum ? value >= maximum : value > maximum))
      this.#inBody(path, value, `should be less than ${schema.exclusiveMaximum ? '' : 'or equal to '}${maximum}`);
    if (multipleOf !== undefined && !isMultiple(value, multipleOf))
      this.#inBody(path, value, `should be a multiple of ${multipleOf}`);
    if (schema.format !== undefined && !fitsFormat(schema.format, value))
      this.#inBody(path, value, `must be of type ${schema.format}: "${value}"`);
  }

  #list(schema: StructuralSchema, value: readonly Json[], path: string): void {
    if (schema.maxItems !== undefined && value.length > schema.maxItems)
      this.#add(path, 'TooMany', value.length, `must have at most ${schema.maxItems} items`);
    if (schema.minItems !== undefined && value.length < schema.minItems)
      this.#inBody(path, value, `should have at least ${schema.minItems} items`);
    if (schema.uniqueItems && duplicates(value, identity).length > 0)
      this.#inBody(path, value, `shouldn't contain duplicates`);
    this.#listType(schema, value, path);
    const items = schema.items;
    if (items) value.forEach((item, i) => this.value(items, item, `${path}[${i}]`));
  }

  #listType(schema: StructuralSchema, value: readonly Json[], path: string): void {
    const listType = schema['x-kubernetes-list-type'];
    if (listType !== 'set' && listType !== 'map') return;
    const keys = schema['x-kubernetes-list-map-keys'] ?? [];
    const keyOf = listType === 'set' ? identity : (item: Json) => mapKey(item, keys, schema.items);
    for (const index of duplicates(value, keyOf)) this.#add(`${path}[${index}]`, 'Duplicate', keyOf(value[index]!), '');
  }

  #object(schema: StructuralSchema, value: JsonObject, path: string): void {
    for (const name of schema.required ?? [])
      if (!Object.hasOwn(value, name)) this.#add(join(path, name), 'Required', undefined, '');
    const count = Object.keys(value).length;
    if (schema.maxProperties !== undefined && count > schema.maxProperties)
      this.#add(path, 'TooMany', count, `must have at most ${schema.maxProperties} items`);
    if (schema.minProperties !== undefined && count < schema.minProperties)
      this.#inBody(path, value, `should have at least ${schema.minProperties} properties`);
    for (const [name, member] of Object.entries(value)) {
      const memberSchema = memberSchemaOf(schema, name);
      if (memberSchema) this.value(memberSchema, member, join(path, name));
      else if (schema.additionalProperties === false) this.#add(join(path, name), 'Forbidden', member, 'unknown field');
    }
  }

  #combinators(schema: StructuralSchema, value: Json, path: string): void {
    const passes = (part: StructuralSchema): boolean => validate(part, value, path).length === 0;
    for (const part of schema.allOf ?? []) this.value(part, value, path);
    if (schema.anyOf && !schema.anyOf.some(passes)) {
      this.#add(path, 'Invalid', value, `${path} in body must validate at least one schema (anyOf)`);
      for (const part of schema.anyOf.slice(0, 1)) this.value(part, value, path);
    }
    if (schema.oneOf) {
      const passed = schema.oneOf.filter(passes).length;
      const found = passed === 0 ? 'none valid' : `${passed} valid alternatives`;
      if (passed !== 1) this.#inBody(path, value, `must validate one and only one schema (oneOf). Found ${found}`);
    }
    if (schema.not && passes(schema.not)) this.#inBody(path, value, 'must not validate the schema (not)');
  }
}

/** Length in code points, as Go counts runes. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function isInteger(value: Json): boolean {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
}

function hasType(type: NonNullable<StructuralSchema['type']>, value: Json): boolean {
  if (type === 'object') return isObject(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return isInteger(value);
  if (type === 'number') return typeof value === 'number' || typeof value === 'bigint';
  return typeof value === type;
}

function typeName(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value === 'bigint' ? 'integer' : typeof value;
}

function isMultiple(value: number | bigint, of: number): boolean {
  if (typeof value === 'bigint' && Number.isInteger(of)) return value % BigInt(of) === 0n;
  const quotient = Number(value) / of;
  return Math.abs(quotient - Math.round(quotient)) < 1e-9;
}

const identity = (item: Json): Json => item;

/** The key of an item of a list of type map; an absent key field counts with its default. */
function mapKey(item: Json, keys: readonly string[], items: StructuralSchema | undefined): Json {
  const key: JsonObject = {};
  for (const name of keys)
    key[name] = (isObject(item) ? item[name] : undefined) ?? items?.properties?.[name]?.default ?? null;
  return key;
}

/** Indexes of items whose key occurred before. */
function duplicates(list: readonly Json[], keyOf: (item: Json) => Json): number[] {
  const seen = new Set<string>();
  const found: number[] = [];
  for (const [i, item] of list.entries()) {
    const text = canonicalText(keyOf(item));
    if (seen.has(text)) found.push(i);
    seen.add(text);
  }
  return found;
}

/** Equal values have equal texts: members sorted. */
function canonicalText(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (!isObject(value)) return stringifyJson(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonicalText(value[name]!)}`).join(',')}}`;
}

const patterns = new Map<string, RegExp>();

/** Go's RE2 syntax is a subset of ECMAScript's for all that CRDs use, apart from `\z`, `\A` and `(?i)`. */
export function patternOf(pattern: string): RegExp {
  let compiled = patterns.get(pattern);
  if (!compiled) {
    const insensitive = pattern.startsWith('(?i)');
    const source = (insensitive ? pattern.slice(4) : pattern).replaceAll('\\A', '^').replaceAll('\\z', '$');
    compiled = compile(source, insensitive ? 'i' : '');
    patterns.set(pattern, compiled);
  }
  return compiled;
}

function compile(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, `${flags}u`);
  } catch {
    // Unicode mode forbids needless escapes such as `\-`, which RE2 allows
    return new RegExp(source, flags);
  }
}
