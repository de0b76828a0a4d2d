import { supportedValues, type FieldError } from './field-error.ts';
import { patternOf, validate } from './validate.ts';
import { isObject, type Json, type JsonObject, type StructuralSchema } from './structural-schema.ts';

const TYPES: readonly string[] = ['object', 'array', 'string', 'integer', 'number', 'boolean'];

/**
 * Is the schema structural, as apiextensions.k8s.io/v1 demands: every node has a type (or preserves unknown fields, or is
 * int-or-string), no `$ref`, patterns compile, defaults are valid. `value` comes from a request: nothing is taken for granted.
 */
export function checkStructural(value: Json | undefined, path: string): FieldError[] {
  const errors: FieldError[] = [];
  checkNode(value, path, errors);
  return errors;
}

function checkNode(value: Json | undefined, path: string, errors: FieldError[]): void {
  if (!isObject(value)) {
    errors.push({ path, type: 'TypeInvalid', value, detail: 'must be a schema object' });
    return;
  }
  if (!checkKeywords(value, path, errors)) return;
  const schema = value as StructuralSchema;
  checkType(schema, path, errors);
  if (Object.hasOwn(value, '$ref'))
    errors.push({ path: `${path}.$ref`, type: 'Forbidden', detail: '$ref is not supported' });
  if (value.uniqueItems === true)
    errors.push({ path: `${path}.uniqueItems`, type: 'Forbidden', detail: 'uniqueItems cannot be set to true' });
  const valuesUsable = checkPattern(schema, path, errors);
  checkChildren(schema, path, errors);
  if (valuesUsable && errors.length === 0 && schema.default !== undefined)
    errors.push(...validate(schema, schema.default, `${path}.default`));
}

const isText = (value: Json): boolean => typeof value === 'string';
const isFlag = (value: Json): boolean => typeof value === 'boolean';
const isNumber = (value: Json): boolean => typeof value === 'number';
const isCount = (value: Json): boolean => typeof value === 'number' && Number.isInteger(value) && value >= 0;
const isTexts = (value: Json): boolean => Array.isArray(value) && value.every(isText);
const isSchemas = (value: Json): boolean => Array.isArray(value) && value.every(isObject);

/** What the value of a keyword must be, for the keywords whose values are used without another look. */
const KEYWORDS: Readonly<Record<string, readonly [(value: Json) => boolean, string]>> = {
  ...Object.fromEntries(
    ['type', 'format', 'title', 'description', 'x-kubernetes-list-type'].map((it) => [it, [isText, 'a string']]),
  ),
  ...Object.fromEntries(
    ['nullable', 'exclusiveMinimum', 'exclusiveMaximum', 'x-kubernetes-preserve-unknown-fields'].map((it) => [
      it,
      [isFlag, 'a boolean'],
    ]),
  ),
  ...Object.fromEntries(['minimum', 'maximum', 'multipleOf'].map((it) => [it, [isNumber, 'a number']])),
  ...Object.fromEntries(
    ['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'].map((it) => [
      it,
      [isCount, 'a count'],
    ]),
  ),
  ...Object.fromEntries(['required', 'x-kubernetes-list-map-keys'].map((it) => [it, [isTexts, 'a list of strings']])),
  ...Object.fromEntries(['allOf', 'anyOf', 'oneOf'].map((it) => [it, [isSchemas, 'a list of schemas']])),
  enum: [Array.isArray, 'a list'],
  not: [isObject, 'a schema'],
  items: [isObject, 'a schema'],
};

function checkKeywords(schema: JsonObject, path: string, errors: FieldError[]): boolean {
  const before = errors.length;
  for (const [keyword, value] of Object.entries(schema)) {
    const [test, wanted] = KEYWORDS[keyword] ?? [];
    if (test && !test(value))
      errors.push({ path: `${path}.${keyword}`, type: 'TypeInvalid', value, detail: `must be ${wanted}` });
  }
  return errors.length === before;
}

function checkType(schema: StructuralSchema, path: string, errors: FieldError[]): void {
  const free = schema['x-kubernetes-preserve-unknown-fields'] === true || schema['x-kubernetes-int-or-string'] === true;
  if (schema.type === undefined || (schema.type as string) === '') {
    if (!free)
      errors.push({ path: `${path}.type`, type: 'Required', detail: 'must not be empty for specified object fields' });
  } else if (!TYPES.includes(schema.type))
    errors.push({ path: `${path}.type`, type: 'NotSupported', value: schema.type, detail: supportedValues(TYPES) });
  if (schema['x-kubernetes-list-type'] === 'map' && !schema['x-kubernetes-list-map-keys']?.length)
    errors.push({
      path: `${path}.x-kubernetes-list-map-keys`,
      type: 'Required',
      detail: 'must not be empty if x-kubernetes-list-type is map',
    });
  if (schema.type === 'array' && !schema.items)
    errors.push({ path: `${path}.items`, type: 'Required', detail: 'must be specified' });
}

function checkPattern(schema: StructuralSchema, path: string, errors: FieldError[]): boolean {
  if (typeof schema.pattern !== 'string') return schema.pattern === undefined;
  try {
    patternOf(schema.pattern);
    return true;
  } catch (error) {
    const detail = `must be a valid regular expression, but isn't: ${error instanceof Error ? error.message : String(error)}`;
    errors.push({ path: `${path}.pattern`, type: 'Invalid', value: schema.pattern, detail });
    return false;
  }
}

function checkChildren(schema: StructuralSchema, path: string, errors: FieldError[]): void {
  if (schema.properties !== undefined && !isObject(schema.properties))
    errors.push({
      path: `${path}.properties`,
      type: 'TypeInvalid',
      value: schema.properties,
      detail: 'must be an object',
    });
  else
    for (const [name, child] of Object.entries(schema.properties ?? {}))
      checkNode(child as Json, `${path}.properties[${name}]`, errors);
  if (schema.items) checkNode(schema.items as Json, `${path}.items`, errors);
  if (typeof schema.additionalProperties === 'object' && schema.additionalProperties !== null)
    checkNode(schema.additionalProperties as Json, `${path}.additionalProperties`, errors);
}
