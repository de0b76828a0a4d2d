/** Facts: small derived objects that one rule emits and later rules read. A rule reads only facts of rules before it. */
import type { Cidr } from '../../lib/netaddr/cidr.ts';
import type { Family } from '../../lib/netaddr/ip.ts';
import type { GuestNetwork, VpcGuestSettings } from '../dhcp/guest-options.ts';
import type { Options } from '../dhcp/option-text.ts';

export interface Facts {
  /** the router of a VPC exists and may be used; key: VPC */
  readonly VpcRouter: { readonly router: string };
  /** the switch of a subnet exists and may be used; key: subnet */
  readonly SubnetSwitch: {
    readonly switch: string;
    readonly cidrs: readonly Cidr[];
    /** families of which the subnet answers DHCP */
    readonly dhcp: readonly Family[];
  };
  /** what the guests of a VPC have to know of it; key: VPC */
  readonly VpcGuests: VpcGuestSettings;
  /** what the options of an interface start from; key: subnet */
  readonly SubnetGuests: {
    readonly vpc: string;
    readonly networks: readonly GuestNetwork[];
    readonly v4Options: Options;
    readonly v6Options: Options;
  };
}

export type FactName = keyof Facts;
