/**
 * All rules, in layers: a rule reads only facts of rules before it.
 *
 *   Vpc ──VpcRouter, VpcGuests──> Subnet ──SubnetSwitch, SubnetGuests──> IP
 *                                           └──SubnetSwitch──> IPPool
 *   VpcPeering: nothing but what is wrong with it
 */
import { ipPoolRule } from './ip-pool-rule.ts';
import { nicRule } from './nic-rule.ts';
import type { Rule } from './rule.ts';
import { subnetRule } from './subnet-rule.ts';
import { vpcPeeringRule } from './vpc-peering-rule.ts';
import { vpcRule } from './vpc-rule.ts';

export const RULES: readonly Rule[] = [vpcRule, vpcPeeringRule, subnetRule, nicRule, ipPoolRule];
