import type { KubeObject } from '../../kinds/object.ts';
import type { Informer, ObjectChange } from '../../lib/kube/informer.ts';

export type Pod = KubeObject<{ readonly nodeName?: string }, unknown>;

/** Waits for something to become true of a pod, by its changes, without polling. */
export class PodWaiter {
  readonly #waiting = new Map<string, Set<() => void>>();
  #pods: Informer<Pod> | undefined;

  /** the informer calls `onChanges` of this waiter */
  follow(pods: Informer<Pod>): void {
    this.#pods = pods;
  }

  onChanges(changes: readonly ObjectChange<unknown>[]): void {
    for (const { key } of changes) for (const ask of this.#waiting.get(key) ?? []) ask();
  }

  /** something else that the questions look at has changed */
  askAll(): void {
    for (const set of this.#waiting.values()) for (const ask of set) ask();
  }

  /** @throws Error with the answer of `missing` when `deadline` (milliseconds) has passed */
  wait<T>(
    key: string,
    question: (pod: Pod | undefined) => T | undefined,
    missing: (pod: Pod | undefined) => string,
    deadline: number,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const finish = () => {
        clearTimeout(timer);
        const set = this.#waiting.get(key);
        set?.delete(ask);
        if (set?.size === 0) this.#waiting.delete(key);
      };
      const ask = () => {
        const answer = question(this.#pods?.get(key));
        if (answer === undefined) return;
        finish();
        resolve(answer);
      };
      const timer = setTimeout(() => {
        finish();
        reject(new Error(missing(this.#pods?.get(key))));
      }, deadline);
      let set = this.#waiting.get(key);
      if (!set) this.#waiting.set(key, (set = new Set()));
      set.add(ask);
      ask();
    });
  }
}
