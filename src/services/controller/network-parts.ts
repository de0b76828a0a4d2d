/** Parts of VirtualNetworks at the API server: where they are found, and how they are written. */
import type { ReadonlyWorld } from '../../core/compile/world.ts';
import { type Existing, existingParts } from '../../core/network/locate.ts';
import { networkOf, networkOfProvider, networkOfSubnetName, networkOfVpcName } from '../../core/network/names.ts';
import type { Step } from '../../core/network/plan.ts';
import { holders, machinesNaming } from '../../core/network/users.ts';
import type { PartKind } from '../../core/network/wanted.ts';
import { keyOf, type KubeObject } from '../../kinds/object.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { VirtualNetwork } from '../../kinds/virtual-network.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { KubeError } from '../../lib/kube/error.ts';
import type { Resource } from '../../lib/kube/resource.ts';
import type { Caches } from './caches.ts';
import { RESOURCES } from './resources.ts';

const PART_RESOURCES: Readonly<Record<PartKind, Resource>> = {
  Vpc: RESOURCES.vpcs,
  Subnet: RESOURCES.subnets,
  NetworkAttachmentDefinition: RESOURCES.attachments,
};

export const REFUSED = 'Refused';

/** A write that the API server does not let in. */
export interface Refusal {
  readonly reason: typeof REFUSED;
  readonly message: string;
}

export class NetworkParts {
  readonly #client: KubeClient;
  readonly #caches: Caches;
  readonly #world: ReadonlyWorld;

  constructor(client: KubeClient, caches: Caches, world: ReadonlyWorld) {
    this.#client = client;
    this.#caches = caches;
    this.#world = world;
  }

  of(network: VirtualNetwork): Existing {
    return existingParts(network, {
      vpc: (name) => this.#caches.of('Vpc').get(name),
      subnet: (name) => this.#caches.of('Subnet').get(name),
      attachment: (key) => this.#caches.of('NetworkAttachmentDefinition').get(key),
      subnetsOfNetwork: (key) => this.#world.keys('Subnet', 'network', key),
      subnetsOfProvider: (provider) => this.#world.keys('Subnet', 'provider', provider),
      attachmentsOfSubnet: (subnet) => this.#world.keys('NetworkAttachmentDefinition', 'subnet', subnet),
      subnetsOfVpc: (vpc) => this.#world.keys('Subnet', 'vpc', vpc),
    });
  }

  /** Whoever has an address in a subnet. */
  holders({ metadata }: Subnet): readonly string[] {
    const ips = this.#world.keys('IP', 'subnet', metadata.name);
    return holders(ips.flatMap((name) => this.#world.get('IP', name) ?? []));
  }

  /** Whoever needs a network that is to go. @param subnet its Subnet */
  users(network: VirtualNetwork, subnet: Subnet | undefined): readonly string[] {
    const naming = machinesNaming(keyOf(network.metadata), this.#caches.of('VirtualMachine').values());
    return [...new Set([...(subnet ? this.holders(subnet) : []), ...naming])].toSorted();
  }

  /** Keys of the networks to which an object is, might be or was a part, or whose VPC it is in. */
  networksOf(object: KubeObject): readonly string[] {
    const { metadata, kind } = object;
    const keys =
      kind === 'Subnet'
        ? subnetNetworks(object as Subnet)
        : kind === 'Vpc'
          ? [networkOfVpcName(metadata.name), ...this.#world.keys('VirtualNetwork', 'vpc', metadata.name)]
          : [keyOf(metadata)];
    return [networkOf(metadata), ...keys].filter((key) => key !== undefined);
  }

  /**
   * Carries steps out in their order, up to the first that is refused: later ones need the earlier ones.
   * @throws KubeError when one was overtaken, or the server cannot be asked
   */
  async carryOut(steps: readonly Step[]): Promise<readonly Refusal[]> {
    for (const step of steps) {
      try {
        await this.#write(step);
      } catch (error) {
        if (!isRefusal(error)) throw error;
        const title = `${step.kind} ${keyOf(step.object.metadata)}`;
        return [{ reason: REFUSED, message: `${title} was refused: ${error.message}` }];
      }
    }
    return [];
  }

  async #write(step: Step): Promise<void> {
    const resource = PART_RESOURCES[step.kind];
    const { name, namespace, uid } = step.object.metadata;
    const place = { name, ...(namespace === undefined ? {} : { namespace }) };
    if (step.verb === 'delete') return this.#client.delete(resource, place, uid ? { uid } : {});
    this.#caches.learn(
      step.verb === 'create'
        ? await this.#client.create<KubeObject>(resource, step.object)
        : await this.#client.patch<KubeObject>(resource, place, step.patch),
    );
  }
}

/** networks whose Subnet it is or would be, and the one in whose VPC it is */
function subnetNetworks({ metadata, spec }: Subnet): readonly (string | undefined)[] {
  const { provider = '', vpc = '' } = spec ?? {};
  return [networkOfSubnetName(metadata.name), networkOfProvider(provider), networkOfVpcName(vpc)];
}

/** an answer that does not become another one by asking again */
function isRefusal(error: unknown): error is KubeError {
  return error instanceof KubeError && [400, 403, 422].includes(error.code);
}
