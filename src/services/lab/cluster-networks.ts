/** The ClusterNetworks of a lab: management, and one per underlay (`data2` on eth2, which carries the tunnels, and `data3` on eth3). */
import type { KubeObjectLike } from '../../lib/kube/client.ts';
import type { Resource } from '../../lib/kube/resource.ts';
import { type Families, UNDERLAY_DEVICES, underlayAddress } from './topology.ts';

// spelled out: the kinds themselves would bring their schemas along, and half of the time of the supervisor's start
const GROUP = { group: 'network.harvesterhci.io', version: 'v1beta1', namespaced: false } as const;
const CLUSTER_NETWORKS: Resource = { ...GROUP, plural: 'clusternetworks' };
const VLAN_CONFIGS: Resource = { ...GROUP, plural: 'vlanconfigs' };
export const HOST_NETWORK_CONFIGS: Resource = { ...GROUP, plural: 'hostnetworkconfigs' };

const NETWORKS = UNDERLAY_DEVICES.map((device, index) => ({
  name: device.replace('eth', 'data'),
  device,
  carriesTunnels: index === 0,
}));

export function clusterNetworks(
  nodes: readonly string[],
  families: Families,
): readonly (readonly [Resource, KubeObjectLike])[] {
  return [
    [CLUSTER_NETWORKS, object('ClusterNetwork', 'mgmt')],
    ...NETWORKS.flatMap(({ name, device, carriesTunnels }): [Resource, KubeObjectLike][] => {
      const ips = Object.fromEntries(nodes.map((node) => [node, underlayAddress(node, device, families)]));
      const common = { vlanID: 0, mode: 'static', clusterNetwork: name };
      return [
        [CLUSTER_NETWORKS, object('ClusterNetwork', name)],
        [VLAN_CONFIGS, object('VlanConfig', name, { clusterNetwork: name, uplink: { nics: [device] } })],
        [HOST_NETWORK_CONFIGS, object('HostNetworkConfig', name, { ...common, ips, underlay: carriesTunnels })],
      ];
    }),
  ];
}

/** What a node has in each of the HostNetworkConfigs. */
export function underlayAddresses(
  node: string,
  families: Families,
): readonly { readonly config: string; readonly address: string }[] {
  return NETWORKS.map(({ name, device }) => ({ config: name, address: underlayAddress(node, device, families) }));
}

function object(kind: string, name: string, spec?: object): KubeObjectLike {
  return {
    apiVersion: `${GROUP.group}/${GROUP.version}`,
    kind,
    metadata: { name },
    ...(spec ? { spec } : {}),
  } as KubeObjectLike;
}
