/**
 * gatewayType and gatewayNode of subnets of the default VPC: the nodes that carry the VPC's way out, the first that is well first. A router has one way out for all its
 * subnets, so they are to name the same nodes.
 */
import type { Subnet } from '../../kinds/subnet.ts';
import { DEFAULT_VPC } from '../ovn/names.ts';
import type { Emit, Read } from './rule.ts';

/** the fields are about nothing in other VPCs, and nothing is built of them there */
export function namesGateways({ spec }: Subnet): boolean {
  return spec?.vpc === DEFAULT_VPC && spec.gatewayType === 'centralized' && namedNodes(spec.gatewayNode).length > 0;
}

/** `node` or `node:address`, separated by comma */
function namedNodes(text = ''): readonly string[] {
  return text.split(',').flatMap((part) => part.trim().split(':')[0] || []);
}

/** In the order of preference; none: Weft chooses. */
export function namedGateways(vpc: string, read: Read, emit: Pick<Emit, 'issue'>): readonly string[] {
  if (vpc !== DEFAULT_VPC) return [];
  const wishes = read
    .keys('Subnet', 'vpc', vpc)
    .toSorted()
    .flatMap((name) => {
      const text = read.get('Subnet', name, (subnet) => (namesGateways(subnet) ? subnet.spec?.gatewayNode : undefined));
      return text === undefined ? [] : [{ name, text, nodes: [...new Set(namedNodes(text))] }];
    });
  const [first] = wishes;
  if (!first) return [];
  for (const { name, nodes, text } of wishes) {
    if (nodes.join() !== first.nodes.join())
      emit.issue({
        severity: 'warning',
        reason: 'GatewaysDiffer',
        message: `subnet ${name} wants its gateway on ${nodes.join(', ')}, subnet ${first.name} on ${first.nodes.join(', ')}: the VPC has one for all, which is that of ${first.name}; name the same nodes in spec.gatewayNode of both`,
      });
    if (text.includes(':'))
      emit.issue({
        severity: 'warning',
        reason: 'GatewaysDiffer',
        message: `spec.gatewayNode of subnet ${name} names addresses: what leaves has the router's own; use an OvnSnatRule for another one`,
      });
  }
  return first.nodes;
}
