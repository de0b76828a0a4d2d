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
import type { MachineNic, MachinePlan, MachineRecord, PodSide } from './machine/machine.ts';
import { podLink } from './machine/pod-wire.ts';
import { endSandbox, startSandbox } from './machine/sandbox.ts';

export interface GuestPlan {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly vm?: string;
  readonly hostname: string;
  readonly interfaces: readonly GuestInterface[];
  /** the machine behind the pod that starts with it; without it the pod itself is the guest, or awaits a machine */
  readonly machine?: MachineWish;
  /** uid of the migration whose machine the pod awaits */
  readonly awaits?: string;
}

export interface MachineWish {
  /** kind of machine */
  readonly kind: string;
  /** annotations of the pod, read again: those of its interfaces came while they were made */
  readonly annotations: () => Promise<Readonly<Record<string, string>>>;
  /** by which other nodes reach this one */
  readonly nodeAddress?: string;
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
    wish: MachineWish,
    remember: (machine: MachineRecord) => Promise<void>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const plan = await machinePlan(record, hostname, this.#run, wish);
    await remember(await machineKind(wish.kind).start(plan, remember, signal));
  }

  /** Prepares a pod that awaits a machine. @param offer what the source says of it @returns the record, which says where it can be sent */
  async receive(record: GuestRecord, hostname: string, offer: string, wish: MachineWish): Promise<GuestRecord> {
    const plan = await machinePlan(record, hostname, this.#run, wish);
    const remember = (machine: MachineRecord) => this.#store.put({ ...record, machine, incoming: '' });
    const { machine, address } = await machineKind(wish.kind).receive(plan, offer, remember);
    return this.update(record, { machine, incoming: address });
  }

  /** Waits for the machine. @throws Error when it will not come */
  async arrive(record: GuestRecord, signal: AbortSignal): Promise<GuestRecord> {
    const machine = await machineKind(record.machine!.kind).arrive(record.machine!, signal);
    const { awaits: _awaits, incoming: _incoming, ...rest } = record;
    return this.#put({ ...rest, machine });
  }

  /** Sends the machine away. @throws Error when it stays */
  async send(record: GuestRecord, address: string, signal: AbortSignal): Promise<GuestRecord> {
    const sending = await this.update(record, { sending: address });
    const kind = machineKind(record.machine!.kind);
    try {
      await kind.send(record.machine!, address, signal);
    } catch (error) {
      if (!(await kind.hasLeft(record.machine!))) {
        const { sending: _sending, ...rest } = sending;
        await this.#put(rest);
        throw error;
      }
    }
    return this.#forgetMachine(sending);
  }

  /** Whether the machine went before somebody could write it down. */
  async settleSending(record: GuestRecord): Promise<GuestRecord> {
    if (record.sending === undefined || !record.machine) return record;
    return (await machineKind(record.machine.kind).hasLeft(record.machine)) ? this.#forgetMachine(record) : record;
  }

  async #forgetMachine(record: GuestRecord): Promise<GuestRecord> {
    await machineKind(record.machine!.kind).leave(record.machine!);
    const { machine: _machine, sending: _sending, ...rest } = record;
    return this.#put({ ...rest, left: true });
  }

  async update(record: GuestRecord, changes: Partial<GuestRecord>): Promise<GuestRecord> {
    return this.#put({ ...record, ...changes });
  }

