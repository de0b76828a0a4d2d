/** All kinds that Weft's API has beside Kubernetes' own. */
import { clusterNetworkKind } from './cluster-network.ts';
import { hostNetworkConfigKind } from './host-network-config.ts';
import { iptablesDnatRuleKind, iptablesEipKind, iptablesFipRuleKind, iptablesSnatRuleKind } from './iptables-nat.ts';
import { ipKind } from './ip.ts';
import { ipPoolKind } from './ip-pool.ts';
import type { Kind } from './kind.ts';
import { multiNetworkPolicyKind } from './multi-network-policy.ts';
import { networkAttachmentDefinitionKind } from './network-attachment-definition.ts';
import { nodeUnderlayKind } from './node-underlay.ts';
import { ovnDnatRuleKind } from './ovn-dnat-rule.ts';
import { ovnEipKind } from './ovn-eip.ts';
import { ovnFipKind } from './ovn-fip.ts';
import { ovnSnatRuleKind } from './ovn-snat-rule.ts';
import { providerNetworkKind } from './provider-network.ts';
import { subnetKind } from './subnet.ts';
import {
  virtualMachineInstanceKind,
  virtualMachineInstanceMigrationKind,
  virtualMachineKind,
} from './virtual-machine.ts';
import { vipKind } from './vip.ts';
import { switchLbRuleKind } from './switch-lb-rule.ts';
import { virtualNetworkKind } from './virtual-network.ts';
import { vlanKind } from './vlan.ts';
import { vlanConfigKind } from './vlan-config.ts';
import { vpcKind } from './vpc.ts';
import { vpcNatGatewayKind } from './vpc-nat-gateway.ts';
import { vpcPeeringKind } from './vpc-peering.ts';

export const apiKinds: readonly Kind[] = [
  vpcKind,
  vpcPeeringKind,
  subnetKind,
  ipKind,
  ipPoolKind,
  vipKind,
  networkAttachmentDefinitionKind,
  virtualMachineKind,
  virtualMachineInstanceKind,
  virtualMachineInstanceMigrationKind,
  multiNetworkPolicyKind,
  clusterNetworkKind,
  virtualNetworkKind,
  vlanConfigKind,
  hostNetworkConfigKind,
  nodeUnderlayKind,
  providerNetworkKind,
  vlanKind,
  ovnEipKind,
  ovnFipKind,
  ovnSnatRuleKind,
  ovnDnatRuleKind,
  vpcNatGatewayKind,
  iptablesEipKind,
  iptablesFipRuleKind,
  iptablesSnatRuleKind,
  iptablesDnatRuleKind,
  switchLbRuleKind,
];
