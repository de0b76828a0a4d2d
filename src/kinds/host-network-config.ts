/** HostNetworkConfig: addresses of nodes on a ClusterNetwork, and whether tunnels run over them. Harvester's kind and fields. */
import { AGE, column, type Kind } from './kind.ts';
import type { KubeObject } from './object.ts';
import { bool, choice, conditions, int, labelSelector, mapOf, obj, str, type Static } from './schema.ts';

const spec = obj({
  description: str('a note for people'),
  nodeSelector: labelSelector('nodes; empty: all of them'),
  clusterNetwork: str('the ClusterNetwork'),
  vlanID: int('VLAN of the address; 0 is untagged, where the links of a lab are', {
    format: 'int32',
    minimum: 0,
    maximum: 4094,
  }),
  mode: choice(['static', 'dhcp'], 'where addresses come from'),
  ips: mapOf(str('ADDRESS/LENGTH'), 'node -> its address, with mode static'),
  underlay: bool('tunnels run over these addresses unless a network chooses another ClusterNetwork'),
});

const status = obj({
  conditions,
  nodeStatus: mapOf(
    obj({
      clusterNetwork: str('the ClusterNetwork'),
      vlanID: int('VLAN of the address', { format: 'int32' }),
      mode: str('where the address came from'),
      conditions,
    }),
    'what is known of each node',
  ),
});

export type HostNetworkConfigSpec = Static<typeof spec>;
export type HostNetworkConfig = KubeObject<HostNetworkConfigSpec, Static<typeof status>>;

export const hostNetworkConfigKind: Kind = {
  group: 'network.harvesterhci.io',
  version: 'v1beta1',
  kind: 'HostNetworkConfig',
  plural: 'hostnetworkconfigs',
  singular: 'hostnetworkconfig',
  shortNames: ['hnc'],
  namespaced: false,
  statusSubresource: true,
  description: 'Addresses of nodes on a ClusterNetwork.',
  spec,
  status,
  columns: [
    column('ClusterNetwork', '.spec.clusterNetwork'),
    column('VLAN', '.spec.vlanID', 'integer'),
    column('Mode', '.spec.mode'),
    column('Underlay', '.spec.underlay', 'boolean'),
    column('IPs', '.spec.ips', 'string', 1),
    AGE,
  ],
};
