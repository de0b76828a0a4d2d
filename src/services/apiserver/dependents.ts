/** Owner references: what becomes of dependents when an owner goes, by propagation policy. */
import { cloneJson } from '../../lib/schema/structural-schema.ts';
import type { Collecting } from './collecting.ts';
import { FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from './deletion.ts';
import type { OwnerReference, Stored } from './model/objects.ts';
import { splitApiVersion } from './model/resource.ts';

/** Without any owner left the object goes; otherwise only the references to absent owners go. */
export function settleOwners(collector: Collecting, stale: Stored): void {
  const { context } = collector;
  const stored = context.store.byUid(stale.object.metadata.uid);
  const owners = stored?.object.metadata.ownerReferences ?? [];
  if (!stored || owners.length === 0) return;
  const present = owners.filter((owner) => isPresent(collector, stored, owner));
  if (present.length === owners.length) return;
  if (present.length === 0) return collector.collect(stored);
  const object = cloneJson(stored.object);
  object.metadata.ownerReferences = present;
  context.store.put(stored.resourceId, object);
}

/** Owners of kinds that are not served here cannot be judged, and count as present. */
function isPresent({ context }: Collecting, dependent: Stored, { apiVersion, kind, uid }: OwnerReference): boolean {
  const owner = context.store.byUid(uid);
  if (owner) return owner.namespace === '' || owner.namespace === dependent.namespace;
  const { group, version } = splitApiVersion(apiVersion);
  const resource = context.registry.byKind(group, kind);
  return !resource?.versions.some(({ name }) => name === version);
}

/** deletion with policy Orphan: dependents lose the reference, then the owner may go */
export function orphanDependents(collector: Collecting, owner: Stored): void {
  const { store } = collector.context;
  const { uid } = owner.object.metadata;
  for (const dependent of store.dependentsOf(uid)) {
    const object = cloneJson(dependent.object);
    object.metadata.ownerReferences = (object.metadata.ownerReferences ?? []).filter(
      (reference) => reference.uid !== uid,
    );
    if (object.metadata.ownerReferences.length === 0) delete object.metadata.ownerReferences;
    store.put(dependent.resourceId, object);
  }
  dropFinalizer(collector, owner, ORPHAN_FINALIZER);
}

/** deletion with policy Foreground: the owner goes after the dependents that block it */
export function deleteDependents(collector: Collecting, owner: Stored): void {
  const { store } = collector.context;
  const { uid } = owner.object.metadata;
  for (const dependent of store.dependentsOf(uid)) collector.collect(dependent);
  const blocking = store
    .dependentsOf(uid)
    .filter(({ object }) => object.metadata.ownerReferences?.some((it) => it.uid === uid && it.blockOwnerDeletion));
  if (blocking.length === 0) dropFinalizer(collector, owner, FOREGROUND_FINALIZER);
}

function dropFinalizer({ context }: Collecting, stored: Stored, finalizer: string): void {
  const object = cloneJson(stored.object);
  const rest = (object.metadata.finalizers ?? []).filter((name) => name !== finalizer);
  const held = context.registry.get(stored.resourceId)?.strategy.isHeld?.(object) ?? false;
  if (rest.length === 0 && !held) {
    context.store.remove(stored);
    return;
  }
  object.metadata.finalizers = rest;
  context.store.put(stored.resourceId, object);
}
