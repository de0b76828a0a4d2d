import type { Schema } from './schema.ts';

/** An additional printer column, as in a CustomResourceDefinition. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date' | 'number';
  readonly jsonPath: string;
  /** 0 is always shown, 1 only with -o wide */
  readonly priority?: number;
}

/** Everything the API server needs to know of a kind that Weft defines or brings. */
export interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories?: readonly string[];
  readonly namespaced: boolean;
  readonly statusSubresource: boolean;
  readonly description: string;
  readonly spec: Schema;
  readonly status?: Schema;
  readonly columns: readonly Column[];
}

/** `column('CIDR', '.spec.cidrBlock')` */
export function column(name: string, jsonPath: string, type: Column['type'] = 'string', priority = 0): Column {
  return { name, type, jsonPath, ...(priority ? { priority } : {}) };
}

export const AGE = column('Age', '.metadata.creationTimestamp', 'date');
export const READY = column('Ready', '.status.conditions[?(@.type=="Ready")].status');
export const REASON = column('Reason', '.status.conditions[?(@.type=="Ready")].reason', 'string', 1);
