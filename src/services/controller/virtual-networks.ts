/**
 * VirtualNetworks and their parts: VPC, Subnet and NetworkAttachmentDefinition are made, repaired and taken away, and what they say of themselves is
 * gathered into one status. What should be is decided in core/network; here it is written, each write only onto the version that was seen.
 *
 * Kubernetes' garbage collector takes an owner in a namespace for absent when it looks at an object in none, so that a VirtualNetwork can own its
 * NetworkAttachmentDefinition, but not its Subnet and VPC: these carry labels with its name, and a finalizer on it sees them go first.
 */
import { FINALIZER } from '../../core/admit/verdict.ts';
import type { ReadonlyWorld } from '../../core/compile/world.ts';
import { claimOf, isAdopted, isReferenceTo } from '../../core/network/claim.ts';
import type { Existing } from '../../core/network/locate.ts';
import { vpcOf } from '../../core/network/names.ts';
import { partsOf, planNetwork, planRelease, planRemoval } from '../../core/network/plan.ts';
import { listed } from '../../core/text/listed.ts';
import { equal } from '../../core/ovn/equal.ts';
import {
  type NetworkFacts,
  virtualNetworkReady,
  virtualNetworkStatus,
  virtualNetworkWarning,
} from '../../core/status/virtual-network-status.ts';
import { keyOf, type KubeObject } from '../../kinds/object.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { VirtualNetwork } from '../../kinds/virtual-network.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isOvertaken, isReason } from '../../lib/kube/error.ts';
import type { ObjectChange } from '../../lib/kube/informer.ts';
import { WaitingKeys } from '../../lib/kube/waiting-keys.ts';
import { WorkQueue } from '../../lib/kube/work-queue.ts';
import type { Caches } from './caches.ts';
import type { EventRecorder } from './events.ts';
import { tellFinding } from './finding-events.ts';
import { NetworkParts } from './network-parts.ts';
import { RESOURCES } from './resources.ts';
import { Settling } from './settling.ts';
import { messageOf } from '../../lib/error/message.ts';

export interface VirtualNetworksOptions {
  readonly client: KubeClient;
  readonly world: ReadonlyWorld;
  readonly caches: Caches;
  readonly events: EventRecorder;
  log(sentence: string): void;
}

/** reasons of what passes by itself */
const BRIEF = ['Pending', 'Leaving'];
/** milliseconds until a refused write is tried again, if nothing else brings it back before */
const REFUSED_RETRY = 30_000;
/** milliseconds until the object that took a name has been heard of */
const TAKEN_RETRY = 200;
/** Kubernetes' finalizer while dependents are being let go */
const ORPHAN = 'orphan';

/** What a network that is being deleted waits for. */
interface Wait {
  readonly message: string;
  /** it passes by itself */
  readonly isBrief: boolean;
}

export class VirtualNetworks {
  readonly #options: VirtualNetworksOptions;
  readonly #parts: NetworkParts;
  readonly #queue: WorkQueue;
  /** networks of which the API server refused a part */
  readonly #refused = new WaitingKeys();
  /** networks that are being deleted */
  readonly #leaving = new Set<string>();
  readonly #settling: Settling;
  #live = false;

