/** Names of Northbound rows, as Kube-OVN spells them, so that existing tools and habits work. */
import { hash32 } from './mac.ts';

/** the name of a port is the name of its IP object too: at most 253 characters (DNS-1123 subdomain) */
export const NAME_MAX = 253;

/** the VPC of subnets that name none */
export const DEFAULT_VPC = 'ovn-cluster';

/** names that Kube-OVN gives to subnets of its own */
export const RESERVED_SUBNETS: ReadonlySet<string> = new Set(['join', 'ovn-default', DEFAULT_VPC]);

/** port of a VPC's router in a subnet */
export function logicalRouterPortName(vpc: string, subnet: string): string {
  return `${vpc}-${subnet}`;
}

/** port of a subnet's switch towards the router of its VPC */
export function switchRouterPortName(vpc: string, subnet: string): string {
  return `${subnet}-${vpc}`;
}

/** Address set of an IPPool: OVN's names of address sets have no hyphens. */
export function addressSetName(pool: string): string {
  return pool.replaceAll('-', '.');
}

/**
 * Port of a network interface, also the name of its IP object: `<vm|pod>.<namespace>` for provider `ovn`, else with the provider
 * appended (`<nad>.<namespace>.ovn`), and the interface name too when a pod has the same network several times.
 */
export function portName(owner: string, namespace: string, provider: string): string {
  return provider === 'ovn' ? `${owner}.${namespace}` : `${owner}.${namespace}.${provider}`;
}

/** port of an underlay subnet's switch towards its physical network */
export function localnetPortName(subnet: string): string {
  return `localnet.${subnet}`;
}

/** port of a physical network's bridge towards that switch, as ovn-controller names it (ovn-controller(8)) */
export function localnetPatchName(localnet: string): string {
  return `patch-${localnet}-to-br-int`;
}

/** chassis that carry gateways to a physical network, led by a node; names of objects have no colon */
export function gatewayGroupName(provider: string, leader: string): string {
  return `gateway:${provider}:${leader}`;
}

/** virtual port of one of a subnet's own virtual addresses */
export function subnetVipPortName(subnet: string, ip: string): string {
  return `${subnet}-vip-${ip}`;
}

/** chassis that carry one router port alone */
export function ownGatewayGroupName(routerPort: string): string {
  return `gateway:${routerPort}`;
}

/** port of a VPC's router on the link to another VPC */
export function linkPortName(vpc: string, remote: string): string {
  return `${vpc}-${remote}`;
}

/**
 * Address set that belongs to objects of those names. Unlike Kube-OVN's names it is one of a kind: names of objects have no underscores, and
 * no part of them begins or ends with a hyphen, so neither the hyphens' replacement nor the separator can stand for anything else.
 */
export function privateAddressSetName(purpose: string, ...names: readonly string[]): string {
  return [`weft_${purpose}`, ...names.map((name) => name.replaceAll('-', '_'))].join('._.');
}

/** characters of an ACL's name (OVN's schema) */
const ACL_NAME_MAX = 63;

/** What an ACL's log lines begin with: not a key, several rows may have it. The name of a subnet that is too long is cut, with a hash of it. */
export function aclName(subnet: string, rule: string): string {
  const room = ACL_NAME_MAX - rule.length - 1;
  const hash = hash32(subnet, 0).toString(16).padStart(8, '0');
  return `${subnet.length <= room ? subnet : `${subnet.slice(0, room - 9)}~${hash}`}/${rule}`;
}

/** meter of the log of a subnet's rules: names of subnets have no underscores */
export function aclMeterName(subnet: string): string {
  return `${subnet}_acl_log`;
}
