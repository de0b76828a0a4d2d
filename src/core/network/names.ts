/**
 * Names of the parts of a VirtualNetwork, and whose part an object is. All of them bear the name of the network, as far as it can be: Harvester
 * takes a Subnet and its NetworkAttachmentDefinition for namesakes when it gives a machine the address that was chosen for it. But Subnets and VPCs
 * live in no namespace and share no name among them, so a Subnet whose name is taken, and a VPC always, carry the namespace too. Neither the
 * name of a namespace nor that of a VirtualNetwork has a dot (the door sees to the latter): a name with one dot can only be that of one
 * network's Subnet, one with two dots that of one network's VPC.
 */
import type { ObjectMeta } from '../../kinds/object.ts';
import type { VirtualNetwork } from '../../kinds/virtual-network.ts';
import { providerOf } from '../ipam/attachments.ts';
import { DEFAULT_VPC } from '../ovn/names.ts';

/** labels of each part: name and namespace of the VirtualNetwork that it is a part of */
export const NETWORK_LABEL = 'network.harvesterhci.io/virtual-network';
export const NETWORK_NAMESPACE_LABEL = 'network.harvesterhci.io/virtual-network-namespace';

const VPC_SUFFIX = 'vpc';

type Place = Pick<ObjectMeta, 'name' | 'namespace'>;

/** Names that its Subnet may have, the best first. */
export function subnetNamesOf({ name, namespace }: Place): readonly [string, string] {
  return [name, `${name}.${namespace}`];
}

function ownVpcNameOf({ name, namespace }: Place): string {
  return `${name}.${namespace}.${VPC_SUFFIX}`;
}

export interface VpcChoice {
  readonly name: string;
  /** it is a part of the network */
  readonly own: boolean;
}

export function vpcOf({ metadata, spec }: VirtualNetwork): VpcChoice {
  const own = ownVpcNameOf(metadata);
  const name = spec?.vpc || (spec?.isolation === 'none' ? DEFAULT_VPC : own);
  return { name, own: name === own };
}

export function networkProvider({ name, namespace = '' }: Place): string {
  return providerOf(namespace, name);
}

/** Name of the VPC that a network would have, whether it does or not. */
export function ownVpcOf({ metadata }: VirtualNetwork): string {
  return ownVpcNameOf(metadata);
}

export function networkLabels({ name, namespace = '' }: Place): Readonly<Record<string, string>> {
  return { [NETWORK_LABEL]: name, [NETWORK_NAMESPACE_LABEL]: namespace };
}

/** `namespace/name` of the network that an object says it is a part of */
export function networkOf({ labels }: Pick<ObjectMeta, 'labels'>): string | undefined {
  const [name, namespace] = [labels?.[NETWORK_LABEL], labels?.[NETWORK_NAMESPACE_LABEL]];
  return name === undefined || namespace === undefined ? undefined : `${namespace}/${name}`;
}

/** `namespace/name` of the network whose Subnet would have this name */
export function networkOfSubnetName(subnet: string): string | undefined {
  const [name, namespace, ...rest] = subnet.split('.');
  return namespace === undefined || rest.length > 0 ? undefined : `${namespace}/${name}`;
}

/** `namespace/name` of the network whose VPC would have this name */
export function networkOfVpcName(vpc: string): string | undefined {
  const [name, namespace, suffix, ...rest] = vpc.split('.');
  return suffix !== VPC_SUFFIX || rest.length > 0 ? undefined : `${namespace}/${name}`;
}

/** `namespace/name` of the network whose attachment has this provider */
export function networkOfProvider(provider: string): string | undefined {
  const [name, namespace, suffix, ...rest] = provider.split('.');
  return suffix !== 'ovn' || rest.length > 0 ? undefined : `${namespace}/${name}`;
}
