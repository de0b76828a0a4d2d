/**
 * What must not come in by a VLAN that the router of a VPC is in. Anybody may send anything there, so at the router's port there is dropped
 *
 *   what says that it comes from inside of the VPC: a rule of some subnet might let it in
 *   what is for neither the VPC nor sent by the VLAN's own hosts: the router is no way from one network outside to another
 */
import { type Cidr, cidrContains, formatCidr } from '../../lib/netaddr/cidr.ts';
import type { Family, Ip } from '../../lib/netaddr/ip.ts';
import { complementOf } from '../../lib/netaddr/prefix-set.ts';
import { logicalRouterPortName, privateAddressSetName } from '../ovn/names.ts';
import type { Emit } from './rule.ts';
import { addressSet, emitPolicy, MAX_PRIORITY, type SourceRouting } from './vpc-policies.ts';
import type { Routes } from './vpc-routes.ts';
import type { VpcSubnet } from './vpc-subnets.ts';

interface Surroundings extends Pick<SourceRouting, 'vpc' | 'subnets' | 'links' | 'beyond'> {
  readonly hops: Routes['hops'];
}

export function guardVlans(around: Surroundings, emit: Emit): void {
  const { vpc, subnets } = around;
  const vlans = subnets.filter(({ onVlan }) => onVlan);
  for (const family of [4, 6] as const) {
    const ours = vlans.filter(({ cidrs }) => ofFamily(cidrs, family).length > 0);
    if (ours.length === 0) continue;
    const inner = addressSet(privateAddressSetName(`inner${family}`, vpc), innerOf(around, family), emit);
    for (const vlan of ours) {
      const port = `inport == ${JSON.stringify(logicalRouterPortName(vpc, vlan.name))}`;
      const behind = around.hops.filter(({ nextHop, bySource }) => !bySource && holds(vlan, nextHop));
      const own = [...vlan.cidrs, ...behind.map(({ prefix }) => prefix)];
      const strangers = addressSet(
        privateAddressSetName(`strangers${family}`, vpc, vlan.name),
        complementOf(ofFamily(own, family), family),
        emit,
      );
      for (const match of [
        `${port} && ip${family}.src == $${inner}`,
        `${port} && ip${family}.src == $${strangers} && ip${family}.dst == $${around.beyond(family)}`,
      ])
        emitPolicy(vpc, { priority: MAX_PRIORITY, match, action: 'drop' }, emit);
    }
  }
}

/** What comes from anywhere but VLANs: subnets of the overlay, what is behind links, and what routes lead to over either. */
function innerOf({ subnets, links, hops }: Surroundings, family: Family): readonly Cidr[] {
  const overlay = subnets.filter(({ onVlan }) => !onVlan);
  const routed = hops.filter(
    ({ nextHop, bySource }) =>
      !bySource &&
      (overlay.some((subnet) => holds(subnet, nextHop)) ||
        links.some(({ own }) => own.some(({ cidr }) => cidrContains(cidr, nextHop)))),
  );
  const all = [
    ...overlay.flatMap(({ cidrs }) => cidrs),
    ...links.flatMap(({ own, managed }) => [...own.map(({ cidr }) => cidr), ...(managed?.remotePrefixes ?? [])]),
    ...routed.map(({ prefix }) => prefix).filter(({ bits }) => bits > 0),
  ];
  return [...new Map(ofFamily(all, family).map((cidr) => [formatCidr(cidr), cidr])).values()];
}

function ofFamily(cidrs: readonly Cidr[], family: Family): readonly Cidr[] {
  return cidrs.filter((cidr) => cidr.family === family);
}

function holds({ cidrs }: VpcSubnet, ip: Ip): boolean {
  return cidrs.some((cidr) => cidrContains(cidr, ip));
}
