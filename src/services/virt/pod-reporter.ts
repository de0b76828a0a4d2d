/** Writes what became of guests: one patch of the pod's status, and one of the instance's. */
import { randomBytes } from 'node:crypto';
import type { VirtualMachineInstance, VmiInterfaceStatus } from '../../kinds/virtual-machine.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isOvertaken, isReason } from '../../lib/kube/error.ts';
import { keyOf } from '../../kinds/object.ts';
import { conditionOf } from './conditions.ts';
import { failureKind } from './failure-kind.ts';
import type { GuestRecord } from './guest-record.ts';
import { guestOffer } from './guests.ts';
import { runningStatus, SANDBOX_CONDITION } from './instance-status.ts';
import { failedPatch, interfaceStatuses, runningPatch, succeededPatch, troublePatch } from './pod-report.ts';
import { instanceOwner, type Pod, SANDBOX_FINALIZER } from './pod.ts';
import { RESOURCES } from './resources.ts';
import { timestamp } from './timestamp.ts';

const ATTEMPTS = 5;

export class PodReporter {
  readonly #client: KubeClient;
  readonly #node: string;
  readonly #address: () => string | undefined;
  /** sandboxes that were reported to run: the cache may not show it yet */
  readonly #reported = new Set<string>();
  /** pod -> the kinds of failure that an event has told of */
  readonly #told = new Map<string, { readonly uid: string | undefined; readonly kinds: Set<string> }>();

  constructor(client: KubeClient, node: string, address: () => string | undefined) {
    this.#client = client;
    this.#node = node;
    this.#address = address;
  }

