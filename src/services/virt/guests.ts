/**
 * Makes guests and takes them apart. Each step is written down before or with what it makes:
 *
 *   intent (no pause) -> pause process -> one CNI ADD after the other -> machine, when there is to be one -> ready
 *
 * A record that is not ready after a start belongs to an attempt that was cut off: it is taken apart like any other.
 */
import { randomBytes } from 'node:crypto';
import { isRunning } from '../../lib/proc/process-id.ts';
import { cniAdd, type CniCall, cniDel } from './cni.ts';
import type { GuestInterface, GuestRecord, GuestStore } from './guest-record.ts';
import { machineKind } from './machine-kinds.ts';
import type { MachineNic, MachineRecord, PodSide } from './machine/machine.ts';
import { podLink } from './machine/pod-wire.ts';
import { endSandbox, startSandbox } from './machine/sandbox.ts';

export interface GuestPlan {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly vm?: string;
  readonly hostname: string;
  readonly interfaces: readonly GuestInterface[];
  /** the machine behind the pod; without it the pod itself is the guest */
  readonly machine?: MachineWish;
}

export interface MachineWish {
  /** kind of machine */
  readonly kind: string;
  /** annotations of the pod, read again: those of its interfaces came while they were made */
  annotations(): Promise<Readonly<Record<string, string>>>;
}

/**
 * How often DEL may fail for a sandbox before it goes without: with the delays of a node's queue some 25 seconds, in which an agent that
 * was killed is back.
 */
export const DEL_TRIES = 8;

export class Guests {
  readonly #store: GuestStore;
  readonly #cniBin: string;
  readonly #run: string;
  readonly #log: (sentence: string) => void;
  /** sandbox -> how often its DEL has failed */
  readonly #refusals = new Map<string, number>();

  /** @param cniBin directory of the CNI executables @param run the node's --run directory */
  constructor(store: GuestStore, cniBin: string, run: string, log: (sentence: string) => void) {
    this.#store = store;
    this.#cniBin = cniBin;
    this.#run = run;
    this.#log = log;
  }

  /** Makes a guest that is not there. @throws Error with the sentence of what failed; what is left of the attempt is in the store */
  async create({ hostname, machine: wish, ...plan }: GuestPlan, signal?: AbortSignal): Promise<GuestRecord> {
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
      if (wish) await this.#startMachine(record, hostname, wish, (machine) => write({ machine }), signal);
      await write({ ready: true });
      return record;
    } catch (error) {
      // what cannot be taken apart now stays written down, and is tried again
      await this.destroy(record).catch(() => undefined);
      throw error;
    }
  }

  async #startMachine(
    record: GuestRecord,
    hostname: string,
    { kind, annotations: read }: MachineWish,
    remember: (machine: MachineRecord) => Promise<void>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { namespace, pod: podName, vm = podName, sandbox, pause, interfaces } = record;
    const pod: PodSide = { sandbox, pause: pause! };
    const annotations = await read();
    const nics = await Promise.all(interfaces.map((face, index) => nicOf(pod, face, index, annotations)));
    const plan = { namespace, name: vm, hostname, pod, nics, annotations, run: this.#run };
    await remember(await machineKind(kind).start(plan, remember, signal));
  }

  /**
   * Idempotent. @throws Error when a CNI executable refuses; the record stays, so that it is tried again. At the DEL_TRIESth refusal the guest
   * goes all the same: its devices end with its namespaces.
   */
  async destroy(record: GuestRecord): Promise<void> {
    if (record.machine) await machineKind(record.machine.kind).stop(record.machine);
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

/** the annotation that says of an interface that its guest asks for its addresses by DHCP */
function asksByDhcp({ provider }: GuestInterface, annotations: Readonly<Record<string, string>>): boolean {
  return provider !== undefined && annotations[`${provider}.kubernetes.io/dhcp`] === 'true';
}

async function nicOf(
  pod: PodSide,
  face: GuestInterface,
  index: number,
  annotations: Readonly<Record<string, string>>,
): Promise<MachineNic> {
  const { device, addresses = [], routes = [] } = face;
  const { address: mac, mtu } = await podLink(pod, device);
  return { index, device, podDevice: device, mac, mtu, addresses, routes, dhcp: asksByDhcp(face, annotations) };
}

/** Whether all of a guest is there and runs. */
export function isAlive({ ready, pause, machine }: GuestRecord): boolean {
  return (
    ready &&
    pause !== undefined &&
    isRunning(pause) &&
    (machine === undefined || machineKind(machine.kind).isAlive(machine))
  );
}

/** The command in front of another one that is to run inside of the guest; undefined when it does not run. */
export function guestEntry(record: GuestRecord): readonly string[] | undefined {
  if (!isAlive(record)) return undefined;
  if (record.machine) return machineKind(record.machine.kind).entry(record.machine);
  return ['nsenter', '-t', String(record.pause!.pid), '--net', '--mount', '--uts', '--'];
}
