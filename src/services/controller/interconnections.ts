/**
 * Addresses that routers of VPCs have in VLANs beside the physical gateway (u2oInterconnection): each is an IP object of its own, so that it counts
 * and nobody else gets it.
 */
import { AllocationError } from '../../core/ipam/allocation-error.ts';
import type { Allocator } from '../../core/ipam/allocator.ts';
import type { ReadonlyWorld } from '../../core/compile/world.ts';
import { interconnectionName, isInterconnected, isOfRouter } from '../../core/vlan/vlan-subnet.ts';
import type { IpObject } from '../../kinds/ip.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import { messageOf } from '../../lib/error/message.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isOvertaken, isReason } from '../../lib/kube/error.ts';
import { WaitingKeys } from '../../lib/kube/waiting-keys.ts';
import { WorkQueue } from '../../lib/kube/work-queue.ts';
import { formatIp } from '../../lib/netaddr/ip.ts';
import { routerIpObject } from './ip-objects.ts';
import { requestOf } from './reservations.ts';
import { RESOURCES } from './resources.ts';

export interface InterconnectionsOptions {
  readonly client: KubeClient;
  readonly allocator: Allocator;
  readonly world: ReadonlyWorld;
  subnet(name: string): Subnet | undefined;
  learnIp(ip: IpObject): void;
  warn(subnet: Subnet, reason: string, message: string): void;
  log(sentence: string): void;
}

export class Interconnections {
  readonly #options: InterconnectionsOptions;
  readonly #queue: WorkQueue;
  readonly #stuck = new WaitingKeys();
  #live = false;

  constructor(options: InterconnectionsOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({
      workers: 1,
      work: (subnet) => this.#work(subnet),
      onError: (subnet, error) => options.log(`Subnet/${subnet}: ${messageOf(error)}`),
    });
  }

  /** From now on addresses are given. */
  start(subnets: Iterable<Subnet>): void {
    this.#live = true;
    for (const { metadata } of subnets) this.look(metadata.name);
  }

  /** A subnet, or an address of a router in it, may be another now. */
  look(subnet: string): void {
    if (this.#live) this.#queue.add(subnet);
  }

  /** An address is free. */
  unstick(): void {
    for (const subnet of this.#stuck.take()) this.#queue.add(subnet);
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  async #work(name: string): Promise<void> {
    const subnet = this.#options.subnet(name);
    const isWanted =
      subnet !== undefined && subnet.metadata.deletionTimestamp === undefined && isInterconnected(subnet.spec);
    const wanted = isWanted ? interconnectionName(subnet) : undefined;
    try {
      const kept = await this.#sweep(name, wanted, subnet);
      if (subnet && wanted !== undefined && !kept) await this.#give(subnet, wanted);
    } catch (error) {
      // it changed or went meanwhile: that brings us back
      if (!isOvertaken(error) && !isReason(error, 'NotFound') && !isReason(error, 'AlreadyExists')) throw error;
    }
  }

  /** Takes back what is not what is wanted now; whether that is there. */
  async #sweep(name: string, wanted: string | undefined, subnet: Subnet | undefined): Promise<boolean> {
    const { world, client } = this.#options;
    let kept = false;
    for (const key of world.keys('IP', 'subnet', name)) {
      const ip = world.get('IP', key);
      if (!ip || !isOfRouter(key, ip.spec)) continue;
      if (key === wanted && subnet && this.#fits(subnet, key)) kept = true;
      else await client.delete(RESOURCES.ips, { name: key }, ip.metadata.uid ? { uid: ip.metadata.uid } : {});
    }
    return kept;
  }

  #fits(subnet: Subnet, key: string): boolean {
    const { allocator } = this.#options;
    const { name } = subnet.metadata;
    const families = allocator.plan(name)?.cidrs.length;
    return allocator.fits(name, key, wishOf(subnet)) && allocator.allocation(name, key)?.ips.length === families;
  }

  async #give(subnet: Subnet, key: string): Promise<void> {
    const { allocator, client } = this.#options;
    const { name } = subnet.metadata;
    try {
      const { ips, mac } = allocator.allocate(name, key, wishOf(subnet));
      this.#options.learnIp(
        await client.create<IpObject>(RESOURCES.ips, routerIpObject(key, name, ips.map(formatIp), mac)),
      );
    } catch (error) {
      if (!(error instanceof AllocationError)) {
        allocator.release(name, key);
        throw error;
      }
      this.#stuck.add(name);
      this.#options.warn(subnet, 'AcquireAddressFailed', `spec.u2oInterconnection: ${error.message}`);
    }
  }
}

function wishOf({ spec }: Subnet) {
  return requestOf((spec?.u2oInterconnectionIP ?? '').split(','), undefined);
}
