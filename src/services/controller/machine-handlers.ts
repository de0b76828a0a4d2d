/** What is done with changes of pods and machines: where they run, and what their owners need. */
import { equal } from '../../core/ovn/equal.ts';
import type { KubeObject } from '../../kinds/object.ts';
import type { Migration, VirtualMachine } from '../../kinds/virtual-machine.ts';
import type { ObjectChange } from '../../lib/kube/informer.ts';
import type { WorkQueue } from '../../lib/kube/work-queue.ts';
import { type Handlers, instanceOfMigration } from './caches.ts';
import type { FirstCommits } from './first-commits.ts';
import { copyNotice, type Notice } from './notices.ts';
import { machinesOf } from './placements.ts';
import { isAlive, ownerKey, ownerOf, type Pod } from './pod.ts';

export interface MachineHandling {
  readonly hasAddresses: (owner: string) => boolean;
  readonly owners: WorkQueue;
  readonly firstCommits: FirstCommits;
  readonly isLive: () => boolean;
  /** where these machines run may have changed */
  readonly place: (machines: readonly string[]) => void;
  /** these owners may have other labels, or run no longer */
  readonly label: (owners: ReadonlySet<string>) => void;
  readonly notify: (object: KubeObject, notice: Notice | undefined) => void;
  /** virtual machines have changed */
  readonly followUsers: () => void;
}

type MachineKind = 'Pod' | 'VirtualMachine' | 'VirtualMachineInstance' | 'VirtualMachineInstanceMigration';

export function machineHandlers(handling: MachineHandling): Pick<Handlers, MachineKind> {
  const { isLive, place } = handling;
  return {
    Pod: (changes) => isLive() && onPods(changes, handling),
    VirtualMachine: (changes) => isLive() && onVms(changes, handling),
    VirtualMachineInstance: (changes) => place(changes.map(({ key }) => key)),
    VirtualMachineInstanceMigration: (changes) =>
      place(
        changes.flatMap(({ old, new: object }) =>
          [old, object].flatMap((it) => (it ? [instanceOfMigration(it as Migration)] : [])),
        ),
      ),
  };
}

function onPods(
  changes: readonly ObjectChange<Pod>[],
  { hasAddresses, owners, firstCommits, place, label }: MachineHandling,
): void {
  const touched = changes.flatMap(({ old, new: object }) =>
    [old, object].flatMap((it) => (it ? [ownerKey(ownerOf(it))] : [])),
  );
  place([...machinesOf(touched)]);
  label(new Set(touched));
  for (const { old, new: object } of changes) {
    if (
      old &&
      object &&
      isAlive(old) === isAlive(object) &&
      old.spec?.nodeName === object.spec?.nodeName &&
      equal(old.metadata.annotations, object.metadata.annotations)
    )
      continue;
    const owner = ownerKey(ownerOf((object ?? old)!));
    // only the way to a first address is measured
    if (object && !hasAddresses(owner)) firstCommits.heard(owner);
    if (!object) firstCommits.forget(owner);
    owners.add(owner);
  }
}

function onVms(
  changes: readonly ObjectChange<VirtualMachine>[],
  { owners, label, notify, followUsers }: MachineHandling,
): void {
  followUsers();
  label(new Set(changes.map(({ key }) => `VirtualMachine/${key}`)));
  for (const { key, old, new: object } of changes) {
    if (object && !old) notify(object, copyNotice(object));
    if (
      old &&
      object &&
      equal(old.spec, object.spec) &&
      equal(old.metadata.annotations, object.metadata.annotations) &&
      old.metadata.deletionTimestamp === object.metadata.deletionTimestamp
    )
      continue;
    owners.add(`VirtualMachine/${key}`);
  }
}
