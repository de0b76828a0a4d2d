/** Connects the embedded API server with the door (core/admit): what is stored is judged among its neighbours, in the same turn. */
import { admit } from '../core/admit/admit.ts';
import { World } from '../core/compile/world.ts';
import type { KubeObject } from '../kinds/object.ts';
import type { Admit, AdmissionAnswer } from '../services/apiserver/admission.ts';
import type { ApiServer } from '../services/apiserver/api-server.ts';
import { worldChange } from '../services/controller/feed.ts';

const NEIGHBOURS = { Vpc: 'vpcs.kubeovn.io', Subnet: 'subnets.kubeovn.io', IP: 'ips.kubeovn.io' } as const;

export class Door {
  readonly #world = new World();

  /**
   * Judges a write. One that is let in is a neighbour of the next at once, before it is committed: of two that overlap, the second is refused
   * even when both arrive together.
   */
  readonly admit: Admit = ({ subresource, object, old, dryRun }): AdmissionAnswer => {
    // conditions and counters are Weft's own; a deletion is finished by finalizers
    if (subresource === 'status' || object === undefined) return {};
    const verdict = admit(object as unknown as KubeObject, old as unknown as KubeObject | undefined, this.#world);
    if (verdict.errors.length === 0 && !dryRun) this.#learn(verdict.object, false);
    return { object: verdict.object as never, warnings: verdict.warnings, errors: verdict.errors };
  };

  /** Knows what is stored, and follows what is committed. */
  follow(server: ApiServer): void {
    for (const resource of Object.values(NEIGHBOURS))
      for (const object of server.objects(resource)) this.#learn(object as unknown as KubeObject, false);
    server.onCommit(({ type, object }) => this.#learn(object.object as unknown as KubeObject, type === 'DELETED'));
  }

  #learn(object: KubeObject, gone: boolean): void {
    const { kind } = object;
    if (kind === 'Vpc' || kind === 'Subnet' || kind === 'IP')
      this.#world.apply(worldChange(kind, object.metadata.name, gone ? undefined : object));
  }
}
