/**
 * Objects that users make to hold addresses: a Vip, and an IP object for an interface that is not there yet. What they leave open is filled in;
 * from then on nobody else gets it.
 */
import { AllocationError } from '../../core/ipam/allocation-error.ts';
import type { Allocation, Allocator, Request } from '../../core/ipam/allocator.ts';
import { equal } from '../../core/ovn/equal.ts';
import { type Finding, type Judgement, readyCondition, withCondition } from '../../core/status/condition.ts';
import type { IpObject } from '../../kinds/ip.ts';
import type { KubeObject } from '../../kinds/object.ts';
import type { Vip } from '../../kinds/vip.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isOvertaken, isReason } from '../../lib/kube/error.ts';
import { WaitingKeys } from '../../lib/kube/waiting-keys.ts';
import { WorkQueue } from '../../lib/kube/work-queue.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import { parseMac } from '../../lib/netaddr/mac.ts';
import { addressFields, LABEL_MAX, RESERVED, subnetLabels } from './ip-objects.ts';
import { RESOURCES } from './resources.ts';
import { messageOf } from '../../lib/error/message.ts';

export interface ReservationsOptions {
  readonly client: KubeClient;
  readonly allocator: Allocator;
  vip(name: string): Vip | undefined;
  ip(name: string): IpObject | undefined;
  isComplete(ip: IpObject): boolean;
  /** what is wrong with a Vip beside its addresses, and whether its rows are in OVN */
  judgement(vip: string): Pick<Judgement, 'issues' | 'committed'>;
  /** name of the interface that has the address of a Vip for its own; else empty */
  holderOf(vip: string): string;
  learnVip(vip: Vip): void;
  learnIp(ip: IpObject): void;
  warn(object: KubeObject, reason: string, message: string): void;
  log(sentence: string): void;
}

/** under which name a Vip holds its addresses: no IP object has a slash in its name */
export function vipHolder(name: string): string {
  return `vip/${name}`;
}

export class Reservations {
  readonly #options: ReservationsOptions;
  readonly #queue: WorkQueue;
  /** those that wait for a subnet or a free address */
  readonly #stuck = new WaitingKeys();

  constructor(options: ReservationsOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({
      workers: 2,
      work: (key) => this.#work(key),
      onError: (key, error) => options.log(`${key}: ${messageOf(error)}`),
    });
  }

  look(kind: 'Vip' | 'IP', name: string): void {
    this.#queue.add(`${kind}/${name}`);
  }

