/**
 * All rules, in layers: a rule reads only facts of rules before it.
 *
 *   Settings ──GuestMtus, VxlanMode, DatapathRank──> Vpc, Subnet        ClusterNetwork
 *
 *   Vpc ──VpcRouter, VpcGuests──> Subnet ──SubnetSwitch, SubnetGuests, PortBeyondLimit──> IP
 *    │                                      └──SubnetSwitch──> IPPool
 *    └──VpcGuests, NextHopOf──> IP
 *   ProviderNetwork ──ProviderMtu──> Vlan ──VlanNetwork──> Vpc, Subnet
 *    └──GatewayNodes, GatewayStates──> Vpc, Subnet      Vpc ──VpcExternal──> Subnet, OvnFip, OvnSnatRule, OvnDnatRule        OvnEip
 *                        │                └─> IptablesFIPRule, IptablesSnatRule, IptablesDnatRule        IptablesEIP
 *                        └──VpcRouter──> VpcNatGateway
 *   Subnet ──SubnetSwitch──> Vip ──SharedAddress──> IP      Vpc ──VpcRouter──> SwitchLBRule
 *   VpcPeering: nothing but what is wrong with it
 */
import { clusterNetworkRule } from './cluster-network-rule.ts';
import { iptablesDnatRule, ovnDnatRule } from './dnat-rule.ts';
import { iptablesEipRule, ovnEipRule } from './eip-rule.ts';
import { iptablesFipRule, ovnFipRule } from './fip-rule.ts';
import { installationRule } from './installation-rule.ts';
import { ipPoolRule } from './ip-pool-rule.ts';
import { natGatewayRule } from './nat-gateway-rule.ts';
import { nicRule } from './nic-rule.ts';
import type { Rule } from './rule.ts';
import { providerNetworkRule } from './provider-network-rule.ts';
import { iptablesSnatRule, ovnSnatRule } from './snat-rule.ts';
import { subnetRule } from './subnet-rule.ts';
import { vlanRule } from './vlan-rule.ts';
import { switchLbRule } from './switch-lb-rule.ts';
import { vipRule } from './vip-rule.ts';
import { vpcPeeringRule } from './vpc-peering-rule.ts';
import { vpcRule } from './vpc-rule.ts';

export const RULES: readonly Rule[] = [
  installationRule,
  clusterNetworkRule,
  providerNetworkRule,
  vlanRule,
  vpcRule,
  vpcPeeringRule,
  subnetRule,
  vipRule,
  nicRule,
  ipPoolRule,
  natGatewayRule,
  ovnEipRule,
  ovnFipRule,
  ovnSnatRule,
  ovnDnatRule,
  iptablesEipRule,
  iptablesFipRule,
  iptablesSnatRule,
  iptablesDnatRule,
  switchLbRule,
];
