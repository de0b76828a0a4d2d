import { cloneJson, isObject, type JsonObject } from '../../lib/schema/structural-schema.ts';
import { duplicateMembers } from '../../lib/schema/json-text.ts';
import { parseBody, type Body } from './body.ts';
import { conform, fieldProblems, type FieldValidation } from './conform.ts';
import { jsonPatch } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import type { Stored } from './model/objects.ts';
import { apiVersionOf, type Resource } from './model/resource.ts';
import { badRequest, invalid, StatusError, unsupportedMediaType } from './model/status-error.ts';
import { strategicMergePatch } from './strategic-merge-patch.ts';
import { update, type Target, type WriteContext, type WriteOptions } from './writes.ts';

const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const STRATEGIC_MERGE_PATCH = 'application/strategic-merge-patch+json';
const APPLY_PATCHES: readonly string[] = ['application/apply-patch+yaml', 'application/apply-patch+cbor'];

/** Media types of patches that the resource takes. */
function patchMediaTypes(resource: Resource): string[] {
  return [JSON_PATCH, MERGE_PATCH, ...(resource.custom ? [] : [STRATEGIC_MERGE_PATCH])];
}

/** A patch as a function from the old state (which it may change) to the new one. @throws StatusError for a bad patch */
export function patchFunction(resource: Resource, body: Body): (old: JsonObject) => JsonObject {
  if (APPLY_PATCHES.includes(body.mediaType))
    throw new StatusError(
      'UnsupportedMediaType',
      'server-side apply is not implemented yet: use client-side apply (kubectl apply without --server-side)',
    );
  if (!patchMediaTypes(resource).includes(body.mediaType)) throw unsupportedMediaType(patchMediaTypes(resource));
  const patch = parseBody(body.text);
  if (body.mediaType === JSON_PATCH) return (old) => requireObject(jsonPatch(old, cloneJson(patch)));
  if (!isObject(patch)) throw badRequest('error decoding patch: the patch must be an object');
  if (body.mediaType === MERGE_PATCH) return (old) => requireObject(mergePatch(old, cloneJson(patch)));
  return (old) => strategicMergePatch(old, cloneJson(patch));
}

function requireObject(value: unknown): JsonObject {
  if (isObject(value)) return value;
  throw badRequest('the patch does not leave an object');
}

/** Stages the patched state of an object. @throws StatusError */
export function patchObject(
  context: WriteContext,
  target: Target,
  old: Stored,
  body: Body,
  options: WriteOptions & { readonly fieldValidation: FieldValidation },
): Stored {
  const { resource, version } = target;
  const base = cloneJson({ ...old.object, apiVersion: apiVersionOf(resource.group, version.name) });
  const patched = patchFunction(resource, body)(base);
  const { object, unknown } = conform(target, patched);
  judgePatchFields(body, unknown, options);
  return update(context, target, old, object, options);
}

/** Upstream answers a strict violation in a patch as an invalid patch. */
function judgePatchFields(
  body: Body,
  unknown: readonly string[],
  { fieldValidation, warnings }: WriteOptions & { readonly fieldValidation: FieldValidation },
): void {
  if (fieldValidation === 'Ignore') return;
  const problems = fieldProblems({ unknown, duplicates: duplicateMembers(body.text) });
  if (fieldValidation === 'Warn') warnings.push(...problems);
  else if (problems.length > 0)
    throw invalid({ group: '', kind: '', name: '' }, [
      { path: 'patch', type: 'Invalid', value: body.text, detail: `strict decoding error: ${problems.join(', ')}` },
    ]);
}
