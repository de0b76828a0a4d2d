/** A cluster in memory for tests: objects behind the real door, finalizers, and the reconciler's loop without its services. */
import { admit } from '../../admit/admit.ts';
import { partsAmong } from '../../admit/network-parts.ts';
import { type Change, World } from '../../compile/world.ts';
import { keyOf, type KubeObject } from '../../../kinds/object.ts';
import type { VirtualNetwork } from '../../../kinds/virtual-network.ts';
import { partsOf, type Plan, planNetwork, planRemoval, type Step } from '../plan.ts';
import { afterStep } from '../steps.ts';

export type StoredKind = 'Vpc' | 'Subnet' | 'NetworkAttachmentDefinition' | 'VirtualNetwork' | 'IP';

export class Cluster {
  readonly world = new World();
  readonly #objects = new Map<string, KubeObject>();
  #versions = 0;
  /** steps that were taken and let in */
  writes = 0;

  get(kind: StoredKind, key: string): KubeObject | undefined {
    return this.#objects.get(`${kind}/${key}`);
  }

  all(kind: StoredKind): readonly KubeObject[] {
    return [...this.#objects.values()].filter((object) => object.kind === kind);
  }

  /** Writes an object as a client would; returns what is wrong with it. */
  put(object: KubeObject): readonly string[] {
    const old = this.get(object.kind as StoredKind, keyOf(object.metadata));
    const { deletionTimestamp } = old?.metadata ?? {};
    const metadata = { ...object.metadata, ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) };
    const verdict = admit({ ...object, metadata }, old, this.world);
    if (verdict.errors.length > 0) return verdict.errors.map(({ path, detail }) => `${path}: ${detail}`);
    this.#versions += 1;
    const uid = old?.metadata.uid ?? `uid-${this.#versions}`;
    const stored = {
      ...verdict.object,
      metadata: { ...verdict.object.metadata, uid, resourceVersion: `${this.#versions}` },
    };
    this.#objects.set(`${object.kind}/${keyOf(metadata)}`, stored);
    this.#learn(stored.kind, keyOf(metadata), stored);
    this.#collect();
    return [];
  }

  delete(kind: StoredKind, key: string): void {
    const object = this.get(kind, key);
    if (!object) return;
    const marked = { ...object, metadata: { ...object.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    this.#objects.set(`${kind}/${key}`, marked);
    this.#learn(kind, key, marked);
    this.#collect();
  }

  /** Reconciles until nothing is left to do. @throws Error when it does not come to an end */
  settle(): void {
    for (let round = 0; round < 12; round += 1) {
      const before = this.writes;
      for (const network of this.all('VirtualNetwork')) this.reconcile(network as VirtualNetwork);
      if (this.writes === before) return;
    }
    throw new Error('the parts of networks do not come to rest');
  }

  plan(network: VirtualNetwork): Plan {
    const existing = this.#existing(network);
    return network.metadata.deletionTimestamp === undefined
      ? planNetwork(network, existing)
      : planRemoval(network, existing);
  }

  reconcile(network: VirtualNetwork): void {
    for (const step of this.plan(network).steps) if (!this.take(step)) break;
    if (network.metadata.deletionTimestamp === undefined || partsOf(network, this.#existing(network)).length > 0)
      return;
    this.#release(network);
    this.writes += 1;
  }

  /** @returns whether it was let in */
  take(step: Step): boolean {
    const key = keyOf(step.object.metadata);
    if (step.verb === 'delete') this.delete(step.kind, key);
    else if (this.put(afterStep(step)).length > 0) return false;
    this.writes += 1;
    return true;
  }

  /** parts with all of their metadata, which the world does not keep */
  #existing(network: VirtualNetwork) {
    const found = partsAmong(network, this.world);
    const full = <T extends KubeObject>(object: T | undefined) =>
      object && (this.get(object.kind as StoredKind, keyOf(object.metadata)) as T | undefined);
    return { ...found, vpc: full(found.vpc), subnet: full(found.subnet), attachment: full(found.attachment) };
  }

  /** What the garbage collector and the finalizers of VPCs and subnets do. */
  #collect(): void {
    for (const object of this.#objects.values()) {
      const { name, deletionTimestamp } = object.metadata;
      if (deletionTimestamp === undefined || object.kind === 'VirtualNetwork') continue;
      const users =
        object.kind === 'Vpc'
          ? this.world.keys('Subnet', 'vpc', name)
          : object.kind === 'Subnet'
            ? this.world.keys('IP', 'subnet', name)
            : [];
      if (users.length === 0) this.#release(object);
    }
    for (const object of this.all('NetworkAttachmentDefinition')) {
      const owners = (object.metadata.ownerReferences ?? []).filter(({ kind }) => kind === 'VirtualNetwork');
      const present = this.all('VirtualNetwork').map(({ metadata }) => metadata.uid);
      if (owners.length > 0 && !owners.some(({ uid }) => present.includes(uid))) this.#release(object);
    }
  }

  #release({ kind, metadata }: KubeObject): void {
    const key = keyOf(metadata);
    this.#objects.delete(`${kind}/${key}`);
    this.#learn(kind, key, undefined);
    if (kind !== 'VirtualNetwork') this.#collect();
  }

  #learn(kind: string, key: string, object: KubeObject | undefined): void {
    this.world.apply({ kind, key, object } as Change);
  }
}
