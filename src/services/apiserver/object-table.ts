import type { Stored } from './model/objects.ts';

/** The objects of one resource, by namespace and name, listed in the order of upstream's keys (`namespace/name`). */
export class ObjectTable {
  readonly #buckets = new Map<string, Bucket>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get(namespace: string, name: string): Stored | undefined {
    return this.#buckets.get(namespace)?.objects.get(name);
  }

  put(stored: Stored): void {
    let bucket = this.#buckets.get(stored.namespace);
    if (!bucket) this.#buckets.set(stored.namespace, (bucket = { objects: new Map(), sorted: undefined }));
    if (!bucket.objects.has(stored.name)) {
      bucket.sorted = undefined;
      this.#count++;
    }
    bucket.objects.set(stored.name, stored);
  }

  delete(namespace: string, name: string): void {
    const bucket = this.#buckets.get(namespace);
    if (!bucket?.objects.delete(name)) return;
    this.#count--;
    bucket.sorted = undefined;
    if (bucket.objects.size === 0) this.#buckets.delete(namespace);
  }

  /** Everything, or what is in one namespace, in key order. */
  list(namespace?: string): Stored[] {
    if (namespace !== undefined) return listBucket(this.#buckets.get(namespace));
    if (this.#buckets.size === 1) return listBucket(this.#buckets.values().next().value);
    const namespaces = [...this.#buckets.keys()].map((name) => `${name}/`).sort();
    return namespaces.flatMap((name) => listBucket(this.#buckets.get(name.slice(0, -1))));
  }

  has(namespace: string): boolean {
    return this.#buckets.has(namespace);
  }
}

interface Bucket {
  readonly objects: Map<string, Stored>;
  /** names in order; made when a list is asked for, dropped when a name comes or goes */
  sorted: string[] | undefined;
}

function listBucket(bucket: Bucket | undefined): Stored[] {
  if (!bucket) return [];
  bucket.sorted ??= [...bucket.objects.keys()].sort();
  return bucket.sorted.map((name) => bucket.objects.get(name)!);
}
