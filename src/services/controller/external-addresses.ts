/**
 * Addresses outside: what an OvnEip or IptablesEIP leaves open is filled in, and the router of each VPC has an OvnEip of its own in each external subnet that the
 * VPC asks for.
 */
import { AllocationError } from '../../core/ipam/allocation-error.ts';
import type { Allocator } from '../../core/ipam/allocator.ts';
import type { Issue } from '../../core/compile/rule.ts';
import type { ReadonlyWorld } from '../../core/compile/world.ts';
import { eipLabels, VPC_LABEL } from '../../core/external/labels.ts';
import { askedExternals } from '../../core/compile/asked-externals.ts';
import { untracked } from '../../core/compile/reads.ts';
import { type AnyEip, type EipKind, eipTexts, FAMILIES } from '../../core/external/families.ts';
import { externalSubnetOf, routerEipName } from '../../core/external/names.ts';
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
  eip(kind: EipKind, name: string): AnyEip | undefined;
  learn(eip: AnyEip): void;
  /** what is said of it may be something else now */
  judge(kind: EipKind, name: string): void;
  log(sentence: string): void;
}

const RESOURCE_OF = { OvnEip: RESOURCES.ovnEips, IptablesEIP: RESOURCES.iptablesEips } as const;

/** under which name it holds its addresses: no IP object has a slash in its name */
export function eipHolder({ kind, metadata }: AnyEip): string {
  return `${kind}/${metadata.name}`;
}

export class ExternalAddresses {
  readonly #options: ExternalAddressesOptions;
  readonly #queue: WorkQueue;
  readonly #stuck = new WaitingKeys();
  /** `<kind>/<name>` -> why it has no address */
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
  start(vpcs: Iterable<Vpc>, eips: Iterable<AnyEip>): void {
    this.#live = true;
    for (const { metadata } of vpcs) this.lookVpc(metadata.name);
    for (const eip of eips) if (!isComplete(eip)) this.#queue.add(eipHolder(eip));
  }

  /** Addresses have come, changed or gone. */
  follow(changes: readonly ObjectChange<AnyEip>[]): void {
    if (!this.#live) return;
    for (const { old, new: object } of changes) {
      if (old && !object) this.#problems.delete(eipHolder(old));
      else if (object && !isComplete(object)) this.#queue.add(eipHolder(object));
      // a VPC may want the one that has gone
      const vpc = object ? undefined : routerOf(old as OvnEip | undefined);
      if (vpc !== undefined) this.lookVpc(vpc);
    }
  }

  /** A VPC may ask for other external subnets. */
  lookVpc(name: string): void {
    if (this.#live) this.#queue.add(`Vpc/${name}`);
  }

  /** Subnets or addresses have changed. */
  unstick(): void {
    for (const key of this.#stuck.take()) this.#queue.add(key);
  }

  /** further issues of an address */
  issues(kind: EipKind, name: string): readonly Issue[] {
    const problem = this.#problems.get(`${kind}/${name}`);
    return problem ? [problem] : [];
  }

  stop(): Promise<void> {
    return this.#queue.stop();
  }

  async #work(key: string): Promise<void> {
    const slash = key.indexOf('/');
    const [kind, name] = [key.slice(0, slash), key.slice(slash + 1)];
    try {
      await (kind === 'Vpc' ? this.#routerEips(name, key) : this.#allocate(kind as EipKind, name, key));
    } catch (error) {
      // it changed or went meanwhile: that brings us back
      if (!isOvertaken(error) && !isReason(error, 'NotFound')) throw error;
    }
  }

  async #allocate(kind: EipKind, name: string, key: string): Promise<void> {
    const { client, allocator } = this.#options;
    const eip = this.#options.eip(kind, name);
    if (!eip || eip.metadata.deletionTimestamp !== undefined || isComplete(eip)) return;
    const subnet = externalSubnetOf(eip);
    const request = requestOf(eipTexts(eip), eip.spec?.macAddress);
    try {
      if (!allocator.fits(subnet, key, request)) allocator.release(subnet, key);
      const { ips, mac } = allocator.allocate(subnet, key, request);
      const { v4IpAddress, v6IpAddress } = addressFields(ips.map(formatIp));
      const [v4, v6] = FAMILIES[kind].addresses;
      const spec = {
        externalSubnet: subnet,
        [v4]: v4IpAddress,
        [v6]: v6IpAddress,
        macAddress: mac,
        ...(kind === 'OvnEip' ? { type: (eip as OvnEip).spec?.type || 'nat' } : {}),
      };
      const labels = eipLabels({ ...eip, spec: { ...eip.spec, ...spec } });
      this.#problems.delete(key);
      const change = { metadata: { uid: eip.metadata.uid, labels }, spec };
      this.#options.learn(await client.patch<AnyEip>(RESOURCE_OF[kind], { name }, change));
    } catch (error) {
      if (!(error instanceof AllocationError)) throw error;
      this.#stuck.add(key);
      const issue: Issue = { reason: 'AddressUnavailable', message: error.message };
      if (equal(this.#problems.get(key), issue)) return;
      this.#problems.set(key, issue);
      this.#options.judge(kind, name);
    }
  }

  /** One for each external subnet that the VPC asks for and that exists; those of others go. */
  async #routerEips(vpc: string, key: string): Promise<void> {
    const { client, world } = this.#options;
    const object = world.get('Vpc', vpc);
    const wanted =
      object && object.metadata.deletionTimestamp === undefined ? askedExternals(vpc, untracked(world)) : [];
    for (const { subnet } of wanted) {
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
    const names = new Set(wanted.map(({ subnet }) => routerEipName(vpc, subnet)));
    for (const name of world.keys('OvnEip', 'router', vpc))
      if (!names.has(name)) {
        await client.delete(RESOURCES.ovnEips, { name }, {});
        // it may have been on its way out before, and waited for the VPC
        this.#options.judge('OvnEip', name);
      }
  }
}

function routerOf(eip: OvnEip | undefined): string | undefined {
  return eip?.spec?.type === 'lrp' ? eip.metadata.labels?.[VPC_LABEL] : undefined;
}

function isComplete(eip: AnyEip): boolean {
  return Boolean(eip.spec?.macAddress) && eipTexts(eip).some((text) => text !== '');
}
