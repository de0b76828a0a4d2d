/** Statuses of ProviderNetwork and Vlan, as Kube-OVN spells them. */
import type { ProviderNetwork, ProviderNetworkStatus } from '../../kinds/provider-network.ts';
import type { Vlan, VlanStatus } from '../../kinds/vlan.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import type { Condition } from '../../kinds/object.ts';
import { isCordoned, whyCarried } from '../external/carrier.ts';
import { leaderByRank } from '../external/gateways.ts';
import { gatewayGroupName } from '../ovn/names.ts';
import { type Finding, withCondition, withFindings } from './condition.ts';
import type { NatFindings } from './nat-status.ts';

export function providerNetworkStatus(
  network: ProviderNetwork,
  world: ReadonlyWorld,
  { ready, warning, now }: NatFindings,
): ProviderNetworkStatus {
  const { name } = network.metadata;
  const uplinks = world.keys('Uplink', 'provider', name).flatMap((key) => world.get('Uplink', key) ?? []);
  const carried = gatewaysFinding(name, world, ready.observedGeneration);
  const nodes = (is: boolean) =>
    uplinks
      .filter((uplink) => uplink.ready === is)
      .map(({ node }) => node)
      .toSorted();
  return {
    conditions: withGateways(
      withFindings(network.status?.conditions as never, ready, warning, now),
      carried,
      now,
    ) as never,
    ready: uplinks.length > 0 && nodes(false).length === 0,
    readyNodes: nodes(true),
    notReadyNodes: nodes(false),
    vlans: world.keys('Vlan', 'provider', name).toSorted(),
  };
}

export function vlanStatus(vlan: Vlan, world: ReadonlyWorld, { ready, warning, now }: NatFindings): VlanStatus {
  return {
    conditions: withFindings(vlan.status?.conditions as never, ready, warning, now) as never,
    subnets: world.keys('Subnet', 'vlan', vlan.metadata.name).toSorted(),
    conflict: ready.reason === 'VlanConflict',
  };
}

const GATEWAYS = 'Gateways';

/** Who carries the gateways to a physical network, and why where it is not the node that leads them; undefined: there are none. */
function gatewaysFinding(provider: string, world: ReadonlyWorld, generation?: number): Finding | undefined {
  const uplinks = world.keys('Uplink', 'provider', provider).flatMap((key) => world.get('Uplink', key) ?? []);
  const cut = new Map(
    uplinks.flatMap(({ node, up, reason }) => (up ? [] : [[node, reason ?? 'not reported why'] as const])),
  );
  const cordoned = new Set(
    uplinks.flatMap(({ node }) => {
      const object = world.get('Node', node);
      return object && isCordoned(object) ? [node] : [];
    }),
  );
  const shared = gatewayGroupName(provider, '');
  const groups = [...world.all('GatewayCarrier')]
    .filter(([, carrier]) => carrier.provider === provider)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([group, { nodes, ranks }]) => {
      const leader = leaderByRank(ranks) ?? '';
      const priorities = new Map(ranks.map(({ node, priority }) => [node, priority]));
      const why = whyCarried({ carrier: nodes[0], leader, priorities, cordoned, cut });
      const own = group.startsWith(shared) ? '' : ` (${group.slice(group.indexOf(':') + 1)})`;
      return { leader, nodes, text: `${nodes.length === 0 ? `of ${leader}` : nodes.join(' and ')}${own}: ${why}` };
    });
  if (groups.length === 0) return undefined;
  const moved = groups.some(({ nodes, leader }) => nodes.join() !== leader);
  const none = groups.some(({ nodes }) => nodes.length === 0);
  return {
    type: GATEWAYS,
    status: none ? 'False' : 'True',
    reason: none ? 'NobodyCarries' : moved ? 'Moved' : 'Carried',
    message: groups.map(({ text }) => text).join('; '),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
}

function withGateways(
  conditions: readonly Condition[],
  finding: Finding | undefined,
  now: string,
): readonly Condition[] {
  if (finding) return withCondition(conditions, finding, now);
  return conditions.some(({ type }) => type === GATEWAYS)
    ? conditions.filter(({ type }) => type !== GATEWAYS)
    : conditions;
}
