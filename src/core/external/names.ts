/** Which external subnets objects ask for, and annotations about what leaves and enters. */
import type { VpcSpec } from '../../kinds/vpc.ts';

/** the external subnet of those that name none (Kube-OVN's --external-gateway-switch) */
export const DEFAULT_EXTERNAL_SUBNET = 'external';

/** of an OvnSnatRule: machines of this namespace in spec.vpc leave by its address */
export const SNAT_NAMESPACE_ANNOTATION = 'network.harvesterhci.io/snat-namespace';

/** of a Subnet: what leaves it is translated to the router's own address in that external subnet */
export const NAT_GATEWAY_ANNOTATION = 'kube-ovn.kubernetes.io/nat-gw';

/** label of nodes that may carry gateways (Kube-OVN); where no node has it, all nodes of the physical network may */
export const GATEWAY_NODE_LABEL = 'ovn.kubernetes.io/external-gw';

/** of an OvnEip or IptablesEIP */
export function externalSubnetOf({ spec }: { readonly spec?: { readonly externalSubnet?: string } }): string {
  return spec?.externalSubnet || DEFAULT_EXTERNAL_SUBNET;
}

/** In the order of preference: the first has the default route. Those of extraExternalSubnets replace the default one, as in Kube-OVN. */
export function externalSubnetsOf(spec: VpcSpec | undefined): readonly string[] {
  const extra = [...new Set(spec?.extraExternalSubnets ?? [])].filter((name) => name !== '');
  if (extra.length > 0) return extra;
  return spec?.enableExternal === true ? [DEFAULT_EXTERNAL_SUBNET] : [];
}

/** the OvnEip that holds the addresses of a VPC's router in an external subnet */
export function routerEipName(vpc: string, subnet: string): string {
  return `${vpc}-${subnet}`;
}
