/**
 * Makes guests and takes them apart. Each step is written down before or with what it makes:
 *
 *   intent (no pause) -> pause process -> one CNI ADD after the other -> ready
 *
 * A record that is not ready after a start belongs to an attempt that was cut off: it is taken apart like any other.
 */
import { randomBytes } from 'node:crypto';
import { isRunning } from '../../lib/proc/process-id.ts';
import { cniAdd, type CniCall, cniDel } from './cni.ts';
import type { GuestInterface, GuestRecord, GuestStore } from './guest-record.ts';
import { endSandbox, startSandbox } from './sandbox.ts';

export interface GuestPlan {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly vm?: string;
  readonly hostname: string;
  readonly interfaces: readonly GuestInterface[];
}

/**
 * How often DEL may fail for a sandbox before it goes without: with the delays of a node's queue some 25 seconds, in which an agent that
 * was killed is back.
 */
export const DEL_TRIES = 8;

export class Guests {
  readonly #store: GuestStore;
  readonly #cniBin: string;
  readonly #log: (sentence: string) => void;
  /** sandbox -> how often its DEL has failed */
  readonly #refusals = new Map<string, number>();

  /** @param cniBin directory of the CNI executables */
  constructor(store: GuestStore, cniBin: string, log: (sentence: string) => void) {
    this.#store = store;
    this.#cniBin = cniBin;
    this.#log = log;
  }

  /** Makes a guest that is not there. @throws Error with the sentence of what failed; what is left of the attempt is in the store */
  async create({ hostname, ...plan }: GuestPlan, signal?: AbortSignal): Promise<GuestRecord> {
    let record: GuestRecord = { ...plan, sandbox: randomBytes(32).toString('hex'), ready: false };
    const write = async (changes: Partial<GuestRecord>) => {
      record = { ...record, ...changes };
      await this.#store.put(record);
    };
    try {
      await write({});
      await startSandbox(hostname, (pause) => write({ pause }));
      for (const [index, face] of record.interfaces.entries()) {
        const added = { ...face, ...(await cniAdd(this.#call(record, face), signal)) };
        record = { ...record, interfaces: record.interfaces.with(index, added) };
      }
      signal?.throwIfAborted();
      await write({ ready: true });
      return record;
    } catch (error) {
      // what cannot be taken apart now stays written down, and is tried again
      await this.destroy(record).catch(() => undefined);
      throw error;
    }
  }

  /**
   * Idempotent. @throws Error when a CNI executable refuses; the record stays, so that it is tried again. At the DEL_TRIESth refusal the guest
   * goes all the same: its devices end with its namespaces.
   */
  async destroy(record: GuestRecord): Promise<void> {
    const calls = record.interfaces.toReversed().map((face) => cniDel(this.#call(record, face)));
    const refused = (await Promise.allSettled(calls)).find((outcome) => outcome.status === 'rejected');
    if (refused) this.#tolerate(record, refused.reason);
    if (record.pause) await endSandbox(record.pause);
    await this.#store.remove(record);
    this.#refusals.delete(record.sandbox);
  }

  /** @throws the reason itself, until it was heard often enough */
  #tolerate({ sandbox, namespace, pod }: GuestRecord, reason: unknown): void {
    const refusals = (this.#refusals.get(sandbox) ?? 0) + 1;
    this.#refusals.set(sandbox, refusals);
    if (refusals < DEL_TRIES) throw reason;
    const why = reason instanceof Error ? reason.message : String(reason);
    this.#log(`guest ${namespace}/${pod} goes without a DEL that succeeds (sandbox ${sandbox}): ${why}`);
  }

  #call(record: GuestRecord, { type, config, device }: GuestInterface): CniCall {
    const { pause, sandbox, namespace, pod } = record;
    const netns = pause && isRunning(pause) ? `/proc/${pause.pid}/ns/net` : '';
    return { bin: this.#cniBin, type, config, containerId: sandbox, netns, ifname: device, namespace, pod };
  }
}
