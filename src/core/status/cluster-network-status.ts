import type { ClusterNetwork, ClusterNetworkStatus } from '../../kinds/cluster-network.ts';
import { type Finding, withFindings } from './condition.ts';

/** Status of a cluster network: Weft's conditions beside those of others (Harvester's `ready`). */
export function clusterNetworkStatus(
  network: ClusterNetwork,
  ready: Finding,
  warning: Finding | undefined,
  now: string,
): ClusterNetworkStatus {
  return {
    ...network.status,
    conditions: withFindings(network.status?.conditions as never, ready, warning, now) as never,
  };
}
