/** ClusterNetwork: a set of uplinks that carries networks. Harvester's kind. */
import { AGE, column, type Kind, READY } from './kind.ts';
import { anything, open } from './schema.ts';

export const clusterNetworkKind: Kind = {
  group: 'network.harvesterhci.io',
  version: 'v1beta1',
  kind: 'ClusterNetwork',
  plural: 'clusternetworks',
  singular: 'clusternetwork',
  shortNames: ['cn'],
  namespaced: false,
  statusSubresource: true,
  description: 'Physical links of the nodes that carry networks.',
  spec: open('a ClusterNetwork has no settings of its own'),
  status: anything('state'),
  columns: [column('Description', '.metadata.annotations.field\\.cattle\\.io/description'), READY, AGE],
};