  constructor(options: VirtualNetworksOptions) {
    this.#options = options;
    this.#parts = new NetworkParts(options.client, options.caches, options.world);
    this.#queue = new WorkQueue({
      workers: 4,
      work: (key) => this.#work(key),
      onError: (key, error) => options.log(`VirtualNetwork ${key}: ${messageOf(error)}`),
    });
    this.#settling = new Settling(this.#queue);
  }

  /** Looks at all networks; from now on, at those that changes concern. */
  start(): void {
    this.#live = true;
    for (const { metadata } of this.#options.caches.of('VirtualNetwork').values()) this.#queue.addLow(keyOf(metadata));
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  follow(changes: readonly ObjectChange<VirtualNetwork>[]): void {
    if (!this.#live) return;
    const differing = changes.filter(({ old, new: object }) => isDifferent(old, object));
    for (const { key } of differing) this.#queue.add(key);
    if (differing.length > 0) this.retryRefused();
  }

  /** Objects that are, might be or were parts of networks have changed, or their statuses. */
  followParts(changes: readonly ObjectChange<KubeObject>[]): void {
    if (!this.#live) return;
    const { caches } = this.#options;
    const concerned = changes.flatMap(({ old, new: object }) =>
      [old, object].flatMap((one) => (one ? this.#parts.networksOf(one) : [])),
    );
    for (const key of new Set(concerned)) if (caches.of('VirtualNetwork').get(key)) this.#queue.add(key);
    if (changes.some(({ old, new: object }) => isDifferent(old, object))) this.retryRefused();
  }

  /** Addresses or machines have changed: networks that wait for their users to go look again. */
  followUsers(): void {
    for (const key of this.#leaving) this.#queue.add(key);
  }

  /** What was refused may be let in now. */
  retryRefused(): void {
    for (const key of this.#refused.take()) this.#queue.add(key);
  }

  async #work(key: string): Promise<void> {
    const network = this.#options.caches.of('VirtualNetwork').get(key);
    if (!network) {
      this.#leaving.delete(key);
      this.#settling.forget(key);
      return;
    }
    try {
      await (network.metadata.deletionTimestamp === undefined ? this.#provide(network) : this.#end(network));
    } catch (error) {
      // somebody else's object took the name of a part: another name may be had
      if (isReason(error, 'AlreadyExists')) this.#queue.addAfter(key, TAKEN_RETRY);
      // the network or a part changed or went meanwhile: that brings us back
      else if (!isOvertaken(error)) throw error;
    }
  }

  async #provide(given: VirtualNetwork): Promise<void> {
    const network = await this.#held(given);
    const key = keyOf(network.metadata);
    const { steps, issues } = planNetwork(network, this.#parts.of(network));
    const refusals = await this.#parts.carryOut(steps);
    if (refusals.length > 0) {
      this.#refused.add(key);
      this.#queue.addAfter(key, REFUSED_RETRY);
    }
    // a VPC that others still use does not keep the network from working
    const [notes, broken] = [true, false].map((isNote) =>
      issues.filter(({ reason }) => (reason === 'StillUsed') === isNote),
    );
    await this.#say(network, { issues: [...refusals, ...broken!], notes: notes!, waitsFor: undefined });
  }

  /** With its finalizer, which it lacks if it came in past the door. */
  async #held(network: VirtualNetwork): Promise<VirtualNetwork> {
    const { finalizers = [], resourceVersion } = network.metadata;
    if (finalizers.includes(FINALIZER)) return network;
    return this.#patch(network, { metadata: { resourceVersion, finalizers: [...finalizers, FINALIZER] } });
  }

  async #end(network: VirtualNetwork): Promise<void> {
    const { finalizers = [], resourceVersion } = network.metadata;
    this.#leaving.add(keyOf(network.metadata));
    if (!finalizers.includes(FINALIZER)) return;
    const existing = this.#parts.of(network);
    // whoever deletes it wants to keep its parts, and the garbage collector has its turn yet
    if (finalizers.includes(ORPHAN)) return void (await this.#release(network, existing));
    const waitsFor = isOrphaned(network, existing)
      ? await this.#release(network, existing)
      : await this.#remove(network, existing);
    if (waitsFor) return this.#say(network, { issues: [], notes: [], waitsFor: waitsFor.message }, waitsFor.isBrief);
    const others = finalizers.filter((one) => one !== FINALIZER);
    await this.#patch(network, { metadata: { resourceVersion, finalizers: others } });
  }

  /** @returns what has to go first */
  async #remove(network: VirtualNetwork, existing: Existing): Promise<Wait | undefined> {
    const users = this.#parts.users(network, ownSubnet(network, existing));
    if (users.length > 0) {
      const message = `is deleted when nobody uses it any more: ${listed(users)}`;
      return { message, isBrief: false };
    }
    const { steps, issues } = planRemoval(network, existing);
    const refusals = await this.#parts.carryOut(steps);
    return this.#left(network, [...refusals, ...issues]);
  }

  async #release(network: VirtualNetwork, existing: Existing): Promise<Wait | undefined> {
    return this.#left(network, await this.#parts.carryOut(planRelease(network, existing).steps));
  }

  #left(network: VirtualNetwork, reasons: readonly { readonly message: string }[]): Wait | undefined {
    const left = partsOf(network, this.#parts.of(network));
    if (left.length === 0) return undefined;
    const names = left.map(({ kind, metadata }) => `${kind} ${keyOf(metadata)}`).join(', ');
    const message = [...reasons.map((reason) => reason.message), `waits for ${names} to go`].join('; ');
    return { message, isBrief: reasons.length === 0 };
  }

  /** Writes the status, when it is another and has settled. */
  async #say(
    network: VirtualNetwork,
    said: Pick<NetworkFacts, 'issues' | 'notes' | 'waitsFor'>,
    isBrief = false,
  ): Promise<void> {
    const facts = { ...this.#facts(network), ...said };
    const ready = virtualNetworkReady(network, facts);
    if (!this.#settling.isOver(keyOf(network.metadata), !isBrief && !BRIEF.includes(ready.reason))) return;
    const status = virtualNetworkStatus(network, facts, `${new Date().toISOString().slice(0, 19)}Z`);
    if (equal(network.status, status)) return;
    await this.#patch(network, { status }, 'status');
    tellFinding(this.#options.events, network, ready);
    const warning = virtualNetworkWarning(network, facts);
    if (warning) tellFinding(this.#options.events, network, warning);
  }

  #facts(network: VirtualNetwork): Omit<NetworkFacts, 'issues' | 'notes' | 'waitsFor'> {
    const existing = this.#parts.of(network);
    const { attachment } = existing;
    const subnet = ownSubnet(network, existing);
    return {
      vpc: this.#options.caches.of('Vpc').get(vpcOf(network).name),
      subnet,
      hasAttachment: attachment !== undefined && claimOf(attachment, network) === 'ours',
      machines: subnet ? this.#parts.holders(subnet).filter((user) => user.startsWith('VirtualMachine ')).length : 0,
    };
  }

  async #patch(network: VirtualNetwork, patch: object, subresource?: 'status'): Promise<VirtualNetwork> {
    const { name, namespace } = network.metadata;
    const { client, caches } = this.#options;
    const place = { name, ...(namespace === undefined ? {} : { namespace }) };
    const stored = await client.patch<VirtualNetwork>(
      RESOURCES.virtualNetworks,
      place,
      patch,
      subresource ? { subresource } : {},
    );
    // the last state of an object whose last finalizer went is not one that is there
    if (stored.metadata.deletionTimestamp === undefined || (stored.metadata.finalizers ?? []).length > 0)
      caches.learn(stored);
    return stored;
  }
}

function ownSubnet(network: VirtualNetwork, { subnet }: Existing): Subnet | undefined {
  return subnet && claimOf(subnet, network) === 'ours' ? subnet : undefined;
}

/** the attachment that it made is there, but was let go: its parts are to stay (kubectl delete --cascade=orphan) */
function isOrphaned(network: VirtualNetwork, { attachment }: Existing): boolean {
  if (!attachment || claimOf(attachment, network) !== 'ours' || isAdopted(attachment)) return false;
  return !(attachment.metadata.ownerReferences ?? []).some((reference) => isReferenceTo(reference, network));
}

/** more than its status changed */
function isDifferent(old: KubeObject | undefined, object: KubeObject | undefined): boolean {
  if (!old || !object) return true;
  const about = ({ metadata, spec }: KubeObject) => ({
    spec,
    labels: metadata.labels,
    finalizers: metadata.finalizers,
    deletionTimestamp: metadata.deletionTimestamp,
  });
  return !equal(about(old), about(object));
}
