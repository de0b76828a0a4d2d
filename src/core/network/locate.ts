/** Which objects are, or might be, the parts of a network. */
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import { keyOf } from '../../kinds/object.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { VirtualNetwork } from '../../kinds/virtual-network.ts';
import type { Vpc } from '../../kinds/vpc.ts';
import { namedSubnet } from './claim.ts';
import { networkProvider, ownVpcOf, subnetNamesOf, vpcOf } from './names.ts';
import { RESERVED_SUBNETS } from '../ovn/names.ts';

/** Objects that are, or might be, its parts. */
export interface Existing {
  /** the VPC of the name that its own one has */
  readonly vpc: Vpc | undefined;
  readonly subnet: Subnet | undefined;
  /** the name of its Subnet, or the one that a new one gets */
  readonly subnetName: string;
  readonly attachment: NetworkAttachmentDefinition | undefined;
  /** names of all subnets in the VPC of its own */
  readonly vpcSubnets: readonly string[];
}

export interface Lookup {
  vpc(name: string): Vpc | undefined;
  subnet(name: string): Subnet | undefined;
  /** @param key namespace/name */
  attachment(key: string): NetworkAttachmentDefinition | undefined;
  /** names of subnets that say they are part of this network. @param key namespace/name */
  subnetsOfNetwork(key: string): readonly string[];
  /** names of subnets with this spec.provider */
  subnetsOfProvider(provider: string): readonly string[];
  /** namespace/name of attachments that name this subnet in their configuration */
  attachmentsOfSubnet(subnet: string): readonly string[];
  /** names of subnets with this spec.vpc */
  subnetsOfVpc(vpc: string): readonly string[];
}

export function existingParts(network: VirtualNetwork, lookup: Lookup): Existing {
  const vpc = ownVpcOf(network);
  const [best, certain] = subnetNamesOf(network.metadata);
  const subnet = subnetFor(network, lookup) ?? (isFree(best, network, lookup) ? undefined : lookup.subnet(certain));
  return {
    vpc: lookup.vpc(vpc),
    subnet,
    subnetName: subnet?.metadata.name ?? (isFree(best, network, lookup) ? best : certain),
    attachment: lookup.attachment(keyOf(network.metadata)),
    vpcSubnets: lookup.subnetsOfVpc(vpc),
  };
}

/** A subnet that serves the network's attachment already is its subnet, whatever its name: so are those made by hand, and by Harvester's UI. */
function subnetFor({ metadata }: VirtualNetwork, lookup: Lookup): Subnet | undefined {
  const names = [
    ...lookup.subnetsOfNetwork(keyOf(metadata)).toSorted(),
    ...lookup.subnetsOfProvider(networkProvider(metadata)),
    ...subnetNamed(keyOf(metadata), lookup),
  ];
  return names.map((name) => lookup.subnet(name)).find((subnet) => subnet !== undefined);
}

/** The subnet that the network's attachment names, when no other attachment does: whoever shares a subnet cannot take it over. */
function subnetNamed(key: string, lookup: Lookup): readonly string[] {
  const name = namedSubnet(lookup.attachment(key));
  if (name === undefined) return [];
  const { provider = '' } = lookup.subnet(name)?.spec ?? {};
  const isShared = lookup.attachmentsOfSubnet(name).some((other) => other !== key);
  return isShared || !['', 'ovn'].includes(provider) ? [] : [name];
}

/** no subnet and no VPC has the name */
function isFree(name: string, network: VirtualNetwork, lookup: Lookup): boolean {
  return !RESERVED_SUBNETS.has(name) && vpcOf(network).name !== name && !lookup.subnet(name) && !lookup.vpc(name);
}