  /** The instance that a pod launches; undefined for other pods, and when it is gone. */
  async instanceOf(pod: Pod): Promise<VirtualMachineInstance | undefined> {
    const owner = instanceOwner(pod);
    if (!owner) return undefined;
    try {
      const { namespace } = pod.metadata;
      const instance = await this.#client.get<VirtualMachineInstance>(RESOURCES.vmis, namespace, owner.name);
      return instance.metadata.uid === owner.uid ? instance : undefined;
    } catch (error) {
      if (isReason(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  /** What the pod's annotations say by now: what the controller wrote of its interfaces included. */
  async annotationsOf({ metadata }: Pod): Promise<Readonly<Record<string, string>>> {
    const { namespace, name } = metadata;
    return (await this.#client.get<Pod>(RESOURCES.pods, namespace, name)).metadata.annotations ?? {};
  }

  /** The instance first: its controller follows the pod, and then finds nothing to add. */
  async running(pod: Pod, record: GuestRecord): Promise<void> {
    const [podIP] = record.interfaces.flatMap(({ ips = [] }) => ips);
    if (this.#reported.has(record.sandbox) || (pod.status?.phase === 'Running' && pod.status.podIP === podIP)) return;
    await this.interfacesOf(pod, record);
  }

  /** What interfaces a guest that runs has by now. */
  async interfacesOf(pod: Pod, record: GuestRecord): Promise<void> {
    const now = timestamp();
    await this.#reportInstance(pod, interfaceStatuses(record.interfaces), now);
    await this.#patchPod(pod, runningPatch(pod, record.interfaces, this.#address(), now, guestOffer(record)));
    this.#reported.add(record.sandbox);
    this.forgetTrouble(keyOf(pod.metadata));
  }

  /** A pod is ready for the machine that it awaits: the instance runs elsewhere, and says so itself. */
  async awaiting(pod: Pod, record: GuestRecord): Promise<void> {
    if (this.#reported.has(record.sandbox) || pod.status?.phase === 'Running') return;
    await this.#patchPod(pod, runningPatch(pod, record.interfaces, this.#address(), timestamp()));
    this.#reported.add(record.sandbox);
    this.forgetTrouble(keyOf(pod.metadata));
  }

  async succeeded(pod: Pod): Promise<void> {
    await this.#patchPod(pod, succeededPatch(pod, timestamp()));
  }

  /** The guest is gone. */
  forget({ sandbox }: GuestRecord): void {
    this.#reported.delete(sandbox);
  }

  /** The pod is gone, or all is well: the same failure would be news. @param key `namespace/name` */
  forgetTrouble(key: string): void {
    this.#told.delete(key);
  }

  async #reportInstance(pod: Pod, interfaces: readonly VmiInterfaceStatus[], now: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const instance = await this.instanceOf(pod);
      if (!instance) return;
      const status = runningStatus(instance, this.#node, interfaces, now);
      const { namespace, name, resourceVersion } = instance.metadata;
      const patch = { metadata: { resourceVersion }, status };
      try {
        await this.#client.patch(RESOURCES.vmis, { namespace, name }, patch, { subresource: 'status' });
        return;
      } catch (error) {
        // its controller has just written it: again, with what it says now
        if (!isOvertaken(error) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  async failed(pod: Pod, message: string): Promise<void> {
    await this.#patchPod(pod, failedPatch(pod, message, timestamp()));
  }

  /** The pod's condition has the latest text; an event tells of each kind of failure once. */
  async trouble(pod: Pod, message: string): Promise<void> {
    const condition = conditionOf(pod.status?.conditions, SANDBOX_CONDITION);
    const known = condition?.status === 'False' ? condition.message : undefined;
    if (known !== message) await this.#patchPod(pod, troublePatch(pod, message, timestamp()));
    const told = this.#toldOf(pod, known);
    const kind = failureKind(message);
    if (told.has(kind)) return;
    await this.#event(pod, 'FailedCreatePodSandBox', message);
    told.add(kind);
  }

  /** Something of a guest that runs cannot be had: an event tells of each kind of failure once. */
  async warn(pod: Pod, reason: string, message: string): Promise<void> {
    const told = this.#toldOf(pod, undefined);
    const kind = failureKind(message);
    if (told.has(kind)) return;
    await this.#event(pod, reason, message);
    told.add(kind);
  }

  /** @param known what the pod's condition says: an earlier process has told of it */
  #toldOf({ metadata }: Pod, known: string | undefined): Set<string> {
    const key = keyOf(metadata);
    const before = this.#told.get(key);
    if (before && before.uid === metadata.uid) return before.kinds;
    const kinds = new Set(known === undefined ? [] : [failureKind(known)]);
    this.#told.set(key, { uid: metadata.uid, kinds });
    return kinds;
  }

  /** Lets a pod go whose sandbox is gone. */
  async release({ metadata }: Pod): Promise<void> {
    const { namespace, name, resourceVersion, finalizers = [] } = metadata;
    const kept = finalizers.filter((it) => it !== SANDBOX_FINALIZER);
    try {
      await this.#client.patch(
        RESOURCES.pods,
        { namespace, name },
        { metadata: { resourceVersion, finalizers: kept } },
      );
    } catch (error) {
      if (!isOvertaken(error)) throw error;
    }
  }

  async #patchPod({ metadata }: Pod, patch: object): Promise<void> {
    const { namespace, name } = metadata;
    try {
      await this.#client.patch(RESOURCES.pods, { namespace, name }, patch, { subresource: 'status' });
    } catch (error) {
      if (!isOvertaken(error)) throw error;
    }
  }

  async #event({ metadata }: Pod, reason: string, message: string): Promise<void> {
    const { namespace = '', name, uid, resourceVersion } = metadata;
    const at = timestamp();
    await this.#client.create(RESOURCES.events, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name.slice(0, 200)}.${randomBytes(8).toString('hex')}`, namespace },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid, resourceVersion },
      type: 'Warning',
      reason,
      message: message.slice(0, 1024),
      source: { component: 'weft-virt', host: this.#node },
      reportingComponent: 'weft-virt',
      reportingInstance: this.#node,
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
    } as never);
  }
}
