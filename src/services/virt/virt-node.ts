/**
 * The half of virt that runs on each node, as kubelet and virt-handler do: pods of this node that are guests get a sandbox and interfaces,
 * and their status; those that are gone are taken apart. Guests outlive this process: the next one adopts them.
 */
import { NETWORKS_ANNOTATION } from '../../core/ipam/attachments.ts';
import { keyOf } from '../../kinds/object.ts';
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import type { VirtualMachineInstance } from '../../kinds/virtual-machine.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { Informer, type ObjectChange } from '../../lib/kube/informer.ts';
import { WorkQueue } from '../../lib/kube/work-queue.ts';
import { changesOf, guestInterfaces } from './guest-interfaces.ts';
import { type GuestInterface, type GuestRecord, GuestStore } from './guest-record.ts';
import { GuestMoves, instanceKey } from './guest-moves.ts';
import { Guests, isAlive, type MachineWish, tend } from './guests.ts';
import { Heartbeat } from './heartbeat.ts';
import { hostnameOf } from './manifests.ts';
import {
  GUEST_ANNOTATION,
  guestRefusal,
  instanceOwner,
  isFinished,
  isGuest,
  MIGRATION_LABEL,
  type Pod,
  SANDBOX_FINALIZER,
} from './pod.ts';
import { MoveReporter } from './move-reporter.ts';
import { isWork } from './pod-change.ts';
import { PodReporter } from './pod-reporter.ts';
import { RESOURCES } from './resources.ts';
import { messageOf } from '../../lib/error/message.ts';

export interface VirtNodeOptions {
  readonly client: KubeClient;
  readonly node: string;
  /** of the node, without prefix length: its Node is registered with them when there is none */
  readonly addresses: readonly string[];
  /** directory of the CNI executables */
  readonly cniBin: string;
  /** directory for what must outlive this process but not the node's boot */
  readonly run: string;
  readonly log: (sentence: string) => void;
}

/** a guest whose network is not there yet waits in its CNI call, and must not be in the way of others */
const WORKERS = 64;
/** milliseconds before a guest that could not be made is tried again, doubled up to the longest */
const FIRST_RETRY = 200;
const LONGEST_RETRY = 15_000;
/** milliseconds between looks whether guests still run */
const LIVENESS_INTERVAL = 2000;

