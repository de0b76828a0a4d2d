/** What was last said of pods that do not run, by whoever gives them their network: the latest Warning event of each. */
import type { KubeObject } from '../../kinds/object.ts';
import type { ObjectChange } from '../../lib/kube/informer.ts';

export interface Warning {
  readonly reason: string;
  readonly message: string;
}

/** An Event as far as virt reads it. */
export interface EventObject extends KubeObject {
  readonly involvedObject?: { readonly namespace?: string; readonly name?: string; readonly uid?: string };
  readonly reason?: string;
  readonly message?: string;
  /** RFC 3339, seconds */
  readonly lastTimestamp?: string;
}

/** only these are watched: what virt itself says of a pod stands in its conditions */
export const POD_WARNINGS = 'involvedObject.kind=Pod,type=Warning,reportingComponent!=weft-virt';

/** What is kept of an event: there are many. */
export function keepEvent(event: EventObject): EventObject {
  const { apiVersion, kind, metadata, involvedObject = {}, reason = '', message = '', lastTimestamp = '' } = event;
  const { managedFields: _ours, ...kept } = metadata as typeof metadata & { readonly managedFields?: unknown };
  return { apiVersion, kind, metadata: kept, involvedObject, reason, message, lastTimestamp };
}

export class PodWarnings {
  /** uid of the pod -> the event, and what it says */
  readonly #latest = new Map<string, Warning & { readonly event: string; readonly at: string }>();

  /** Call it with the changes of all such events. @returns keys of the pods that something new was said of */
  follow(changes: readonly ObjectChange<EventObject>[]): ReadonlySet<string> {
    const pods = new Set<string>();
    for (const { key, old, new: event } of changes) {
      const { uid = '', namespace = '', name = '' } = (event ?? old)?.involvedObject ?? {};
      if (uid === '') continue;
      const known = this.#latest.get(uid);
      if (!event) {
        if (known?.event === key) this.#latest.delete(uid);
        continue;
      }
      const { reason = '', message = '', lastTimestamp: at = '' } = event;
      // a first list comes in the order of names
      if (known && known.at > at) continue;
      this.#latest.set(uid, { event: key, at, reason, message });
      pods.add(`${namespace}/${name}`);
    }
    return pods;
  }

  /** @param uid of the pod */
  latest(uid: string | undefined): Warning | undefined {
    const found = this.#latest.get(uid ?? '');
    return found && { reason: found.reason, message: found.message };
  }
}
