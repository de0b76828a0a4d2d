/** ProviderNetwork -> HA_Chassis_Groups: one for each node that may carry gateways, led by it; what is wrong on its nodes. */
import type { KubeObject } from '../../kinds/object.ts';
import { isCordoned } from '../external/carrier.ts';
import { chosen, type GatewayNode, type GatewayRank, type GatewayState, ranks } from '../external/gateways.ts';
import { GATEWAY_NODE_LABEL } from '../external/names.ts';
import { gatewayGroupName } from '../ovn/names.ts';
import { listed } from '../text/listed.ts';
import { uplinkMtu } from '../underlay/mtu.ts';
import { type Emit, rule } from './rule.ts';

interface NodeView {
  readonly labelled: boolean;
  readonly draining: boolean;
  readonly lost: boolean;
}

export const providerNetworkRule = rule({
  kind: 'ProviderNetwork',
  reads: { kinds: ['Node', 'Uplink', 'GatewayLoss'], facts: [] },
  emits: ['GatewayNodes', 'GatewayStates', 'ProviderMtu'],
  run(_network, name, read, emit) {
    const uplinks = read
      .keys('Uplink', 'provider', name)
      .toSorted()
      .flatMap(
        (key) =>
          read.get('Uplink', key, ({ node, ready, up, reason, mtu }) => ({ name, node, ready, up, reason, mtu })) ?? [],
      );
    const broken = uplinks.filter(({ ready }) => !ready);
    if (broken.length > 0)
      emit.issue({
        reason: 'UplinkNotReady',
        message: `not on ${listed(broken.map(({ node, reason }) => `${node} (${reason ?? 'not reported why'})`))}: machines there have no network of it; correct the interface, or exclude the node`,
      });
    const cut = uplinks.filter(({ ready, up }) => ready && !up);
    if (cut.length > 0)
      emit.issue({
        severity: 'warning',
        reason: 'UplinkDown',
        message: `the uplink is down on ${listed(cut.map(({ node, reason }) => `${node} (${reason ?? 'not reported why'})`))}: gateways are carried by other nodes meanwhile`,
      });
    const unwatched = uplinks.filter(({ ready, up, reason }) => ready && up && reason !== undefined);
    if (unwatched.length > 0)
      emit.issue({
        severity: 'warning',
        reason: 'UplinkUnwatched',
        message: `whether the uplink works is told by its carrier alone on ${listed(unwatched.map(({ node, reason }) => `${node} (${reason})`))}`,
      });
    const mtu = uplinkMtu(name, uplinks);
    if (mtu !== undefined) emit.fact('ProviderMtu', name, { mtu });
    const views = new Map(
      uplinks.map(({ node }) => {
        const lost = read.get('GatewayLoss', node, () => true) === true;
        const seen = read.get('Node', node, view);
        return [node, seen && { ...seen, lost }];
      }),
    );
    const able = uplinks.filter(({ node, ready }) => ready && views.get(node) !== undefined);
    const labelled = able.filter(({ node }) => views.get(node)!.labelled);
    const may =
      labelled.length > 0
        ? labelled.map(({ node }) => node)
        : chosen(
            name,
            able.map(({ node }) => node),
          );
    const states = able.map(({ node, up }): GatewayNode => ({ node, state: stateOf(up, views.get(node)!) }));
    const lost = states.filter(({ node, state }) => state === 'lost' && may.includes(node));
    if (lost.length > 0)
      emit.issue({
        severity: 'warning',
        reason: 'GatewayLost',
        message: `${listed(lost.map(({ node }) => node))} lost its gateways because other nodes did not reach it by tunnels: it gets them back when it has been reached for some seconds`,
      });
    emit.fact('GatewayNodes', name, { nodes: may });
    emit.fact('GatewayStates', name, { nodes: states });
    const nodes = states.filter(({ node }) => may.includes(node));
    for (const { node } of nodes) emitGroup(gatewayGroupName(name, node), ranks(node, nodes), emit);
  },
});

/** A group of chassis of which the highest that lives carries the gateways that name the group. */
export function emitGroup(group: string, order: readonly GatewayRank[], emit: Emit): void {
  emit.row('HA_Chassis_Group', group, { external_ids: { vendor: 'kube-ovn' } });
  for (const { node, priority } of order)
    emit.child({ table: 'HA_Chassis_Group', key: group, column: 'ha_chassis' }, 'HA_Chassis', `${group}/${node}`, {
      chassis_name: node,
      priority,
      external_ids: { vendor: 'kube-ovn', group },
    });
}

function stateOf(up: boolean, { draining, lost }: NodeView): GatewayState {
  if (!up) return 'down';
  if (lost) return 'lost';
  return draining ? 'draining' : 'up';
}

/** a node that takes no new pods is on its way out: what it carries goes first, without haste */
function view(node: KubeObject): Omit<NodeView, 'lost'> {
  return {
    labelled: node.metadata.labels?.[GATEWAY_NODE_LABEL] === 'true',
    draining: isCordoned(node),
  };
}