  /** subnets or addresses have changed: those that wait try again */
  unstick(): void {
    for (const key of this.#stuck.take()) this.#queue.add(key);
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  async #work(key: string): Promise<void> {
    const slash = key.indexOf('/');
    const name = key.slice(slash + 1);
    try {
      await (key.startsWith('Vip/') ? this.#vip(name, key) : this.#ip(name, key));
    } catch (error) {
      // it changed or went meanwhile: that brings us back
      if (!isOvertaken(error) && !isReason(error, 'NotFound')) throw error;
    }
  }

  async #vip(name: string, key: string): Promise<void> {
    const vip = this.#options.vip(name);
    if (!vip || vip.metadata.deletionTimestamp !== undefined) return;
    const { subnet = '', v4ip, v6ip, macAddress, type = '', selector = [] } = vip.spec ?? {};
    const allocation = this.#allocate(subnet, vipHolder(name), requestOf([v4ip, v6ip], macAddress));
    if (allocation instanceof AllocationError) {
      this.#stuck.add(key);
      return this.#storeVip(vip, {}, about('False', allocation.reason, allocation.message));
    }
    const texts = allocation.ips.map(formatIp);
    const { v4IpAddress, v6IpAddress } = addressFields(texts);
    const given = { v4ip: v4IpAddress, v6ip: v6IpAddress };
    const holder = this.#options.holderOf(name);
    const judged = readyCondition({ ...this.#options.judgement(name), generation: 1 });
    // its commit brings us back
    if (judged.reason === 'Pending' && vip.spec?.macAddress === allocation.mac && vip.status?.mac === allocation.mac)
      return;
    const sentence = judged.status === 'True' ? judged.message.replace(/^in force/, 'is reserved') : judged.message;
    const ready = about(
      judged.status as 'True' | 'False',
      judged.reason,
      judged.status === 'True' ? `${texts.join(', ')} ${sentence}` : sentence,
    );
    await this.#storeVip(
      vip,
      {
        metadata: { labels: { ...subnetLabels(subnet), [RESERVED]: holder.length <= LABEL_MAX ? holder : '' } },
        spec: { ...given, macAddress: allocation.mac },
        status: { ...given, mac: allocation.mac, type, ...(selector.length > 0 ? { selector } : {}) },
      },
      ready,
    );
  }

  async #storeVip(
    vip: Vip,
    change: { readonly metadata?: object; readonly spec?: object; readonly status?: object },
    ready: Finding,
  ): Promise<void> {
    const now = `${new Date().toISOString().slice(0, 19)}Z`;
    const conditions = withCondition(vip.status?.conditions as never, ready, now);
    const patch = { ...change, status: { ...change.status, conditions } };
    if (contains(vip, patch)) return;
    if (ready.status === 'False') this.#options.warn(vip, ready.reason, ready.message);
    const { name, uid } = vip.metadata;
    this.#options.learnVip(
      await this.#options.client.patch<Vip>(
        RESOURCES.vips,
        { name },
        { ...patch, metadata: { uid, ...change.metadata } },
      ),
    );
  }

  async #ip(name: string, key: string): Promise<void> {
    const ip = this.#options.ip(name);
    if (!ip || ip.metadata.deletionTimestamp !== undefined || this.#options.isComplete(ip)) return;
    const { subnet = '', v4IpAddress, v6IpAddress, macAddress } = ip.spec ?? {};
    const allocation = this.#allocate(subnet, name, requestOf([v4IpAddress, v6IpAddress], macAddress));
    if (allocation instanceof AllocationError) {
      this.#stuck.add(key);
      return this.#options.warn(ip, 'AcquireAddressFailed', allocation.message);
    }
    const patch = {
      metadata: { uid: ip.metadata.uid, labels: { ...subnetLabels(subnet), 'ovn.kubernetes.io/ip_reserved': 'true' } },
      spec: { ...addressFields(allocation.ips.map(formatIp)), macAddress: allocation.mac },
    };
    this.#options.learnIp(await this.#options.client.patch<IpObject>(RESOURCES.ips, { name }, patch));
  }

  #allocate(subnet: string, holder: string, request: Request): Allocation | AllocationError {
    try {
      // what the object itself says is restored already, in part perhaps
      if (!this.#options.allocator.fits(subnet, holder, request)) this.#options.allocator.release(subnet, holder);
      return this.#options.allocator.allocate(subnet, holder, request);
    } catch (error) {
      if (error instanceof AllocationError) return error;
      throw error;
    }
  }
}

/** What an object says of its addresses, as far as it can be read. */
export function requestOf(texts: readonly (string | undefined)[], mac: string | undefined): Request {
  const ips = texts.flatMap((text) => attempt(() => parseIp(text ?? '')) ?? []);
  const macAddress = attempt(() => parseMac(mac ?? ''));
  return { ...(ips.length > 0 ? { ips } : {}), ...(macAddress === undefined ? {} : { mac: macAddress }) };
}

/** without observedGeneration: a Vip has no status of its own, so that each thing said of it is a new generation */
function about(status: 'True' | 'False', reason: string, message: string): Finding {
  return { type: 'Ready', status, reason, message };
}

/** whether a merge patch would change nothing */
function contains(object: unknown, patch: unknown): boolean {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return equal(object, patch);
  if (typeof object !== 'object' || object === null) return false;
  return Object.entries(patch).every(([key, value]) =>
    contains((object as Readonly<Record<string, unknown>>)[key], value),
  );
}
