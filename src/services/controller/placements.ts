/** Where virtual machines are seen to run: pods, instances and migrations in, one observation per machine out. */
import { hasFinished } from '../../core/migration/progress.ts';
import { type Placement, placementOf } from '../../core/migration/placement.ts';
import type { Change, ReadonlyWorld } from '../../core/compile/world.ts';
import { equal } from '../../core/ovn/equal.ts';
import type { Migration, VirtualMachineInstance } from '../../kinds/virtual-machine.ts';
import type { Caches } from './caches.ts';
import { isAlive, MIGRATION_LABEL, type Pod } from './pod.ts';

interface PlacementSources {
  /** all of the machine's pods */
  readonly pods: readonly Pod[];
  readonly instance: VirtualMachineInstance | undefined;
  readonly migrations: readonly Migration[];
}

function seenPlacement({ pods, instance, migrations }: PlacementSources): Placement | undefined {
  const launchers = pods.flatMap((pod) => {
    const node = pod.spec?.nodeName;
    return isAlive(pod) && node ? [{ node, migration: pod.metadata.labels?.[MIGRATION_LABEL] }] : [];
  });
  const active = migrations
    .filter(({ status }) => !hasFinished(status?.phase))
    .map(({ metadata }) => metadata.uid ?? '');
  return placementOf(launchers, instance?.status?.nodeName, new Set(active), leftNode(instance));
}

/** where the last migration, which is complete, has taken the machine from */
function leftNode(instance: VirtualMachineInstance | undefined): string | undefined {
  const { completed, sourceNode, targetNode } = instance?.status?.migrationState ?? {};
  return completed && targetNode === instance?.status?.nodeName ? sourceNode : undefined;
}

type PlacementChange = Extract<Change, { readonly kind: 'Placement' }>;

export class Placements {
  readonly #caches: Caches;
  readonly #world: ReadonlyWorld;

  constructor(caches: Caches, world: ReadonlyWorld) {
    this.#caches = caches;
    this.#world = world;
  }

  /** What is seen of machines (`namespace/name`) and is not what the world has. */
  changes(machines: ReadonlySet<string>): readonly PlacementChange[] {
    return [...machines]
      .map((key): PlacementChange => ({ kind: 'Placement', key, object: this.#seen(key) }))
      .filter(({ key, object }) => !equal(this.#world.get('Placement', key), object));
  }

  #seen(key: string): Placement | undefined {
    return seenPlacement({
      pods: this.#caches.podsOf(`VirtualMachine/${key}`),
      instance: this.#caches.of('VirtualMachineInstance').get(key),
      migrations: this.#caches.migrationsOf(key),
    });
  }
}

/** of owners that are virtual machines, `namespace/name` */
export function machinesOf(owners: Iterable<string>): ReadonlySet<string> {
  const prefix = 'VirtualMachine/';
  return new Set([...owners].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length)));
}
