import type { FieldError } from '../../lib/schema/field-error.ts';
import { applyDefaults } from '../../lib/schema/apply-defaults.ts';
import { prune } from '../../lib/schema/prune.ts';
import type { StructuralSchema } from '../../lib/schema/structural-schema.ts';
import { validate } from '../../lib/schema/validate.ts';
import { annotationErrors, labelErrors, nameProblem, qualifiedNameProblem, type NameRule } from './model/names.ts';
import type { KubeObject } from './model/objects.ts';
import { badRequest } from './model/status-error.ts';

const text = { type: 'string' } as const;
const texts = { type: 'object', additionalProperties: text } as const;
const count = { type: 'integer', format: 'int64' } as const;

/** metav1.ObjectMeta as a schema; managedFields are accepted and dropped. */
export const OBJECT_META_SCHEMA = {
  type: 'object',
  description: 'Standard object metadata.',
  properties: {
    name: text,
    generateName: text,
    namespace: text,
    selfLink: text,
    uid: text,
    resourceVersion: text,
    generation: count,
    creationTimestamp: { type: 'string', format: 'date-time', nullable: true },
    deletionTimestamp: { type: 'string', format: 'date-time', nullable: true },
    deletionGracePeriodSeconds: { ...count, nullable: true },
    labels: texts,
    annotations: texts,
    ownerReferences: {
      type: 'array',
      items: {
        type: 'object',
        required: ['apiVersion', 'kind', 'name', 'uid'],
        properties: {
          apiVersion: text,
          kind: text,
          name: text,
          uid: text,
          controller: { type: 'boolean' },
          blockOwnerDeletion: { type: 'boolean' },
        },
      },
    },
    finalizers: { type: 'array', items: text },
    managedFields: { type: 'array', items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
  },
} as const satisfies StructuralSchema;

/**
 * Drops unknown members of metadata and nulls in it. @returns the paths of what was dropped
 * @throws StatusError BadRequest when a member has the wrong type, as upstream's decoder does
 */
export function conformMetadata(object: KubeObject): string[] {
  const unknown = prune(OBJECT_META_SCHEMA, object.metadata).map((path) => `metadata.${path}`);
  const { metadata } = object;
  for (const name of Object.keys(metadata)) if (metadata[name] === null) delete metadata[name];
  applyDefaults(OBJECT_META_SCHEMA, metadata);
  const [error] = validate(OBJECT_META_SCHEMA, metadata, 'metadata').filter(({ type }) => type !== 'Required');
  if (error)
    throw badRequest(
      `${object.kind} in version "${object.apiVersion}" cannot be handled as a ${object.kind}: ${error.detail}`,
    );
  delete metadata.managedFields;
  delete metadata.selfLink;
  return unknown;
}

/** What is wrong with the metadata of an object that is about to be stored. */
export function metadataErrors({ metadata }: KubeObject, rule: NameRule): FieldError[] {
  const errors: FieldError[] = [];
  if (!metadata.name)
    errors.push({ path: 'metadata.name', type: 'Required', detail: 'name or generateName is required' });
  else {
    const problem = nameProblem(rule, metadata.name);
    if (problem) errors.push({ path: 'metadata.name', type: 'Invalid', value: metadata.name, detail: problem });
  }
  errors.push(...labelErrors(metadata.labels ?? {}, 'metadata.labels'));
  errors.push(...annotationErrors(metadata.annotations ?? {}, 'metadata.annotations'));
  for (const [i, finalizer] of (metadata.finalizers ?? []).entries()) {
    const problem = qualifiedNameProblem(finalizer);
    if (problem) errors.push({ path: `metadata.finalizers[${i}]`, type: 'Invalid', value: finalizer, detail: problem });
  }
  errors.push(...ownerErrors(metadata));
  return errors;
}

function ownerErrors({ ownerReferences = [] }: KubeObject['metadata']): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, owner] of ownerReferences.entries()) {
    for (const field of ['apiVersion', 'kind', 'name', 'uid'] as const)
      if (!owner[field])
        errors.push({
          path: `metadata.ownerReferences[${i}].${field}`,
          type: 'Required',
          detail: `${field} must not be empty`,
        });
  }
  if (ownerReferences.filter(({ controller }) => controller).length > 1)
    errors.push({
      path: 'metadata.ownerReferences',
      type: 'Invalid',
      value: ownerReferences,
      detail: 'Only one reference can have Controller set to true',
    });
  return errors;
}
