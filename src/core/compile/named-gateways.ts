/**
 * gatewayType, gatewayNode and gatewayNodeSelectors of subnets of the default VPC: the nodes that carry the VPC's way out, the first that is well first. A router
 * has one way out for all its subnets, so they are to name the same nodes. In any VPC the selector of a VpcNatGateway says which nodes may.
 */
import type { Subnet } from '../../kinds/subnet.ts';
import { standing } from '../external/gateways.ts';
import { DEFAULT_VPC } from '../ovn/names.ts';
import { isSelected, type LabelSelector } from '../underlay/node-selection.ts';
import { parseLabels } from '../select/labels.ts';
import type { Emit, Read } from './rule.ts';

/** the fields are about nothing in other VPCs, and nothing is built of them there */
export function namesGateways({ spec }: Subnet): boolean {
  if (spec?.vpc !== DEFAULT_VPC || spec.gatewayType !== 'centralized') return false;
  return namedNodes(spec.gatewayNode).length > 0 || (spec.gatewayNodeSelectors ?? []).length > 0;
}

/** `node` or `node:address`, separated by comma */
function namedNodes(text = ''): readonly string[] {
  return text.split(',').flatMap((part) => part.trim().split(':')[0] || []);
}

/** In the order of preference; undefined: nobody says, Weft chooses. */
export function namedGateways(vpc: string, read: Read, emit: Pick<Emit, 'issue'>): readonly string[] | undefined {
  if (vpc !== DEFAULT_VPC) return undefined;
  const wishes = read
    .keys('Subnet', 'vpc', vpc)
    .toSorted()
    .flatMap((name) => {
      const spec = read.get('Subnet', name, (subnet) =>
        namesGateways(subnet)
          ? { text: subnet.spec?.gatewayNode ?? '', selectors: subnet.spec?.gatewayNodeSelectors ?? [] }
          : undefined,
      );
      if (!spec) return [];
      const named = [...new Set(namedNodes(spec.text))];
      const nodes = named.length > 0 ? named : selectedNodes(vpc, spec.selectors, read);
      return [{ name, text: spec.text, nodes }];
    });
  const [first] = wishes;
  if (!first) return undefined;
  for (const { name, nodes, text } of wishes) {
    if (nodes.join() !== first.nodes.join())
      emit.issue({
        severity: 'warning',
        reason: 'GatewaysDiffer',
        message: `subnet ${name} wants its gateway on ${listOf(nodes)}, subnet ${first.name} on ${listOf(first.nodes)}: the VPC has one for all, which is that of ${first.name}; name the same nodes in both`,
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

/** of those with the labels, as many as stand by for one gateway */
function selectedNodes(vpc: string, selectors: readonly LabelSelector[], read: Read): readonly string[] {
  const nodes = read
    .keys('Node', 'all', '')
    .filter((name) =>
      read.get('Node', name, ({ metadata }) => selectors.some((each) => isSelected(each, metadata.labels ?? {}))),
    );
  return standing(vpc, nodes);
}

function listOf(nodes: readonly string[]): string {
  return nodes.join(', ') || 'no node';
}

/** @returns undefined when one of the VpcNatGateways may be anywhere; a selector that cannot be read chooses nobody */
export function nodesSelected(
  gateways: readonly string[],
  read: Pick<Read, 'get'>,
): ((node: string) => boolean) | undefined {
  const selectors = gateways.map((name) => read.get('VpcNatGateway', name, ({ spec }) => spec?.selector ?? []) ?? []);
  if (selectors.length === 0 || selectors.some((texts) => texts.length === 0)) return undefined;
  const wanted = selectors.flatMap((texts) => {
    const labels = parseLabels(texts);
    return labels ? [labels] : [];
  });
  return (node) =>
    read.get('Node', node, ({ metadata }) =>
      wanted.some((labels) => labels.every(({ key, value }) => metadata.labels?.[key] === value)),
    ) === true;
}
