/** Facts: small derived objects that one rule emits and later rules read. A rule reads only facts of rules before it. */
import type { Cidr } from '../../lib/netaddr/cidr.ts';

export interface Facts {
  /** the router of a VPC exists and may be used; key: VPC */
  readonly VpcRouter: { readonly router: string };
  /** the switch of a subnet exists and may be used; key: subnet */
  readonly SubnetSwitch: { readonly switch: string; readonly cidrs: readonly Cidr[] };
}

export type FactName = keyof Facts;
