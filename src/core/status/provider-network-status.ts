/** Statuses of ProviderNetwork and Vlan, as Kube-OVN spells them. */
import type { ProviderNetwork, ProviderNetworkStatus } from '../../kinds/provider-network.ts';
import type { Vlan, VlanStatus } from '../../kinds/vlan.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import { withFindings } from './condition.ts';
import type { NatFindings } from './nat-status.ts';

export function providerNetworkStatus(
  network: ProviderNetwork,
  world: ReadonlyWorld,
  { ready, warning, now }: NatFindings,
): ProviderNetworkStatus {
  const { name } = network.metadata;
  const uplinks = world.keys('Uplink', 'provider', name).flatMap((key) => world.get('Uplink', key) ?? []);
  const nodes = (is: boolean) =>
    uplinks
      .filter((uplink) => uplink.ready === is)
      .map(({ node }) => node)
      .toSorted();
  return {
    conditions: withFindings(network.status?.conditions as never, ready, warning, now) as never,
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
