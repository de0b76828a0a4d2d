import { isObject, type Json, type JsonObject } from '../../../lib/schema/structural-schema.ts';
import { stringifyJson } from '../../../lib/schema/json-text.ts';

export interface OwnerReference extends JsonObject {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** metav1.ObjectMeta without the managed fields, which this server does not keep. */
interface ObjectMeta extends JsonObject {
  name: string;
  generateName?: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
}

export interface KubeObject extends JsonObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** An object as the store keeps it. Never changed: an update makes a new one. */
export interface Stored {
  /** `vpcs.kubeovn.io`, `pods`: plural and group */
  readonly resourceId: string;
  /** '' for cluster scope */
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  readonly object: KubeObject;
  /** JSON text of `object`; begins with `{"apiVersion":`, so that the version can be replaced without parsing */
  readonly json: string;
}

/** Makes the stored form of an object at a revision; sets its resourceVersion. */
export function storedObject(resourceId: string, object: KubeObject, revision: number): Stored {
  object.metadata.resourceVersion = String(revision);
  const { apiVersion, kind, metadata, ...rest } = object;
  const ordered: KubeObject = { apiVersion, kind, metadata, ...rest };
  const { namespace = '', name } = metadata;
  return { resourceId, namespace, name, revision, object: ordered, json: stringifyJson(ordered) };
}

/** The JSON text of an object as another API version of the same resource shows it. */
export function jsonAs(stored: Stored, apiVersion: string): string {
  if (stored.object.apiVersion === apiVersion) return stored.json;
  const prefix = `{"apiVersion":${JSON.stringify(stored.object.apiVersion)}`;
  return `{"apiVersion":${JSON.stringify(apiVersion)}${stored.json.slice(prefix.length)}`;
}

/** The value at a path of members, or undefined. */
export function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let current = value;
  for (const name of path) {
    if (!isObject(current) || !Object.hasOwn(current, name)) return undefined;
    current = current[name];
  }
  return current;
}

/** The text at a path of members, or ''. */
export function textAt(value: Json | undefined, ...path: readonly string[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

/** The list at a path of members, or an empty one. */
export function listAt(value: Json | undefined, ...path: readonly string[]): readonly Json[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** A plain value as text; '' for lists, objects and nothing. */
export function plainText(value: Json | undefined): string {
  return value === undefined || value === null || typeof value === 'object' ? '' : String(value);
}

/** RFC 3339 with whole seconds, as metav1.Time is written. */
export function timestamp(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
