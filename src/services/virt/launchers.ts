/** Which pods there are of each instance, and how many guests each node has, counting those that were decided but not seen yet. */
import { keyOf } from '../../kinds/object.ts';
import type { ObjectChange } from '../../lib/kube/informer.ts';
import { instanceOwner, isFinished, isGuest, type Pod } from './pod.ts';

export class Launchers {
  readonly #pods: (key: string) => Pod | undefined;
  /** namespace/instance -> keys of pods */
  readonly #ofInstance = new Map<string, Set<string>>();
  readonly #guests = new Map<string, number>();
  /** pod -> node it was just given */
  readonly #decided = new Map<string, string>();

  constructor(pods: (key: string) => Pod | undefined) {
    this.#pods = pods;
  }

  /** Call it with the changes of all pods. @returns keys of the instances that they belong to */
  follow(changes: readonly ObjectChange<Pod>[]): ReadonlySet<string> {
    const touched = new Set<string>();
    for (const { key, old, new: pod } of changes) {
      this.#count(old, -1);
      this.#count(pod, 1);
      if (!pod || pod.spec?.nodeName) this.#decided.delete(key);
      const [before, after] = [old && instanceKey(old), pod && instanceKey(pod)];
      if (before !== after && before !== undefined) this.#forget(before, key);
      if (after !== undefined) this.#remember(after, key);
      for (const instance of [before, after]) if (instance !== undefined) touched.add(instance);
    }
    return touched;
  }

  /** Pods of an instance, and of earlier ones of the same name. */
  of(instance: string): readonly Pod[] {
    return [...(this.#ofInstance.get(instance) ?? [])].flatMap((key) => this.#pods(key) ?? []);
  }

  guestsOn(node: string): number {
    const decided = [...this.#decided.values()].filter((name) => name === node).length;
    return (this.#guests.get(node) ?? 0) + decided;
  }

  /** The pod is about to get this node. */
  decide(pod: string, node: string): void {
    this.#decided.set(pod, node);
  }

  /** It did not get it. */
  revoke(pod: string): void {
    this.#decided.delete(pod);
  }

  #count(pod: Pod | undefined, by: 1 | -1): void {
    const node = pod?.spec?.nodeName;
    if (!pod || !node || !isGuest(pod) || isFinished(pod)) return;
    this.#guests.set(node, (this.#guests.get(node) ?? 0) + by);
  }

  #remember(instance: string, pod: string): void {
    const pods = this.#ofInstance.get(instance) ?? new Set();
    this.#ofInstance.set(instance, pods.add(pod));
  }

  #forget(instance: string, pod: string): void {
    const pods = this.#ofInstance.get(instance);
    pods?.delete(pod);
    if (pods?.size === 0) this.#ofInstance.delete(instance);
  }
}

function instanceKey(pod: Pod): string | undefined {
  const owner = instanceOwner(pod);
  return owner && keyOf({ ...pod.metadata, name: owner.name });
}
