/**
 * Addresses outside: what an OvnEip leaves open is filled in, and the router of each VPC has an OvnEip of its own in each external subnet that the
 * VPC asks for.
 */
import { AllocationError } from '../../core/ipam/allocation-error.ts';
import type { Allocator } from '../../core/ipam/allocator.ts';
import type { Issue } from '../../core/compile/rule.ts';
import type { ReadonlyWorld } from '../../core/compile/world.ts';
import { eipLabels, VPC_LABEL } from '../../core/external/labels.ts';
import { externalSubnetOf, externalSubnetsOf, routerEipName } from '../../core/external/names.ts';
import { isOnVlan, isRouted } from '../../core/vlan/vlan-subnet.ts';
import { equal } from '../../core/ovn/equal.ts';
import type { OvnEip } from '../../kinds/ovn-eip.ts';
import type { Vpc } from '../../kinds/vpc.ts';
import { messageOf } from '../../lib/error/message.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isOvertaken, isReason } from '../../lib/kube/error.ts';
import type { ObjectChange } from '../../lib/kube/informer.ts';
import { WaitingKeys } from '../../lib/kube/waiting-keys.ts';
import { WorkQueue } from '../../lib/kube/work-queue.ts';
import { formatIp } from '../../lib/netaddr/ip.ts';
import { addressFields } from './ip-objects.ts';
import { requestOf } from './reservations.ts';
import { RESOURCES } from './resources.ts';

export interface ExternalAddressesOptions {
  readonly client: KubeClient;
  readonly allocator: Allocator;
  readonly world: ReadonlyWorld;
  eip(name: string): OvnEip | undefined;
  learn(eip: OvnEip): void;
  /** what is said of an OvnEip may be something else now */
  judge(name: string): void;
  log(sentence: string): void;
}

/** under which name an OvnEip holds its addresses: no IP object has a slash in its name */
export function eipHolder(name: string): string {
  return `eip/${name}`;
}

export class ExternalAddresses {
  readonly #options: ExternalAddressesOptions;
  readonly #queue: WorkQueue;
  readonly #stuck = new WaitingKeys();
  /** OvnEip -> why it has no address */
  readonly #problems = new Map<string, Issue>();
  #live = false;

  constructor(options: ExternalAddressesOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({
      workers: 2,
      work: (key) => this.#work(key),
      onError: (key, error) => options.log(`${key}: ${messageOf(error)}`),
    });
  }

  /** From now on addresses are given. */
  start(vpcs: Iterable<Vpc>, eips: Iterable<OvnEip>): void {
    this.#live = true;
    for (const { metadata } of vpcs) this.lookVpc(metadata.name);
    for (const eip of eips) if (!isComplete(eip)) this.look(eip.metadata.name);
  }

  /** OvnEips have come, changed or gone. */
  follow(changes: readonly ObjectChange<OvnEip>[]): void {
    if (!this.#live) return;
    for (const { key, old, new: object } of changes) {
      if (!object) this.#problems.delete(key);
      else if (!isComplete(object)) this.look(key);
      // a VPC may want the one that has gone
      const vpc = object ? undefined : routerOf(old);
      if (vpc !== undefined) this.lookVpc(vpc);
    }
  }

  look(name: string): void {
    this.#queue.add(`OvnEip/${name}`);
  }

  /** A VPC may ask for other external subnets. */
  lookVpc(name: string): void {
    this.#queue.add(`Vpc/${name}`);
  }

  /** Subnets or addresses have changed. */
  unstick(): void {
    for (const key of this.#stuck.take()) this.#queue.add(key);
  }

  /** further issues of an OvnEip */
  issues(name: string): readonly Issue[] {
    const problem = this.#problems.get(name);
    return problem ? [problem] : [];
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  async #work(key: string): Promise<void> {
    const name = key.slice(key.indexOf('/') + 1);
    try {
      await (key.startsWith('Vpc/') ? this.#routerEips(name, key) : this.#allocate(name, key));
    } catch (error) {
      // it changed or went meanwhile: that brings us back
      if (!isOvertaken(error) && !isReason(error, 'NotFound')) throw error;
    }
  }

  async #allocate(name: string, key: string): Promise<void> {
    const { client, allocator } = this.#options;
    const eip = this.#options.eip(name);
    if (!eip || eip.metadata.deletionTimestamp !== undefined || isComplete(eip)) return;
    const { v4Ip, v6Ip, macAddress, type } = eip.spec ?? {};
    const subnet = externalSubnetOf(eip);
    const request = requestOf([v4Ip, v6Ip], macAddress);
    try {
      if (!allocator.fits(subnet, eipHolder(name), request)) allocator.release(subnet, eipHolder(name));
      const { ips, mac } = allocator.allocate(subnet, eipHolder(name), request);
      const { v4IpAddress, v6IpAddress } = addressFields(ips.map(formatIp));
      const spec = {
        externalSubnet: subnet,
        v4Ip: v4IpAddress,
        v6Ip: v6IpAddress,
        macAddress: mac,
        type: type || 'nat',
      };
      const labels = eipLabels({ ...eip.spec, ...spec });
      this.#problems.delete(name);
      this.#options.learn(
        await client.patch<OvnEip>(RESOURCES.ovnEips, { name }, { metadata: { uid: eip.metadata.uid, labels }, spec }),
      );
    } catch (error) {
      if (!(error instanceof AllocationError)) throw error;
      this.#stuck.add(key);
      const issue: Issue = { reason: 'AddressUnavailable', message: error.message };
      if (equal(this.#problems.get(name), issue)) return;
      this.#problems.set(name, issue);
      this.#options.judge(name);
    }
  }

  /** One for each external subnet that the VPC asks for and that exists; those of others go. */
  async #routerEips(vpc: string, key: string): Promise<void> {
    const { client, world } = this.#options;
    const object = world.get('Vpc', vpc);
    const wanted = object?.metadata.deletionTimestamp === undefined ? externalSubnetsOf(object?.spec) : [];
    for (const subnet of wanted) {
      const name = routerEipName(vpc, subnet);
      if (world.get('OvnEip', name)) continue;
      const { spec } = world.get('Subnet', subnet) ?? {};
      if (!isOnVlan(spec) || isRouted(spec)) {
        this.#stuck.add(key);
        continue;
      }
      try {
        this.#options.learn(
          await client.create<OvnEip>(RESOURCES.ovnEips, {
            apiVersion: 'kubeovn.io/v1',
            kind: 'OvnEip',
            metadata: { name, labels: { [VPC_LABEL]: vpc } },
            spec: { externalSubnet: subnet, type: 'lrp' },
          } as OvnEip),
        );
      } catch (error) {
        if (!isReason(error, 'AlreadyExists')) throw error;
      }
    }
    const names = new Set(wanted.map((subnet) => routerEipName(vpc, subnet)));
    for (const name of world.keys('OvnEip', 'router', vpc))
      if (!names.has(name)) {
        await client.delete(RESOURCES.ovnEips, { name }, {});
        // it may have been on its way out before, and waited for the VPC
        this.#options.judge(name);
      }
  }
}

function routerOf(eip: OvnEip | undefined): string | undefined {
  return eip?.spec?.type === 'lrp' ? eip.metadata.labels?.[VPC_LABEL] : undefined;
}

function isComplete({ spec }: OvnEip): boolean {
  return Boolean(spec?.macAddress) && Boolean(spec?.v4Ip || spec?.v6Ip);
}
