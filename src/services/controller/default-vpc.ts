/** The default VPC: made as soon as a subnet is in it, and again if somebody deletes it under its subnets' feet. */
import type { ReadonlyWorld } from '../../core/compile/world.ts';
import { DEFAULT_VPC } from '../../core/ovn/names.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isReason } from '../../lib/kube/error.ts';
import { messageOf } from '../../lib/error/message.ts';
import { WorkQueue } from '../../lib/kube/work-queue.ts';
import { RESOURCES } from './resources.ts';

export class DefaultVpc {
  readonly #queue: WorkQueue;
  readonly #world: ReadonlyWorld;

  constructor(client: KubeClient, world: ReadonlyWorld, log: (sentence: string) => void) {
    this.#world = world;
    this.#queue = new WorkQueue({
      workers: 1,
      work: (name) => this.#make(client, name),
      onError: (name, error) => log(`VPC ${name}: ${messageOf(error)}`),
    });
  }

  /** Subnets or VPCs have changed. */
  look(): void {
    if (this.#isMissing()) this.#queue.add(DEFAULT_VPC);
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  #isMissing(): boolean {
    return !this.#world.get('Vpc', DEFAULT_VPC) && this.#world.keys('Subnet', 'vpc', DEFAULT_VPC).length > 0;
  }

  async #make(client: KubeClient, name: string): Promise<void> {
    if (!this.#isMissing()) return;
    try {
      await client.create(RESOURCES.vpcs, { apiVersion: 'kubeovn.io/v1', kind: 'Vpc', metadata: { name }, spec: {} });
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error;
    }
  }
}
