import type { FieldError } from '../../lib/schema/field-error.ts';
import type { KubeObject } from './model/objects.ts';

/** A write that is about to happen; objects in it must not be changed. */
export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly subresource?: string;
  readonly kind: string;
  readonly apiVersion: string;
  /** `vpcs.kubeovn.io`, `pods` */
  readonly resource: string;
  /** '' for cluster scope */
  readonly namespace: string;
  readonly name: string;
  /** absent for DELETE */
  readonly object?: KubeObject;
  /** absent for CREATE */
  readonly old?: KubeObject;
  readonly dryRun: boolean;
}

/** The state that the write would change, with every write before it. `resource` is `vpcs.kubeovn.io`, `pods`. */
export interface AdmissionReader {
  get(resource: string, namespace: string, name: string): KubeObject | undefined;
  list(resource: string, namespace?: string): readonly KubeObject[];
}

export interface AdmissionAnswer {
  /** takes the place of the object */
  readonly object?: KubeObject;
  /** shown to the user by kubectl */
  readonly warnings?: readonly string[];
  /** answered as 422 Invalid */
  readonly errors?: readonly FieldError[];
  /** answered as 403 Forbidden, 409 Conflict or (an eviction that has to wait) 429 Too Many Requests */
  readonly denied?: { readonly reason: 'Forbidden' | 'Conflict' | 'TooManyRequests'; readonly message: string };
}

/** Judges a write, synchronously, in the same turn in which it is staged: overlapping writes are judged one after the other. */
export type Admit = (request: AdmissionRequest, read: AdmissionReader) => AdmissionAnswer;
