/** The resource definition: everything the generic part of the server knows about one kind. Built-in kinds are such data. */
import type { FieldError } from '../../../lib/schema/field-error.ts';
import type { Json, StructuralSchema } from '../../../lib/schema/structural-schema.ts';
import type { KubeObject } from './objects.ts';
import type { Subject } from './status-error.ts';

/** One printed column, in metav1.TableColumnDefinition's terms. */
export interface Column {
  readonly name: string;
  readonly type: 'integer' | 'number' | 'string' | 'boolean' | 'date';
  readonly format?: string;
  readonly description?: string;
  /** 0 is always shown, more only with `-o wide` */
  readonly priority: number;
}

/** The cells of an object's row, one per column; `now` gives ages. */
export type RowPrinter = (object: KubeObject, now: Date) => Json[];

export interface ResourceVersion {
  readonly name: string;
  readonly served: boolean;
  /** shown as a warning whenever the version is used */
  readonly deprecation?: string;
  /** without a schema everything is accepted and kept */
  readonly schema?: StructuralSchema;
  /** has the status subresource */
  readonly status: boolean;
  readonly columns: readonly Column[];
  readonly row: RowPrinter;
  /** JSON paths (`.spec.vpc`) that field selectors may use beside those of the strategy */
  readonly selectableFields?: readonly string[];
}

/** What is special about a kind. Every hook is optional; hooks may change the object they are given, never `old`. */
export interface Strategy {
  prepareForCreate?(object: KubeObject): void;
  prepareForUpdate?(object: KubeObject, old: KubeObject): void;
  validate?(object: KubeObject, old: KubeObject | undefined): FieldError[];
  /** holds something but metadata.finalizers the object once its deletion was asked for */
  isHeld?(object: KubeObject): boolean;
  /** why the object may never be deleted */
  deletionProblem?(object: KubeObject): string | undefined;
  /** changes the object that is marked as being deleted */
  prepareForDelete?(object: KubeObject): void;
  /** values for field selectors beside metadata.name and metadata.namespace */
  fields?(object: KubeObject): Record<string, string>;
  /** default: a DNS-1123 subdomain */
  readonly nameRule?: 'subdomain' | 'label' | 'pathSegment';
  /** does metadata.generation count changes outside metadata and status; default true for custom resources only */
  readonly countsGenerations?: boolean;
  /** may PUT omit the resourceVersion; upstream: built-in kinds may, custom resources may not */
  readonly allowsUnconditionalUpdate?: boolean;
  /** seconds after which an object that nobody touched is dropped */
  readonly timeToLive?: number;
}

export interface Resource {
  /** '' for the core group */
  readonly group: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** the preferred one first */
  readonly versions: readonly ResourceVersion[];
  readonly storageVersion: string;
  /** a CustomResourceDefinition made it */
  readonly custom: boolean;
  readonly strategy: Strategy;
  /** subresources beside status, for discovery */
  readonly subresources?: readonly Subresource[];
}

export interface Subresource {
  readonly name: string;
  readonly kind: string;
  /** of the kind, when it is not the resource's own */
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly string[];
}

export const RESOURCE_VERBS = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
] as const;
export const STATUS_VERBS = ['get', 'patch', 'update'] as const;

/** `vpcs.kubeovn.io`, `pods`: upstream's GroupResource in text. */
export function resourceId(resource: Pick<Resource, 'group' | 'plural'>): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}

/** `kubeovn.io/v1`, `v1` */
export function apiVersionOf(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The inverse of `apiVersionOf`. */
export function splitApiVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf('/');
  return { group: apiVersion.slice(0, Math.max(slash, 0)), version: apiVersion.slice(slash + 1) };
}

/** The subject of messages that name the resource ("vpcs.kubeovn.io"). */
export function resourceSubject(resource: Resource, name: string): Subject {
  return { group: resource.group, kind: resource.plural, name };
}

/** The subject of messages that name the kind ("Vpc.kubeovn.io"). */
export function kindSubject(resource: Resource, name: string): Subject {
  return { group: resource.group, kind: resource.kind, name };
}
