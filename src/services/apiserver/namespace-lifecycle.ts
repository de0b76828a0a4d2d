import { cloneJson, isObject } from '../../lib/schema/structural-schema.ts';
import type { Collecting } from './collecting.ts';
import type { Stored } from './model/objects.ts';
import { resourceId } from './model/resource.ts';

/** Deletes what is in a namespace that is being deleted; an empty one goes itself. */
export function endNamespace(collector: Collecting, namespace: Stored): void {
  const { store, registry } = collector.context;
  const namespaced = [...registry.all()].filter((resource) => resource.namespaced).map(resourceId);
  for (const id of namespaced) for (const stored of store.list(id, namespace.name)) collector.collect(stored);
  if (namespaced.some((id) => store.hasAny(id, namespace.name))) return;
  if (!namespace.object.metadata.finalizers?.length) {
    store.remove(namespace);
    return;
  }
  // finalizers in metadata still hold it: whoever takes the last one away ends it
  const object = cloneJson(namespace.object);
  const spec = isObject(object.spec) ? object.spec : {};
  if (!Array.isArray(spec.finalizers) || spec.finalizers.length === 0) return;
  object.spec = { ...spec, finalizers: [] };
  store.put(namespace.resourceId, object);
}
