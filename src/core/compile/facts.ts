/** Facts: small derived objects that one rule emits and later rules read. A rule reads only facts of rules before it. */
import type { Cidr } from '../../lib/netaddr/cidr.ts';
import type { Family } from '../../lib/netaddr/ip.ts';
import type { GuestNetwork, VpcGuestSettings } from '../dhcp/guest-options.ts';
import type { Options } from '../dhcp/option-text.ts';
import type { SharedAddress } from '../vip/shared-address.ts';
import type { GatewayNode } from '../external/gateways.ts';
import type { GuestMtus } from '../underlay/mtu.ts';

export interface Facts {
  /** how large packets of guests may be, by network between nodes; key: "cluster" */
  readonly GuestMtus: GuestMtus;
  /** some node speaks VXLAN, so its limits are those of all; key: "cluster" */
  readonly VxlanMode: { readonly vxlan: boolean };
  /** a VPC or subnet comes late among all of an installation that VXLAN limits; key: `Vpc/<name>`, `Subnet/<name>` */
  readonly DatapathRank: { readonly rank: number };
  /** an interface for which its subnet has no port left; key: IP object */
  readonly PortBeyondLimit: { readonly limit: number };
  /** nodes that may carry gateways to a physical network, in order; key: ProviderNetwork */
  readonly GatewayNodes: { readonly nodes: readonly string[] };
  /** every node of a physical network, with what is seen of it; key: ProviderNetwork */
  readonly GatewayStates: { readonly nodes: readonly GatewayNode[] };
  /** subnets of this Vlan may be in OVN; key: Vlan */
  readonly VlanNetwork: { readonly provider: string; readonly tag: number; readonly mtu: number };
  /** bytes that fit a packet on a physical network; key: ProviderNetwork */
  readonly ProviderMtu: { readonly mtu: number };
  /** the router of a VPC has a port in an external subnet; key: `<VPC>|<subnet>` */
  readonly VpcExternal: {
    readonly port: string;
    readonly provider: string;
    /** the router's own */
    readonly addresses: readonly string[];
    /** the VPC has others too, so that translations must say which they are of */
    readonly several: boolean;
    /** it has the default route: what leaves by another one has to be sent there */
    readonly main: boolean;
  };
  /** the router of a VPC exists and may be used; key: VPC */
  readonly VpcRouter: { readonly router: string };
  /** the switch of a subnet exists and may be used; key: subnet */
  readonly SubnetSwitch: {
    readonly switch: string;
    readonly cidrs: readonly Cidr[];
    /** families of which the subnet answers DHCP */
    readonly dhcp: readonly Family[];
    /** spec.vips, spelled as usual */
    readonly vips: readonly string[];
    /** the physical network that it is on */
    readonly provider?: string;
  };
  /** an address that machines take over from each other; key: Vip */
  readonly SharedAddress: SharedAddress;
  /** what the guests of a VPC have to know of it, as one of its route tables has it; key: `<VPC>|<table>` */
  readonly VpcGuests: VpcGuestSettings;
  /** the address is a next hop of routes to these prefixes; key: `<subnet>|<address>` */
  readonly NextHopOf: { readonly prefixes: readonly Cidr[] };
  /** what the options of an interface start from; key: subnet */
  readonly SubnetGuests: {
    /** key of VpcGuests */
    readonly vpc: string;
    /** of a subnet that no router of a VPC is in, instead */
    readonly settings?: VpcGuestSettings;
    readonly networks: readonly GuestNetwork[];
    readonly v4Options: Options;
    readonly v6Options: Options;
  };
}

export type FactName = keyof Facts;
