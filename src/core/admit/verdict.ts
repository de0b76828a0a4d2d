import type { FieldError } from '../../lib/schema/field-error.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import { AddressError } from '../../lib/netaddr/error.ts';

export interface Verdict<T> {
  readonly object: T;
  readonly warnings: readonly string[];
  readonly errors: readonly FieldError[];
}

export interface Review<T> {
  readonly object: T;
  /** undefined when the object is new */
  readonly old: T | undefined;
  readonly neighbours: ReadonlyWorld;
}

/** Collects what is wrong with one object. */
export class Findings {
  readonly warnings: string[] = [];
  readonly errors: FieldError[] = [];

  warn(path: string, text: string): void {
    this.warnings.push(`${path}: ${text}`);
  }

  invalid(path: string, value: unknown, detail: string): void {
    this.errors.push({ path, type: 'Invalid', value, detail });
  }

  required(path: string, detail: string): void {
    this.errors.push({ path, type: 'Required', detail });
  }

  duplicate(path: string, value: unknown, detail: string): void {
    this.errors.push({ path, type: 'Duplicate', value, detail });
  }

  notFound(path: string, value: unknown, detail: string): void {
    this.errors.push({ path, type: 'NotFound', value, detail });
  }

  forbidden(path: string, detail: string): void {
    this.errors.push({ path, type: 'Forbidden', detail });
  }

  /** The result of `parse`; an AddressError becomes an error of the field. */
  parsed<T>(path: string, value: unknown, parse: () => T): T | undefined {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      this.invalid(path, value, error.message.slice(JSON.stringify(error.text).length + 1));
      return undefined;
    }
  }
}

export const FINALIZER = 'kubeovn.io/kube-ovn-controller';

/** the object with Weft's finalizer, unless it is on its way out */
export function withFinalizer<
  T extends { readonly metadata: { readonly finalizers?: readonly string[]; readonly deletionTimestamp?: string } },
>(object: T): T {
  const finalizers = object.metadata.finalizers ?? [];
  if (object.metadata.deletionTimestamp !== undefined || finalizers.includes(FINALIZER)) return object;
  return { ...object, metadata: { ...object.metadata, finalizers: [...finalizers, FINALIZER] } };
}
