/** The resources that the controller reads and writes. */
import { CORE, type Resource } from '../../lib/kube/resource.ts';
import { clusterNetworkKind } from '../../kinds/cluster-network.ts';
import { ipKind } from '../../kinds/ip.ts';
import { ipPoolKind } from '../../kinds/ip-pool.ts';
import {
  iptablesDnatRuleKind,
  iptablesEipKind,
  iptablesFipRuleKind,
  iptablesSnatRuleKind,
} from '../../kinds/iptables-nat.ts';
import type { Kind } from '../../kinds/kind.ts';
import { networkAttachmentDefinitionKind } from '../../kinds/network-attachment-definition.ts';
import { nodeUnderlayKind } from '../../kinds/node-underlay.ts';
import { ovnDnatRuleKind } from '../../kinds/ovn-dnat-rule.ts';
import { ovnEipKind } from '../../kinds/ovn-eip.ts';
import { ovnFipKind } from '../../kinds/ovn-fip.ts';
import { ovnSnatRuleKind } from '../../kinds/ovn-snat-rule.ts';
import { providerNetworkKind } from '../../kinds/provider-network.ts';
import { subnetKind } from '../../kinds/subnet.ts';
import { switchLbRuleKind } from '../../kinds/switch-lb-rule.ts';
import { vipKind } from '../../kinds/vip.ts';
import {
  virtualMachineInstanceKind,
  virtualMachineInstanceMigrationKind,
  virtualMachineKind,
} from '../../kinds/virtual-machine.ts';
import { virtualNetworkKind } from '../../kinds/virtual-network.ts';
import { vlanKind } from '../../kinds/vlan.ts';
import { vpcKind } from '../../kinds/vpc.ts';
import { vpcNatGatewayKind } from '../../kinds/vpc-nat-gateway.ts';
import { vpcPeeringKind } from '../../kinds/vpc-peering.ts';

const resource = ({ group, version, plural, namespaced }: Kind): Resource => ({ group, version, plural, namespaced });

export const RESOURCES = {
  ...CORE,
  vpcs: resource(vpcKind),
  vpcPeerings: resource(vpcPeeringKind),
  subnets: resource(subnetKind),
  ips: resource(ipKind),
  ipPools: resource(ipPoolKind),
  vips: resource(vipKind),
  switchLbRules: resource(switchLbRuleKind),
  attachments: resource(networkAttachmentDefinitionKind),
  vms: resource(virtualMachineKind),
  vmis: resource(virtualMachineInstanceKind),
  clusterNetworks: resource(clusterNetworkKind),
  nodeUnderlays: resource(nodeUnderlayKind),
  providerNetworks: resource(providerNetworkKind),
  vlans: resource(vlanKind),
  ovnEips: resource(ovnEipKind),
  ovnFips: resource(ovnFipKind),
  ovnSnatRules: resource(ovnSnatRuleKind),
  ovnDnatRules: resource(ovnDnatRuleKind),
  vpcNatGateways: resource(vpcNatGatewayKind),
  iptablesEips: resource(iptablesEipKind),
  iptablesFipRules: resource(iptablesFipRuleKind),
  iptablesSnatRules: resource(iptablesSnatRuleKind),
  iptablesDnatRules: resource(iptablesDnatRuleKind),
  migrations: resource(virtualMachineInstanceMigrationKind),
  virtualNetworks: resource(virtualNetworkKind),
} as const;

/** plural -> kind, for metrics */
export const KIND_OF: Readonly<Record<string, string>> = {
  vpcs: 'Vpc',
  vpcpeerings: 'VpcPeering',
  subnets: 'Subnet',
  ips: 'IP',
  ippools: 'IPPool',
  vips: 'Vip',
  'switch-lb-rules': 'SwitchLBRule',
  'network-attachment-definitions': 'NetworkAttachmentDefinition',
  virtualnetworks: 'VirtualNetwork',
  clusternetworks: 'ClusterNetwork',
  'provider-networks': 'ProviderNetwork',
  vlans: 'Vlan',
  'ovn-eips': 'OvnEip',
  'ovn-fips': 'OvnFip',
  'ovn-snat-rules': 'OvnSnatRule',
  'ovn-dnat-rules': 'OvnDnatRule',
  nodes: 'Node',
  'vpc-nat-gateways': 'VpcNatGateway',
  'iptables-eips': 'IptablesEIP',
  'iptables-fip-rules': 'IptablesFIPRule',
  'iptables-snat-rules': 'IptablesSnatRule',
  'iptables-dnat-rules': 'IptablesDnatRule',
  pods: 'Pod',
  events: 'Event',
};
