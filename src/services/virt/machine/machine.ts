/**
 * What a machine is to the rest of virt: something behind a launcher pod that has NICs, runs commands and can move to another node.
 *
 *     [pod's namespaces]                                        [machine]
 *     CNI interface <== redirected, both ways ==> tap device <-- its kind --> NIC of the guest
 *
 * The pod's interface is only a wire: its MAC and addresses are the guest's. Each kind of machine is one implementation of MachineKind; what it
 * must remember is its MachineRecord, which is stored with the guest's record before anything lives that would have to be found again.
 */
import type { ProcessId } from '../../../lib/proc/process-id.ts';

/** A NIC of a machine, as the CNI result of its pod's interface wants it. */
export interface MachineNic {
  /** place among the machine's NICs, from 0 */
  readonly index: number;
  /** name in the guest, as far as the guest lets it be named: `eth0` */
  readonly device: string;
  /** name of the CNI interface in the pod */
  readonly podDevice: string;
  readonly mac: string;
  /** bytes */
  readonly mtu: number;
  /** `10.0.0.5/16`; what a guest that does not ask by DHCP is configured with */
  readonly addresses: readonly string[];
  readonly routes: readonly MachineRoute[];
  /** the guest asks for its addresses itself: it gets nothing but MAC and MTU from us */
  readonly dhcp: boolean;
}

export interface MachineRoute {
  readonly dst: string;
  readonly gw?: string;
}

/** The pod in front of a machine, on the node that is asked. */
export interface PodSide {
  /** CNI_CONTAINERID: another one for each sandbox of a pod */
  readonly sandbox: string;
  readonly pause: ProcessId;
}

export interface MachinePlan {
  /** namespace and name of the virtual machine */
  readonly namespace: string;
  readonly name: string;
  readonly hostname: string;
  readonly pod: PodSide;
  readonly nics: readonly MachineNic[];
  /** of the launcher pod */
  readonly annotations: Readonly<Record<string, string>>;
  /** by which other nodes reach this one */
  readonly nodeAddress?: string;
  /** the node's directory for what must not outlive its boot; sockets of the machine may be below it */
  readonly run: string;
}

/** What must be known of a machine to find it again, JSON. */
export interface MachineRecord {
  readonly kind: string;
}

/** Called with the record before what it tells of lives on without us, and whenever it changes. */
export type Remember<M extends MachineRecord> = (machine: M) => Promise<void>;

export interface MachineKind<M extends MachineRecord = MachineRecord> {
  /** Starts a machine with its NICs. What is left when it fails is taken apart by `stop` of the last record. @throws Error that says why there is none */
  start(plan: MachinePlan, remember: Remember<M>, signal?: AbortSignal): Promise<M>;
  /** Ends it and all that was made for it, inside of the pod too. Idempotent. */
  stop(machine: M): Promise<void>;
  isAlive(machine: M): boolean;
  /** Called again and again while it is alive, by the node's process: what of the machine must be served there is. */
  tend?(machine: M): void;
  /** Adds a NIC to a machine that runs. */
  attachNic(machine: M, pod: PodSide, nic: MachineNic): Promise<M>;
  /** Takes a NIC away from a machine that runs; an absent one is fine. @param device its name in the guest */
  detachNic(machine: M, pod: PodSide, device: string): Promise<M>;
  /** The command in front of another one that is to run inside; it has standard streams and exit code of that one. */
  entry(machine: M): readonly string[];
  /** The command that connects our standard streams with its console; a kind without one has none. */
  console?(machine: M): readonly string[];
}

/**
 * A kind that can move. The two nodes know nothing of each other but two texts, which travel as annotations of the two launcher pods:
 *
 *     source node                                       target node
 *     offer(machine)            --- offer --->          receive(plan, offer): the machine waits there, wired to the target pod
 *     send(machine, address)    <-- address ---
 *        ... the machine has left                       arrive(machine): it runs here, and has announced itself (RARP) by every NIC
 *     leave(machine)                                    (or, when the source has not sent: abandon(machine))
 *
 * Every step may be called again after a crash of whoever called it, with the record as it was last remembered, and comes to the same end.
 */
export interface MigratableKind<M extends MachineRecord = MachineRecord> extends MachineKind<M> {
  /** Source: what the target must know to prepare. */
  offer(machine: M): string;
  /** Target: prepares, until the machine only has to be sent. The address says where to. */
  receive(
    plan: MachinePlan,
    offer: string,
    remember: Remember<M>,
    signal?: AbortSignal,
  ): Promise<{ readonly machine: M; readonly address: string }>;
  /**
   * Source: resolves when the machine has left, and runs at the target or is about to. @throws Error when it has not: it runs on here, as before,
   * also when `signal` called it off
   */
  send(machine: M, address: string, signal?: AbortSignal): Promise<void>;
  /** Source, after a crash: whether the machine has left. */
  hasLeft(machine: M): Promise<boolean>;
  /** Target: resolves when the machine runs here. @throws Error when it will not */
  arrive(machine: M, signal?: AbortSignal): Promise<M>;
  /** Source, after the machine has left: takes apart what is still here. */
  leave(machine: M): Promise<void>;
  /** Target, when the machine is not wanted any more: takes apart what was prepared, and ends the machine if it has come. Idempotent. */
  abandon(machine: M): Promise<void>;
}
