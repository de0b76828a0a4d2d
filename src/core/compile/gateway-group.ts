/** Who carries a port of a router on a physical network: the nodes that are named, or those that Weft chooses, which ports share. */
import { type GatewayRank, leaderOf, ranks, ranksInOrder } from '../external/gateways.ts';
import { gatewayGroupName, logicalRouterPortName, ownGatewayGroupName } from '../ovn/names.ts';
import { namedGateways, nodesSelected } from './named-gateways.ts';
import type { Emit, Read } from './rule.ts';

export interface GatewayGroup {
  /** of the chassis that carry it */
  readonly group: string;
  /** who is in it, where it is the port's own */
  readonly order?: readonly GatewayRank[];
}

/**
 * @param beside subnet of whose port the carrier is to be this port's too, where both are on one physical network: what goes from one to the other takes no
 * tunnel then, and keeps its size
 * @param natGateways VpcNatGateways whose selectors say which nodes may
 * @returns undefined when no node can
 */
export function gatewayGroupOf(
  vpc: string,
  subnet: string,
  provider: string,
  beside: string,
  natGateways: readonly string[],
  read: Read,
  emit: Pick<Emit, 'issue'>,
): GatewayGroup | undefined {
  const own = (order: readonly GatewayRank[]) =>
    order.length === 0 ? undefined : { group: ownGatewayGroupName(logicalRouterPortName(vpc, subnet)), order };
  const states = () => read.fact('GatewayStates', provider)?.nodes ?? [];
  const named = namedGateways(vpc, read, emit);
  if (named) return own(ranksInOrder(named, states()));
  const isSelected = nodesSelected(natGateways, read);
  if (isSelected) {
    const nodes = states().filter(({ node }) => isSelected(node));
    const first = leaderOf(
      `${vpc}/${beside}`,
      nodes.map(({ node }) => node),
    );
    return first === undefined ? undefined : own(ranks(first, nodes));
  }
  const leader = leaderOf(`${vpc}/${beside}`, read.fact('GatewayNodes', provider)?.nodes ?? []);
  return leader === undefined ? undefined : { group: gatewayGroupName(provider, leader) };
}

/** why there is none */
export function noGatewayNode(provider: string): string {
  return `no node can carry the gateway: none is on ProviderNetwork ${provider} (its status says why), or those with the label ovn.kubernetes.io/external-gw=true, or those that spec.gatewayNode or spec.gatewayNodeSelectors of its subnets or the selector of a VpcNatGateway name, are not`;
}
