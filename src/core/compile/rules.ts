/**
 * All rules, in layers: a rule reads only facts of rules before it.
 *
 *   Settings ──GuestMtus, VxlanMode, DatapathRank──> Vpc, Subnet        ClusterNetwork
 *
 *   Vpc ──VpcRouter, VpcGuests──> Subnet ──SubnetSwitch, SubnetGuests, PortBeyondLimit──> IP
 *    │                                      └──SubnetSwitch──> IPPool
 *    └──VpcGuests, NextHopOf──> IP
 *   VpcPeering: nothing but what is wrong with it
 */
import { clusterNetworkRule } from './cluster-network-rule.ts';
import { installationRule } from './installation-rule.ts';
import { ipPoolRule } from './ip-pool-rule.ts';
import { nicRule } from './nic-rule.ts';
import type { Rule } from './rule.ts';
import { subnetRule } from './subnet-rule.ts';
import { vpcPeeringRule } from './vpc-peering-rule.ts';
import { vpcRule } from './vpc-rule.ts';

export const RULES: readonly Rule[] = [
  installationRule,
  clusterNetworkRule,
  vpcRule,
  vpcPeeringRule,
  subnetRule,
  nicRule,
  ipPoolRule,
];
