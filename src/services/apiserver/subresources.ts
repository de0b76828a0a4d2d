/** Subresources of built-in kinds that are neither status nor the object itself. */
import { cloneJson, isObject, type JsonObject } from '../../lib/schema/structural-schema.ts';
import { conform } from './conform.ts';
import { deleteOptions, remove } from './deletion.ts';
import { listAt, textAt, timestamp, type KubeObject, type Stored } from './model/objects.ts';
import { resourceSubject } from './model/resource.ts';
import { badRequest, conflict, StatusError } from './model/status-error.ts';
import { existing, update, type Target, type WriteContext, type WriteOptions } from './writes.ts';

/** POST pods/NAME/binding: gives the pod its node, once. @throws StatusError */
export function bindPod(context: WriteContext, target: Target, binding: JsonObject, options: WriteOptions): Stored {
  const node = textAt(binding, 'target', 'name');
  if (node === '') throw badRequest('binding: target.name: Required value: the node');
  const old = existing(context, target);
  const bound = textAt(old.object, 'spec', 'nodeName');
  const subject = resourceSubject(target.resource, target.name);
  if (bound !== '') throw conflict(subject, `pod ${target.name} is already assigned to node "${bound}"`);
  if (old.object.metadata.deletionTimestamp)
    throw conflict(subject, `pod ${target.name} is being deleted, cannot be assigned to a host`);
  const object = cloneJson(old.object);
  object.spec = { ...(isObject(object.spec) ? object.spec : {}), nodeName: node };
  return update(context, { ...target, subresource: '' }, old, object, options);
}

/**
 * POST pods/NAME/eviction: deletes the pod, unless the admission hook says that it has to wait. Then the pod's condition DisruptionTarget tells whoever
 * looks after it that it should go. @returns the refusal @throws StatusError
 */
export function evictPod(
  context: WriteContext,
  target: Target,
  eviction: JsonObject,
  options: WriteOptions,
): StatusError | undefined {
  const body = isObject(eviction['deleteOptions']) ? eviction['deleteOptions'] : {};
  const old = existing(context, target);
  const deletion = deleteOptions(body, new URLSearchParams());
  const write = { ...options, dryRun: options.dryRun || deletion.dryRun };
  try {
    remove(context, target, old, deletion, write);
    return undefined;
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'TooManyRequests') throw error;
    if (!write.dryRun) markForDisruption(context, target, old, error.message, write);
    return error;
  }
}

function markForDisruption(
  context: WriteContext,
  target: Target,
  { object: pod }: Stored,
  message: string,
  options: WriteOptions,
): void {
  const conditions = listAt(pod, 'status', 'conditions');
  if (conditions.some((it) => textAt(it, 'type') === DISRUPTION_TARGET && textAt(it, 'status') === 'True')) return;
  const condition = {
    type: DISRUPTION_TARGET,
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message,
    lastTransitionTime: timestamp(context.now()),
  };
  const others = conditions.filter((it) => textAt(it, 'type') !== DISRUPTION_TARGET);
  const object = cloneJson(pod);
  object.status = { ...(isObject(object.status) ? object.status : {}), conditions: [...others, condition] };
  update(context, { ...target, subresource: 'status' }, existing(context, target), object, options);
}

/** condition of pods that are about to be ended for a reason that is not their own */
const DISRUPTION_TARGET = 'DisruptionTarget';

/** PUT namespaces/NAME/finalize: sets spec.finalizers. @throws StatusError */
export function finalizeNamespace(context: WriteContext, target: Target, value: JsonObject): Stored {
  const { object: sent } = conform(target, value);
  const old = existing(context, target);
  const object: KubeObject = cloneJson(old.object);
  object.spec = { ...(isObject(object.spec) ? object.spec : {}), finalizers: [...listAt(sent, 'spec', 'finalizers')] };
  const { deletionTimestamp, finalizers = [] } = object.metadata;
  const held = listAt(object, 'spec', 'finalizers').length > 0 || finalizers.length > 0;
  return deletionTimestamp && !held ? context.store.remove(old) : context.store.put(old.resourceId, object);
}
