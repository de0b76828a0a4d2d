/** Which objects are, or might be, the parts of a network. */
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import { keyOf } from '../../kinds/object.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { VirtualNetwork } from '../../kinds/virtual-network.ts';
import type { Vpc } from '../../kinds/vpc.ts';
import { networkOf, networkProvider, ownVpcOf, subnetNameOf } from './names.ts';
import type { Existing } from './plan.ts';

export interface Lookup {
  vpc(name: string): Vpc | undefined;
  subnet(name: string): Subnet | undefined;
  /** @param key namespace/name */
  attachment(key: string): NetworkAttachmentDefinition | undefined;
  /** names of subnets with this spec.provider */
  subnetsOfProvider(provider: string): readonly string[];
  /** names of subnets with this spec.vpc */
  subnetsOfVpc(vpc: string): readonly string[];
}

export function existingParts(network: VirtualNetwork, lookup: Lookup): Existing {
  const vpc = ownVpcOf(network);
  return {
    vpc: lookup.vpc(vpc),
    subnet: subnetFor(network, lookup),
    attachment: lookup.attachment(keyOf(network.metadata)),
    vpcSubnets: lookup.subnetsOfVpc(vpc),
  };
}

/** A subnet that serves the network's attachment already is its subnet, whatever its name: so are those made by hand, and by Harvester's UI. */
function subnetFor(network: VirtualNetwork, lookup: Lookup): Subnet | undefined {
  const { metadata } = network;
  const names = [...lookup.subnetsOfProvider(networkProvider(metadata)), subnetNameOf(metadata)];
  const subnets = names.flatMap((name) => lookup.subnet(name) ?? []);
  return subnets.find((subnet) => networkOf(subnet.metadata) === keyOf(metadata)) ?? subnets[0];
}
