/** Subnets on a VLAN: which of them a VPC's router is in, and where their prefixes must be one of a kind. */
import type { SubnetSpec } from '../../kinds/subnet.ts';

/** on a physical network, not in tunnels */
export function isOnVlan(spec: SubnetSpec | undefined): boolean {
  return (spec?.vlan ?? '') !== '';
}

/** A router of ours has a port in it: every overlay subnet, and a VLAN subnet whose gateway it is or that it connects with the overlay. */
export function isRouted(spec: SubnetSpec | undefined): boolean {
  return !isOnVlan(spec) || spec?.logicalGateway === true || spec?.u2oInterconnection === true;
}

/** Prefixes overlap only within one of these: the VPC that routes the subnet, the VLAN that it is on. */
export function prefixScopes(spec: SubnetSpec | undefined): readonly string[] {
  return [...(isRouted(spec) ? [spec?.vpc ?? ''] : []), ...(isOnVlan(spec) ? [vlanScope(spec!.vlan!)] : [])];
}

/** no VPC has a colon in its name */
export function vlanScope(vlan: string): string {
  return `vlan:${vlan}`;
}
