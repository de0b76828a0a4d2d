/** Who may be chosen by labels: pods and virtual machines in, one observation for each owner out. */
import type { Change, ReadonlyWorld } from '../../core/compile/world.ts';
import { equal } from '../../core/ovn/equal.ts';
import type { Workload } from '../../core/select/workload.ts';
import type { Caches } from './caches.ts';
import { isAlive, MIGRATION_LABEL, parseOwnerKey, type Pod } from './pod.ts';

type WorkloadChange = Extract<Change, { readonly kind: 'Workload' }>;

export class Workloads {
  readonly #caches: Caches;
  readonly #world: ReadonlyWorld;

  constructor(caches: Caches, world: ReadonlyWorld) {
    this.#caches = caches;
    this.#world = world;
  }

  /** All owners that there are. */
  all(): readonly WorkloadChange[] {
    const machines = [...this.#caches.of('VirtualMachine').values()].map(
      ({ metadata }) => `VirtualMachine/${metadata.namespace}/${metadata.name}`,
    );
    return this.changes(new Set([...this.#caches.podsByOwner.groups(), ...machines]));
  }

  /** What is seen of owners and is not what the world has. */
  changes(owners: ReadonlySet<string>): readonly WorkloadChange[] {
    return [...owners]
      .map((key): WorkloadChange => ({ kind: 'Workload', key, object: this.#seen(key) }))
      .filter(({ key, object }) => !equal(this.#world.get('Workload', key), object));
  }

  #seen(key: string): Workload | undefined {
    const { kind, namespace, name } = parseOwnerKey(key);
    const pod = current(this.#caches.podsOf(key));
    const runs = pod?.spec?.nodeName !== undefined;
    if (pod) return { namespace, labels: pod.metadata.labels ?? {}, runs };
    const vm = kind === 'VirtualMachine' ? this.#caches.of('VirtualMachine').get(`${namespace}/${name}`) : undefined;
    return vm && { namespace, labels: vm.spec?.template?.metadata?.labels ?? {}, runs: false };
  }
}

/** Of several pods of a machine that moves, the one that it moves from: the other has the same labels, and a few of KubeVirt's. */
function current(pods: readonly Pod[]): Pod | undefined {
  const rank = ({ metadata, spec }: Pod) =>
    `${metadata.labels?.[MIGRATION_LABEL] === undefined ? 0 : 1}${spec?.nodeName === undefined ? 1 : 0}${metadata.name}`;
  return pods.filter(isAlive).toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))[0];
}
