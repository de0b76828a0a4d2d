/**
 * Addresses that the cluster itself has. Guests of the default VPC share its routes, so a subnet there must keep clear of them; in other VPCs the addresses may be
 * the same, and only the guests cannot reach those of the cluster.
 */
import { type Cidr, cidrContains, cidrsOverlap, formatCidr, parseCidr } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { parseIp } from '../../lib/netaddr/ip.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import { DEFAULT_VPC } from '../ovn/names.ts';
import type { Findings } from './verdict.ts';

/** Kube-OVN's defaults: between nodes and the default VPC, and for Kubernetes services */
const RANGES: readonly (readonly [Cidr, string])[] = [
  [parseCidr('100.64.0.0/16'), 'the join network of nodes'],
  [parseCidr('fd00:100:64::/112'), 'the join network of nodes'],
  [parseCidr('10.96.0.0/12'), 'the addresses of Kubernetes services'],
  [parseCidr('fd00:10:96::/112'), 'the addresses of Kubernetes services'],
];

export function checkReserved(
  vpc: string,
  block: string | undefined,
  cidrs: readonly Cidr[],
  world: ReadonlyWorld,
  findings: Findings,
): void {
  const nodes = addressesOfNodes(world);
  for (const cidr of cidrs) {
    const range = vpc === DEFAULT_VPC ? RANGES.find(([reserved]) => cidrsOverlap(reserved, cidr)) : undefined;
    if (range)
      findings.invalid(
        'spec.cidrBlock',
        block,
        `${formatCidr(cidr)} overlaps ${formatCidr(range[0])}, ${range[1]}: choose another prefix, or another VPC`,
      );
    const node = nodes.find(({ address }) => {
      const ip = attempt(() => parseIp(address));
      return ip !== undefined && cidrContains(cidr, ip);
    });
    if (!node) continue;
    if (vpc === DEFAULT_VPC)
      findings.invalid(
        'spec.cidrBlock',
        block,
        `${formatCidr(cidr)} holds ${node.address} of node ${node.name}: choose another prefix, or another VPC`,
      );
    else
      findings.warn(
        'spec.cidrBlock',
        `${formatCidr(cidr)} holds ${node.address} of node ${node.name}, which guests of this subnet can then never reach`,
      );
  }
}

/** addresses that Kubernetes knows, and those of tunnels */
function addressesOfNodes(world: ReadonlyWorld): readonly { readonly name: string; readonly address: string }[] {
  return [
    ...[...world.all('Node')].flatMap(([name, { status }]) => {
      const { addresses = [] } = (status ?? {}) as { readonly addresses?: readonly { readonly address: string }[] };
      return addresses.map(({ address }) => ({ name, address }));
    }),
    ...[...world.all('NodeUnderlay')].flatMap(([name, { networks = [] }]) =>
      networks.map(({ address }) => ({ name, address })),
    ),
  ];
}
