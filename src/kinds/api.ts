/** All kinds that Weft's API has beside Kubernetes' own. */
import { clusterNetworkKind } from './cluster-network.ts';
import { hostNetworkConfigKind } from './host-network-config.ts';
import { ipKind } from './ip.ts';
import { ipPoolKind } from './ip-pool.ts';
import type { Kind } from './kind.ts';
import { multiNetworkPolicyKind } from './multi-network-policy.ts';
import { networkAttachmentDefinitionKind } from './network-attachment-definition.ts';
import { nodeUnderlayKind } from './node-underlay.ts';
import { subnetKind } from './subnet.ts';
import {
  virtualMachineInstanceKind,
  virtualMachineInstanceMigrationKind,
  virtualMachineKind,
} from './virtual-machine.ts';
import { vipKind } from './vip.ts';
import { virtualNetworkKind } from './virtual-network.ts';
import { vlanConfigKind } from './vlan-config.ts';
import { vpcKind } from './vpc.ts';
import { vpcPeeringKind } from './vpc-peering.ts';

export const apiKinds: readonly Kind[] = [
  vpcKind,
  vpcPeeringKind,
  subnetKind,
  ipKind,
  ipPoolKind,
  vipKind,
  networkAttachmentDefinitionKind,
  virtualMachineKind,
  virtualMachineInstanceKind,
  virtualMachineInstanceMigrationKind,
  multiNetworkPolicyKind,
  clusterNetworkKind,
  virtualNetworkKind,
  vlanConfigKind,
  hostNetworkConfigKind,
  nodeUnderlayKind,
];
