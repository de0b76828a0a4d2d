/** From a decoded body to an object of a kind: right type, no unknown field, defaults in place, valid by schema. */
import { applyDefaults } from '../../lib/schema/apply-defaults.ts';
import type { FieldError } from '../../lib/schema/field-error.ts';
import { prune } from '../../lib/schema/prune.ts';
import { isObject, type JsonObject } from '../../lib/schema/structural-schema.ts';
import { validate } from '../../lib/schema/validate.ts';
import { conformMetadata } from './metadata.ts';
import type { KubeObject } from './model/objects.ts';
import type { ServedResource } from './registry.ts';
import { apiVersionOf } from './model/resource.ts';
import { badRequest } from './model/status-error.ts';

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/**
 * Makes the value an object of the kind, in place.
 * @returns the paths of unknown fields, which are gone now
 * @throws StatusError BadRequest when it says to be of another version or kind, or its metadata cannot be decoded
 */
export function conform(
  { resource, version }: ServedResource,
  value: JsonObject,
): { object: KubeObject; unknown: string[] } {
  const apiVersion = apiVersionOf(resource.group, version.name);
  value.apiVersion ??= apiVersion;
  value.kind ??= resource.kind;
  if (value.kind !== resource.kind || value.apiVersion !== apiVersion)
    throw badRequest(
      `the object provided is unrecognized (must be of type ${resource.kind}): it says apiVersion ${JSON.stringify(value.apiVersion)}, kind ${JSON.stringify(value.kind)}; expected ${apiVersion}, ${resource.kind}`,
    );
  if (value.metadata === null || value.metadata === undefined) value.metadata = {};
  if (!isObject(value.metadata))
    throw badRequest(
      `${resource.kind} in version "${version.name}" cannot be handled as a ${resource.kind}: metadata must be an object`,
    );
  const object = value as KubeObject;
  const unknown = conformMetadata(object);
  if (version.schema) {
    unknown.push(...prune(version.schema, object, { isResource: true }));
    applyDefaults(version.schema, object);
  }
  return { object, unknown };
}

/** What the schema says of the object. */
export function schemaErrors({ version }: ServedResource, object: KubeObject): FieldError[] {
  if (!version.schema) return [];
  // metadata was judged on its own; a schema may only narrow its name
  return validate(version.schema, object).filter(
    ({ path }) => path !== 'metadata' || version.schema?.properties?.metadata,
  );
}

/**
 * What becomes of unknown and duplicate fields: Strict refuses, Warn warns, Ignore is silent.
 * @throws StatusError BadRequest
 */
export function judgeFields(
  { resource, version }: ServedResource,
  mode: FieldValidation,
  found: { readonly unknown: readonly string[]; readonly duplicates: readonly string[] },
): string[] {
  const problems = fieldProblems(found);
  if (mode === 'Ignore' || problems.length === 0) return [];
  if (mode === 'Warn') return problems;
  throw badRequest(
    `${resource.kind} in version "${version.name}" cannot be handled as a ${resource.kind}: strict decoding error: ${problems.join(', ')}`,
  );
}

/** `unknown field "spec.x"`, `duplicate field "spec.y"` */
export function fieldProblems(found: {
  readonly unknown: readonly string[];
  readonly duplicates: readonly string[];
}): string[] {
  return [
    ...found.duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`),
    ...found.unknown.map((path) => `unknown field ${JSON.stringify(path)}`),
  ];
}
