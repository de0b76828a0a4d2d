/**
 * A machine that has moved announces itself (RARP), and its port lets nothing through before that. One that stays silent, though it is said to run
 * here, is announced by the agent: a frame as if it had come in by its port. Doing it once more than needed is harmless.
 */
import { run } from '../../lib/proc/run.ts';
import { parseMac } from '../../lib/netaddr/mac.ts';
import type { ObjectChange } from '../../lib/kube/informer.ts';
import { INTEGRATION_BRIDGE, type InterfaceRow, type LocalSwitch } from './local-switch.ts';
import type { Pod } from './pod-waiter.ts';
import { messageOf } from '../../lib/error/message.ts';

/** annotation of the target pod of a migration: when its machine was there */
const READY_ANNOTATION = 'kubevirt.io/migration-target-ready-timestamp';

export class Announcer {
  readonly #local: LocalSwitch;
  readonly #log: (sentence: string) => void;

  constructor(local: LocalSwitch, log: (sentence: string) => void) {
    this.#local = local;
    this.#log = log;
  }

  /** Call it with the changes of the pods of this node. */
  onChanges(changes: readonly ObjectChange<Pod>[]): void {
    for (const { old, new: pod } of changes) {
      const at = pod && readyAt(pod);
      // what was ready when the agent started is announced too: nobody may have been there to do it
      if (pod && at !== undefined && at !== (old && readyAt(old))) void this.#announce(pod);
    }
  }

  async #announce({ metadata }: Pod): Promise<void> {
    try {
      await this.#local.session.ready();
      for (const row of this.#local.interfacesOf(metadata.namespace ?? '', metadata.name)) await this.#inject(row);
    } catch (error) {
      const why = messageOf(error);
      this.#log(`announcing the machine of ${metadata.namespace}/${metadata.name}: ${why}`);
    }
  }

  async #inject({ ofport, external_ids: ids }: InterfaceRow): Promise<void> {
    if (ofport === undefined || ofport < 0) return;
    const packet = rarpRequest(parseMac(ids['attached-mac'] ?? ''));
    const message = `in_port=${ofport},packet=${packet},actions=resubmit(,0)`;
    await run(['ovs-ofctl', 'packet-out', INTEGRATION_BRIDGE, message], { deadline: 5 });
  }
}

/** RFC 903: request reverse, hexadecimal; the sender asks for itself, as QEMU's announcement does. */
export function rarpRequest(mac: string): string {
  const address = mac.replaceAll(':', '');
  const body = ['0001', '0800', '06', '04', '0003', address, '00000000', address, '00000000'].join('');
  return `ffffffffffff${address}8035${body}`.padEnd(60 * 2, '0');
}

function readyAt({ metadata }: Pod): string | undefined {
  return metadata.annotations?.[READY_ANNOTATION];
}
