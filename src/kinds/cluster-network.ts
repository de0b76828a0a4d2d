/** ClusterNetwork: a set of uplinks that carries networks. Harvester's kind. */
import { AGE, column, type Kind, READY, REASON } from './kind.ts';
import type { KubeObject } from './object.ts';
import { conditions, obj, open, type Static } from './schema.ts';

const spec = open('a ClusterNetwork has no settings of its own');
const status = obj({ conditions });

export type ClusterNetworkStatus = Static<typeof status>;
export type ClusterNetwork = KubeObject<Static<typeof spec>, ClusterNetworkStatus>;

/** the ClusterNetwork that every installation has: the management links */
export const MANAGEMENT_NETWORK = 'mgmt';

/** label of a network attachment (Harvester's): the ClusterNetwork that carries it */
export const CLUSTER_NETWORK_LABEL = 'network.harvesterhci.io/clusternetwork';

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
  spec,
  status,
  columns: [
    column('Description', '.metadata.annotations.field\\.cattle\\.io/description'),
    READY,
    REASON,
    column('Message', '.status.conditions[?(@.type=="Ready")].message', 'string', 1),
    AGE,
  ],
};
