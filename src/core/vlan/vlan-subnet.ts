/**
 * Subnets on a VLAN: who their gateway is, which of them a VPC's router is in, and where their prefixes must be one of a kind.
 *
 *   vlan                       a physical router, which knows nothing of any VPC
 *   vlan, logicalGateway       the router of the VPC, for hosts outside too
 *   vlan, no cidrBlock         whoever is there: Weft gives MAC addresses only
 *   vlan, u2oInterconnection   a physical router; the VPC's router has an address of its own beside it, which leads to the overlay
 */
import type { Subnet, SubnetSpec } from '../../kinds/subnet.ts';

/** on a physical network, not in tunnels */
export function isOnVlan(spec: SubnetSpec | undefined): boolean {
  return (spec?.vlan ?? '') !== '';
}

/** a VLAN of which Weft gives no addresses, only MACs: its guests ask whoever answers DHCP there */
export function isMacOnly(spec: SubnetSpec | undefined): boolean {
  return isOnVlan(spec) && (spec?.cidrBlock ?? '').trim() === '';
}

/** the router of its VPC is its gateway */
export function hasLogicalGateway(spec: SubnetSpec | undefined): boolean {
  return !isOnVlan(spec) || (spec?.logicalGateway === true && !isMacOnly(spec));
}

/** a VLAN that is connected with a VPC beside its physical gateway */
export function isInterconnected(spec: SubnetSpec | undefined): boolean {
  return !hasLogicalGateway(spec) && spec?.u2oInterconnection === true && !isMacOnly(spec);
}

/** machines are told to leave by the physical gateway, and to reach the VPC by its router */
export function isOverlayOnly(spec: SubnetSpec | undefined): boolean {
  return isInterconnected(spec) && spec?.u2oFeatures?.overlayOnlyRouting === true;
}

/** A router of ours has a port in it. */
export function isRouted(spec: SubnetSpec | undefined): boolean {
  return hasLogicalGateway(spec) || isInterconnected(spec);
}

/** Prefixes overlap only within one of these: the VPC that routes the subnet, the VLAN that it is on. */
export function prefixScopes(spec: SubnetSpec | undefined): readonly string[] {
  return [...(isRouted(spec) ? [spec?.vpc ?? ''] : []), ...(isOnVlan(spec) ? [vlanScope(spec!.vlan!)] : [])];
}

/** no VPC has a colon in its name */
export function vlanScope(vlan: string): string {
  return `vlan:${vlan}`;
}

/** the IP object that holds the addresses of a VPC's router in a VLAN that it is connected with */
export function interconnectionName({ metadata, spec }: Subnet): string {
  return `${INTERCONNECTION}.${spec?.vpc}.${metadata.name}`;
}

const INTERCONNECTION = 'u2o-interconnection';

/** an IP object is a router's, not a machine's */
export function isOfRouter(
  name: string,
  spec: { readonly subnet?: string; readonly podName?: string } | undefined,
): boolean {
  return (spec?.podName ?? '') === '' && name.startsWith(`${INTERCONNECTION}.`) && name.endsWith(`.${spec?.subnet}`);
}
