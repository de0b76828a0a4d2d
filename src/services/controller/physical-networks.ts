/** What the controller writes because of physical networks: addresses of routers there, and labels of the nodes that are on them. */
import type { Allocator } from '../../core/ipam/allocator.ts';
import type { ReadonlyWorld } from '../../core/compile/world.ts';
import { EIP_KINDS } from '../../core/external/families.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import type { Caches } from './caches.ts';
import type { EventRecorder } from './events.ts';
import { ExternalAddresses } from './external-addresses.ts';
import { Interconnections } from './interconnections.ts';
import { NodeLabels } from './node-labels.ts';

export interface PhysicalNetworksOptions {
  readonly client: KubeClient;
  readonly allocator: Allocator;
  readonly world: ReadonlyWorld;
  readonly events: EventRecorder;
  /** asked for late: they need the handlers, which need this */
  readonly caches: () => Caches;
  readonly judge: (kind: string, key: string) => void;
  readonly log: (sentence: string) => void;
}

export class PhysicalNetworks {
  readonly external: ExternalAddresses;
  readonly interconnections: Interconnections;
  readonly labels: NodeLabels;

  constructor({ client, allocator, world, events, caches, judge, log }: PhysicalNetworksOptions) {
    this.external = new ExternalAddresses({
      client,
      allocator,
      world,
      eip: (kind, name) => caches().of(kind).get(name),
      learn: (eip) => caches().learn(eip),
      judge,
      log,
    });
    this.interconnections = new Interconnections({
      client,
      allocator,
      world,
      subnet: (name) => caches().of('Subnet').get(name),
      learnIp: (ip) => caches().of('IP').learn(ip),
      warn: (subnet, reason, message) => events.record(subnet, 'Warning', reason, message),
      log,
    });
    this.labels = new NodeLabels({
      client,
      node: (name) => caches().of('Node').get(name),
      report: (node) => caches().of('NodeUnderlay').get(node),
      log,
    });
  }

  /** From now on something is written. */
  start(caches: Caches): void {
    this.external.start(
      caches.of('Vpc').values(),
      EIP_KINDS.flatMap((kind) => [...caches.of(kind).values()]),
    );
    this.interconnections.start(caches.of('Subnet').values());
    this.labels.start(caches.of('Node').values());
  }

  /** Subnets or addresses have changed. */
  unstick(): void {
    this.external.unstick();
    this.interconnections.unstick();
  }

  async stop(): Promise<void> {
    await Promise.all([this.external.stop(), this.interconnections.stop(), this.labels.stop()]);
  }
}
