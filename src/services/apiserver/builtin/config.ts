/** ConfigMaps and Secrets: maps of data with keys that can be file names, immutable if they say so. */
import type { FieldError } from '../../../lib/schema/field-error.ts';
import { equalJson, isObject, type Json } from '../../../lib/schema/structural-schema.ts';
import { at, plainText, textAt, type KubeObject } from '../model/objects.ts';
import { builtIn, textColumn } from './define.ts';

/** bytes; upstream's MaxSecretSize */
const MAX_DATA_BYTES = 1024 * 1024;

function keyErrors(object: KubeObject, field: string): FieldError[] {
  const data = object[field];
  if (data === undefined || data === null) return [];
  if (!isObject(data)) return [{ path: field, type: 'TypeInvalid', value: data, detail: 'must be an object' }];
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(data)) {
    if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key) || key === '.' || key === '..')
      errors.push({
        path: `${field}[${key}]`,
        type: 'Invalid',
        value: key,
        detail: `a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
      });
    if (typeof value !== 'string')
      errors.push({ path: `${field}[${key}]`, type: 'TypeInvalid', value, detail: 'must be a string' });
  }
  if (JSON.stringify(data).length > MAX_DATA_BYTES)
    errors.push({ path: '', type: 'TooLong', detail: `may not be more than ${MAX_DATA_BYTES} bytes` });
  return errors;
}

function immutabilityErrors(object: KubeObject, old: KubeObject | undefined, fields: readonly string[]): FieldError[] {
  if (old?.immutable !== true) return [];
  const errors: FieldError[] = [];
  if (object.immutable !== true)
    errors.push({ path: 'immutable', type: 'Forbidden', detail: 'field is immutable when `immutable` is set' });
  for (const field of fields)
    if (!equalJson(object[field], old[field]))
      errors.push({ path: field, type: 'Forbidden', detail: 'field is immutable when `immutable` is set' });
  return errors;
}

function dataCount(object: KubeObject, ...fields: readonly string[]): Json {
  return fields.reduce((sum, field) => sum + Object.keys(at(object, field) ?? {}).length, 0);
}

export const configMaps = builtIn({
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  namespaced: true,
  columns: [textColumn('Data')],
  cells: (map) => [dataCount(map, 'data', 'binaryData')],
  strategy: {
    validate: (map, old) => [
      ...keyErrors(map, 'data'),
      ...keyErrors(map, 'binaryData'),
      ...immutabilityErrors(map, old, ['data', 'binaryData']),
    ],
  },
});

/** `stringData` is write-only: it is merged into `data`, encoded. */
function encodeStringData(secret: KubeObject): void {
  const { stringData } = secret;
  delete secret.stringData;
  if (!isObject(stringData)) return;
  const encoded = Object.entries(stringData).map(([key, value]) => [
    key,
    Buffer.from(plainText(value)).toString('base64'),
  ]);
  secret.data = {
    ...(isObject(secret.data) ? secret.data : {}),
    ...(Object.fromEntries(encoded) as Record<string, string>),
  };
}

export const secrets = builtIn({
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
  columns: [textColumn('Type'), textColumn('Data')],
  cells: (secret) => [textAt(secret, 'type'), dataCount(secret, 'data')],
  strategy: {
    prepareForCreate(secret) {
      encodeStringData(secret);
      secret.type ??= 'Opaque';
    },
    prepareForUpdate(secret, old) {
      encodeStringData(secret);
      secret.type ??= old.type ?? 'Opaque';
    },
    validate(secret, old) {
      const errors = [...keyErrors(secret, 'data'), ...immutabilityErrors(secret, old, ['data'])];
      if (old && old.type !== secret.type)
        errors.push({ path: 'type', type: 'Invalid', value: secret.type, detail: 'field is immutable' });
      return errors;
    },
    fields: (secret) => ({ type: textAt(secret, 'type') }),
  },
});
