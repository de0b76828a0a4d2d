/** Subresources of built-in kinds that are neither status nor the object itself. */
import { cloneJson, isObject, type JsonObject } from '../../lib/schema/structural-schema.ts';
import { conform } from './conform.ts';
import { listAt, textAt, type KubeObject, type Stored } from './model/objects.ts';
import { resourceSubject } from './model/resource.ts';
import { badRequest, conflict } from './model/status-error.ts';
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