  async #put(record: GuestRecord): Promise<GuestRecord> {
    await this.#store.put(record);
    return record;
  }

  /** Plugs an interface into a machine that runs. @throws Error with the sentence of what failed; nothing of it is left then */
  async attach(
    record: GuestRecord,
    face: GuestInterface,
    wish: MachineWish,
    signal?: AbortSignal,
  ): Promise<GuestRecord> {
    // written down first: whatever is left of an attempt that is cut off is taken apart with the guest
    const intended = await this.update(record, { interfaces: [...record.interfaces, face] });
    try {
      const added = { ...face, ...(await cniAdd(this.#call(record, face), signal)) };
      const pod = { sandbox: record.sandbox, pause: record.pause! };
      const nic = await nicOf(pod, added, await wish.annotations());
      const machine = await machineKind(record.machine!.kind).attachNic(record.machine!, pod, nic);
      return await this.update(intended, { machine, interfaces: [...record.interfaces, added] });
    } catch (error) {
      await this.detach(intended, face.device);
      throw error;
    }
  }

  /** Takes an interface out of a machine that runs. Idempotent. */
  async detach(record: GuestRecord, device: string): Promise<GuestRecord> {
    const pod = { sandbox: record.sandbox, pause: record.pause! };
    const machine = await machineKind(record.machine!.kind).detachNic(record.machine!, pod, device);
    const gone = record.interfaces.filter((face) => face.device === device);
    for (const face of gone) await cniDel(this.#call(record, face));
    return this.update(record, { machine, interfaces: record.interfaces.filter((face) => !gone.includes(face)) });
  }

  async #endMachine(record: GuestRecord): Promise<void> {
    const { machine, incoming } = record;
    if (!machine) return;
    const kind = machineKind(machine.kind);
    if (incoming !== undefined) await kind.abandon(machine);
    else if (record.sending !== undefined && (await kind.hasLeft(machine))) await kind.leave(machine);
    else await kind.stop(machine);
  }

  /**
   * Idempotent. @throws Error when a CNI executable refuses; the record stays, so that it is tried again. At the DEL_TRIESth refusal the guest
   * goes all the same: its devices end with its namespaces.
   */
  async destroy(record: GuestRecord): Promise<void> {
    await this.#endMachine(record);
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

async function machinePlan(
  record: GuestRecord,
  hostname: string,
  run: string,
  { annotations: read, nodeAddress }: MachineWish,
): Promise<MachinePlan> {
  const annotations = await read();
  const { namespace, pod: podName, vm: name = podName, sandbox, pause, interfaces } = record;
  const pod: PodSide = { sandbox, pause: pause! };
  const nics = await Promise.all(interfaces.map((face) => nicOf(pod, face, annotations)));
  const plan = { namespace, name, hostname, pod, nics, annotations, run };
  return nodeAddress === undefined ? plan : { ...plan, nodeAddress };
}

async function nicOf(
  pod: PodSide,
  face: GuestInterface,
  annotations: Readonly<Record<string, string>>,
): Promise<MachineNic> {
  const { device, addresses = [], routes = [] } = face;
  const { address: mac, mtu } = await podLink(pod, device);
  // devices of machines are eth0, eth1, ...; one that is taken out leaves a gap
  const index = Number(/\d+$/.exec(device)?.[0] ?? 0);
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

/** What a machine that runs needs of this process, which may have just come to be. */
export function tend(record: GuestRecord): void {
  if (record.machine && record.awaits === undefined && isAlive(record))
    machineKind(record.machine.kind).tend?.(record.machine);
}

/** The command in front of another one that is to run inside of the guest; undefined when it does not run. */
export function guestEntry(record: GuestRecord): readonly string[] | undefined {
  if (!isAlive(record) || record.awaits !== undefined || record.left) return undefined;
  if (record.machine) return machineKind(record.machine.kind).entry(record.machine);
  return ['nsenter', '-t', String(record.pause!.pid), '--net', '--mount', '--uts', '--'];
}

/** What another node must know to prepare for this guest's machine; undefined for a guest without one. */
export function guestOffer({ machine }: GuestRecord): string | undefined {
  return machine && machineKind(machine.kind).offer(machine);
}

/** The command for its console; undefined when it does not run, or has none. */
export function guestConsole(record: GuestRecord): readonly string[] | undefined {
  if (!record.machine || !isAlive(record)) return undefined;
  return machineKind(record.machine.kind).console?.(record.machine);
}
