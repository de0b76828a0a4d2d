/** Delete: preconditions, finalizers, propagation policy. */
import { isObject, type JsonObject } from '../../lib/schema/structural-schema.ts';
import { at, textAt, timestamp, type KubeObject, type Stored } from './model/objects.ts';
import { resourceSubject, type Strategy } from './model/resource.ts';
import { badRequest, conflict, forbidden } from './model/status-error.ts';
import { admitObject, type Target, type WriteContext, type WriteOptions } from './writes.ts';

/** metav1.DeleteOptions, as far as they mean something here. */
export interface DeleteOptions {
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagation: 'Background' | 'Foreground' | 'Orphan';
  readonly dryRun: boolean;
}

export const ORPHAN_FINALIZER = 'orphan';
export const FOREGROUND_FINALIZER = 'foregroundDeletion';

/** Options from the body, and from the query, which the body overrides. @throws StatusError BadRequest */
export function deleteOptions(body: JsonObject, query: URLSearchParams): DeleteOptions {
  const propagation = textAt(body, 'propagationPolicy') || query.get('propagationPolicy') || orphanOption(body, query);
  if (propagation !== 'Background' && propagation !== 'Foreground' && propagation !== 'Orphan')
    throw badRequest(
      `invalid propagationPolicy ${JSON.stringify(propagation)}: must be Background, Foreground or Orphan`,
    );
  const dryRuns = at(body, 'dryRun') ?? query.getAll('dryRun');
  const preconditions = isObject(body.preconditions) ? body.preconditions : {};
  const uid = textAt(preconditions, 'uid');
  const resourceVersion = textAt(preconditions, 'resourceVersion');
  return {
    propagation,
    dryRun: Array.isArray(dryRuns) && dryRuns.length > 0,
    ...(uid ? { uid } : {}),
    ...(resourceVersion ? { resourceVersion } : {}),
  };
}

function orphanOption(body: JsonObject, query: URLSearchParams): string {
  const orphan = at(body, 'orphanDependents') === true || query.get('orphanDependents') === 'true';
  return orphan ? 'Orphan' : 'Background';
}

export interface Deletion {
  /** the last state, or the state that now waits for finalizers */
  readonly stored: Stored;
  readonly gone: boolean;
}

/** Stages the deletion of an object, or marks it if finalizers hold it. @throws StatusError */
export function remove(
  context: WriteContext,
  target: Target,
  old: Stored,
  options: DeleteOptions,
  write: WriteOptions,
): Deletion {
  checkPreconditions(target, old, options);
  const problem = target.resource.strategy.deletionProblem?.(old.object);
  if (problem) throw forbidden(resourceSubject(target.resource, old.name), problem);
  admitObject(context, target, 'DELETE', undefined, old.object, write);
  const finalizers = finalizersFor(old.object, options);
  const { strategy } = target.resource;
  if (finalizers.length === 0 && !strategy.isHeld?.(old.object))
    return { stored: write.dryRun ? old : context.store.remove(old), gone: true };
  const marked = mark(context, old.object, finalizers, strategy);
  if (write.dryRun || marked === old.object) return { stored: old, gone: false };
  return { stored: context.store.put(old.resourceId, marked), gone: false };
}

function checkPreconditions({ resource }: Target, old: Stored, { uid, resourceVersion }: DeleteOptions): void {
  const refuse = (what: string, wanted: string, found: string): void => {
    if (wanted !== found)
      throw conflict(
        resourceSubject(resource, old.name),
        `Precondition failed: ${what} in precondition: ${wanted}, ${what} in object meta: ${found}`,
      );
  };
  if (uid) refuse('UID', uid, old.object.metadata.uid);
  if (resourceVersion) refuse('ResourceVersion', resourceVersion, String(old.revision));
}

function finalizersFor({ metadata }: KubeObject, { propagation }: DeleteOptions): string[] {
  const kept = (metadata.finalizers ?? []).filter((name) => name !== ORPHAN_FINALIZER && name !== FOREGROUND_FINALIZER);
  if (propagation === 'Orphan') return [...kept, ORPHAN_FINALIZER];
  if (propagation === 'Foreground') return [...kept, FOREGROUND_FINALIZER];
  // a second, plain deletion does not take back what the first one asked for
  return metadata.deletionTimestamp ? (metadata.finalizers ?? []) : kept;
}

function mark(context: WriteContext, object: KubeObject, finalizers: string[], strategy: Strategy): KubeObject {
  const { metadata } = object;
  const unchanged = metadata.deletionTimestamp && finalizers.length === (metadata.finalizers ?? []).length;
  if (unchanged) return object;
  const { finalizers: _old, ...rest } = metadata;
  const marked: KubeObject = {
    ...object,
    metadata: {
      ...rest,
      deletionTimestamp: metadata.deletionTimestamp ?? timestamp(context.now()),
      deletionGracePeriodSeconds: 0,
      ...(metadata.generation === undefined ? {} : { generation: metadata.generation + 1 }),
      ...(finalizers.length > 0 ? { finalizers } : {}),
    },
  };
  strategy.prepareForDelete?.(marked);
  return marked;
}