export class VirtNode {
  readonly #options: VirtNodeOptions;
  readonly #pods: Informer<Pod>;
  readonly #attachments: Informer<NetworkAttachmentDefinition>;
  readonly #instances: Informer<VirtualMachineInstance>;
  readonly #store: GuestStore;
  readonly #guests: Guests;
  readonly #heartbeat: Heartbeat;
  readonly #reporter: PodReporter;
  readonly #moves: GuestMoves;
  readonly #queue: WorkQueue;
  /** guests that are being made: their end calls that off */
  readonly #making = new Map<string, { readonly uid: string | undefined; readonly abort: AbortController }>();
  /** sandbox -> the networks annotation that its machine was last seen to have all interfaces of */
  readonly #plugged = new Map<string, string | undefined>();
  /** pods whose guests could not be made */
  readonly #failed = new Set<string>();
  #live = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: VirtNodeOptions) {
    this.#options = options;
    const { client, node, addresses, cniBin, run, log } = options;
    const onError = (error: unknown) => log(`watch: ${messageOf(error)}`);
    this.#store = new GuestStore(run);
    this.#guests = new Guests(this.#store, cniBin, run, log);
    const onMissed = (error: unknown) => log(`heartbeat: ${messageOf(error)}`);
    this.#heartbeat = new Heartbeat({ client, node, addresses, onError: onMissed });
    this.#reporter = new PodReporter(client, node, () => this.#heartbeat.address);
    this.#pods = new Informer<Pod>(client, RESOURCES.pods, {
      fieldSelector: `spec.nodeName=${node}`,
      onError,
      onChanges: (changes) => this.#onPods(changes as readonly ObjectChange<Pod>[]),
    });
    this.#attachments = new Informer<NetworkAttachmentDefinition>(client, RESOURCES.attachments, {
      onError,
      onChanges: () => this.#retryFailed(),
    });
    this.#instances = new Informer<VirtualMachineInstance>(client, RESOURCES.vmis, {
      onError,
      onChanges: (changes) => this.#onInstances(changes),
    });
    this.#moves = new GuestMoves({
      guests: this.#guests,
      pods: this.#reporter,
      reports: new MoveReporter(client, node, this.#reporter),
      instance: (key) => this.#instances.get(key),
      log,
    });
    this.#queue = new WorkQueue({
      workers: WORKERS,
      work: (key) => this.#reconcile(key),
      onError: (key, error) => log(`${key}: ${messageOf(error)}`),
      firstRetry: FIRST_RETRY,
      longestRetry: LONGEST_RETRY,
    });
  }

  /** Adopts what runs, and begins to act. */
  async start(): Promise<void> {
    this.#heartbeat.start();
    await Promise.all([this.#pods.start(), this.#attachments.start(), this.#instances.start()]);
    this.#live = true;
    for (const key of this.#store.keys()) this.#queue.add(key);
    for (const pod of this.#pods.values()) this.#queue.add(keyOf(pod.metadata));
    this.#lookAfter();
    this.#timer = setInterval(() => this.#lookAfter(), LIVENESS_INTERVAL);
  }

  /** Guests go on running. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#heartbeat.stop();
    this.#live = false;
    for (const { abort } of this.#making.values()) abort.abort();
    this.#moves.stop();
    await Promise.all([this.#pods.stop(), this.#attachments.stop(), this.#instances.stop()]);
    await this.#queue.stop();
  }

  #onPods(changes: readonly ObjectChange<Pod>[]): void {
    if (!this.#live) return;
    for (const { key, old, new: pod } of changes) {
      if (!isWork(old, pod)) continue;
      const making = this.#making.get(key);
      if (making && (!pod || making.uid !== pod.metadata.uid || pod.metadata.deletionTimestamp)) making.abort.abort();
      this.#queue.add(key);
    }
  }

  #onInstances(changes: readonly { readonly key: string }[]): void {
    const changed = new Set(changes.map(({ key }) => key));
    for (const key of changed) this.#moves.onInstance(key);
    if (!this.#live) return;
    for (const key of this.#store.keys()) {
      const record = this.#store.get(key);
      if (record?.vm !== undefined && changed.has(instanceKey(record))) this.#queue.add(key);
    }
  }

  #retryFailed(): void {
    if (!this.#live) return;
    for (const key of this.#failed) this.#queue.add(key);
  }

  #lookAfter(): void {
    for (const key of this.#store.keys()) {
      const record = this.#store.get(key);
      if (!record?.ready) continue;
      if (isAlive(record)) tend(record);
      else this.#queue.add(key);
    }
  }

  async #reconcile(key: string): Promise<void> {
    const pod = this.#pods.get(key);
    const record = this.#store.get(key);
    const wanted = pod && isGuest(pod) && !pod.metadata.deletionTimestamp && !isFinished(pod) ? pod : undefined;
    if (record && wanted && record.uid === wanted.metadata.uid && isAlive(record))
      return this.#continue(key, wanted, record);
    if (record) {
      await this.#guests.destroy(record);
      this.#reporter.forget(record);
      this.#plugged.delete(record.sandbox);
      this.#options.log(`guest ${key} is gone`);
    }
    if (wanted) await this.#provide(key, wanted);
    else {
      this.#failed.delete(key);
      this.#reporter.forgetTrouble(key);
    }
    // a pod that has ended holds nothing any more: it must not have to wait for this node
    const isOver = pod && (pod.metadata.deletionTimestamp !== undefined || isFinished(pod));
    if (isOver && pod.metadata.finalizers?.includes(SANDBOX_FINALIZER)) await this.#reporter.release(pod);
  }

  /** An interface that cannot be had does not keep a machine where it is. */
  async #continue(key: string, pod: Pod, record: GuestRecord): Promise<void> {
    const [plugged] = await Promise.allSettled([this.#plug(pod, record)]);
    await this.#proceed(pod, this.#store.get(key) ?? record);
    if (plugged.status === 'rejected') throw plugged.reason;
  }

  /** Makes a guest, or says that the one which ran has ended: a launcher runs once, other pods as their restartPolicy says. */
  async #provide(key: string, pod: Pod): Promise<void> {
    if (pod.status?.phase === 'Running' && pod.spec?.restartPolicy === 'Never')
      return this.#reporter.failed(pod, 'the processes of the guest are gone');
    const record = await this.#make(key, pod);
    if (record) await this.#proceed(pod, record);
  }

  /** Gives a machine that runs the interfaces that its pod asks for by now. */
  async #plug(pod: Pod, old: GuestRecord): Promise<GuestRecord> {
    // one that is about to move, or has moved, is left as it is
    if (!old.machine || old.awaits !== undefined || old.sending !== undefined) return old;
    if (pod.metadata.annotations?.[NETWORKS_ANNOTATION] === this.#plugged.get(old.sandbox)) return old;
    const instance = await this.#reporter.instanceOf(pod);
    // its target was made with the interfaces that it has
    if (isBeingMoved(pod, instance)) return old;
    const wanted = guestInterfaces(pod, instance, (network) => this.#attachments.get(network));
    if ('problem' in wanted) throw new Error(wanted.problem);
    let record = old;
    try {
      for (const { device } of changesOf(old.interfaces, wanted).gone)
        record = await this.#guests.detach(record, device);
      for (const face of changesOf(old.interfaces, wanted).come)
        record = await this.#guests.attach(record, face, this.#wish(pod));
    } catch (error) {
      await this.#reporter.warn(pod, 'FailedPlugInterface', messageOf(error));
      throw error;
    } finally {
      if (record !== old) await this.#reporter.interfacesOf(pod, record);
    }
    this.#plugged.set(old.sandbox, pod.metadata.annotations?.[NETWORKS_ANNOTATION]);
    return record;
  }

  #proceed(pod: Pod, record: GuestRecord): Promise<void> {
    if (record.vm === undefined) return this.#reporter.running(pod, record);
    return this.#moves.proceed(pod, record, () => ({ hostname: hostnameOfPod(pod), wish: this.#wish(pod) }));
  }

  /** undefined: it was called off */
  async #make(key: string, pod: Pod): Promise<GuestRecord | undefined> {
    const abort = new AbortController();
    this.#making.set(key, { uid: pod.metadata.uid, abort });
    try {
      const record = await this.#create(pod, abort.signal);
      this.#failed.delete(key);
      this.#options.log(`guest ${key} runs: ${record.interfaces.map(describeInterface).join(', ') || 'no interface'}`);
      return record;
    } catch (error) {
      if (abort.signal.aborted) return undefined;
      this.#failed.add(key);
      await this.#reporter.trouble(pod, messageOf(error));
      throw error;
    } finally {
      this.#making.delete(key);
    }
  }

  async #create(pod: Pod, signal: AbortSignal): Promise<GuestRecord> {
    const refusal = guestRefusal(pod.metadata.annotations);
    if (refusal) throw new Error(refusal.message);
    const instance = await this.#reporter.instanceOf(pod);
    const interfaces = guestInterfaces(pod, instance, (network) => this.#attachments.get(network));
    if ('problem' in interfaces) throw new Error(interfaces.problem);
    const { namespace = '', name, uid = '' } = pod.metadata;
    const vm = instanceOwner(pod)?.name;
    const guest = { namespace, pod: name, uid, hostname: hostnameOfPod(pod), interfaces };
    const awaits = pod.metadata.labels?.[MIGRATION_LABEL];
    if (vm === undefined) return this.#guests.create(guest, signal);
    return this.#guests.create(
      { ...guest, vm, ...(awaits === undefined ? { machine: this.#wish(pod) } : { awaits }) },
      signal,
    );
  }

  #wish(pod: Pod): MachineWish {
    const kind = pod.metadata.annotations?.[GUEST_ANNOTATION] ?? 'namespace';
    const nodeAddress = this.#heartbeat.address ?? this.#options.addresses[0];
    const annotations = () => this.#reporter.annotationsOf(pod);
    return nodeAddress === undefined ? { kind, annotations } : { kind, annotations, nodeAddress };
  }
}

function isBeingMoved({ metadata }: Pod, instance: VirtualMachineInstance | undefined): boolean {
  const { sourcePod, completed, failed } = instance?.status?.migrationState ?? {};
  return sourcePod === metadata.name && !completed && !failed;
}

function hostnameOfPod(pod: Pod): string {
  return hostnameOf(pod.spec?.hostname || (instanceOwner(pod)?.name ?? pod.metadata.name));
}

function describeInterface({ device, ips = [] }: GuestInterface): string {
  return [device, ...ips].join(' ');
}
