/** Which network between nodes a user's network chooses. */
import { CLUSTER_NETWORK_LABEL, MANAGEMENT_NETWORK } from '../../kinds/cluster-network.ts';
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import type { Subnet } from '../../kinds/subnet.ts';

export interface Choice {
  readonly network: string;
  /** who says it: for error messages */
  readonly by: string;
}

/**
 * The subnet's `nodeNetwork`, else the ClusterNetwork of the attachment's label. `mgmt` as a label is what attachments have that chose
 * nothing (Harvester sets it by itself).
 */
export function choiceOf(
  subnet: Pick<Subnet, 'metadata' | 'spec'>,
  attachment: Pick<NetworkAttachmentDefinition, 'metadata'> | undefined,
): Choice | undefined {
  const own = subnet.spec?.nodeNetwork;
  if (own) return { network: own, by: `spec.nodeNetwork of subnet ${subnet.metadata.name}` };
  const label = labelled(attachment);
  if (label === undefined || !attachment) return undefined;
  const { namespace, name } = attachment.metadata;
  return {
    network: label,
    by: `label ${CLUSTER_NETWORK_LABEL} of network attachment ${namespace}/${name}`,
  };
}

export function labelled(attachment: Pick<NetworkAttachmentDefinition, 'metadata'> | undefined): string | undefined {
  const label = attachment?.metadata.labels?.[CLUSTER_NETWORK_LABEL];
  return label === undefined || label === '' || label === MANAGEMENT_NETWORK ? undefined : label;
}
