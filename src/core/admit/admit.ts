/** The one way in: which check judges which kind. */
import type { ClusterNetwork } from '../../kinds/cluster-network.ts';
import type { HostNetworkConfig } from '../../kinds/host-network-config.ts';
import type { IpObject } from '../../kinds/ip.ts';
import type { IpPool } from '../../kinds/ip-pool.ts';
import type { IptablesDnatRule, IptablesEip, IptablesFipRule, IptablesSnatRule } from '../../kinds/iptables-nat.ts';
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import type { OvnDnatRule } from '../../kinds/ovn-dnat-rule.ts';
import type { OvnEip } from '../../kinds/ovn-eip.ts';
import type { OvnFip } from '../../kinds/ovn-fip.ts';
import type { OvnSnatRule } from '../../kinds/ovn-snat-rule.ts';
import type { ProviderNetwork } from '../../kinds/provider-network.ts';
import type { KubeObject } from '../../kinds/object.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { SwitchLbRule } from '../../kinds/switch-lb-rule.ts';
import type { Vip } from '../../kinds/vip.ts';
import type { Vlan } from '../../kinds/vlan.ts';
import type { VlanConfig } from '../../kinds/vlan-config.ts';
import type { Migration, VirtualMachine } from '../../kinds/virtual-machine.ts';
import type { VirtualNetwork } from '../../kinds/virtual-network.ts';
import type { Vpc } from '../../kinds/vpc.ts';
import type { VpcNatGateway } from '../../kinds/vpc-nat-gateway.ts';
import type { VpcPeering } from '../../kinds/vpc-peering.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import { admitClusterNetwork, clusterNetworkInUse } from './cluster-network.ts';
import { admitHostNetworkConfig } from './host-network-config.ts';
import { admitIp } from './ip.ts';
import { admitIpPool } from './ip-pool.ts';
import { admitMigration } from './migration.ts';
import { admitNetworkAttachmentDefinition } from './network-attachment-definition.ts';
import { admitOvnDnatRule, admitOvnFip, admitOvnSnatRule } from './nat-rules.ts';
import { admitNode } from './node-network.ts';
import { admitIptablesEip, admitOvnEip } from './eip.ts';
import { admitIptablesDnatRule, admitIptablesFipRule, admitIptablesSnatRule } from './iptables-rules.ts';
import { admitVpcNatGateway } from './nat-gateway.ts';
import { admitProviderNetwork, admitVlan } from './provider-network.ts';
import { admitSwitchLbRule } from './switch-lb-rule.ts';
import { vipInUse } from './vip-sharing.ts';
import { admitSubnet } from './subnet.ts';
import { subnetDefaults } from './subnet-defaults.ts';
import { refuseUnbuilt, UNBUILT_KINDS } from './unbuilt-kind.ts';
import { undoneEdits } from './undone-edits.ts';
import { admitVip } from './vip.ts';
import { admitVlanConfig } from './vlan-config.ts';
import { admitVirtualMachine } from './virtual-machine.ts';
import { admitVirtualNetwork } from './virtual-network.ts';
import type { Review, Verdict } from './verdict.ts';
import { admitVpc } from './vpc.ts';
import { admitVpcPeering } from './vpc-peerings.ts';

const CHECKS: Readonly<Record<string, (review: Review<KubeObject>) => Verdict<KubeObject>>> = {
  Vpc: (review) => admitVpc(review as Review<Vpc>),
  VpcPeering: (review) => admitVpcPeering(review as Review<VpcPeering>),
  Subnet: (review) => admitSubnet(review as Review<Subnet>),
  IPPool: (review) => admitIpPool(review as Review<IpPool>),
  Vip: (review) => admitVip(review as Review<Vip>),
  SwitchLBRule: (review) => admitSwitchLbRule(review as Review<SwitchLbRule>),
  IP: (review) => admitIp(review as Review<IpObject>),
  NetworkAttachmentDefinition: (review) =>
    admitNetworkAttachmentDefinition(review as Review<NetworkAttachmentDefinition>),
  ClusterNetwork: (review) => admitClusterNetwork(review as Review<ClusterNetwork>),
  VlanConfig: (review) => admitVlanConfig(review as Review<VlanConfig>),
  HostNetworkConfig: (review) => admitHostNetworkConfig(review as Review<HostNetworkConfig>),
  ProviderNetwork: (review) => admitProviderNetwork(review as Review<ProviderNetwork>),
  Vlan: (review) => admitVlan(review as Review<Vlan>),
  OvnEip: (review) => admitOvnEip(review as Review<OvnEip>),
  OvnFip: (review) => admitOvnFip(review as Review<OvnFip>),
  OvnSnatRule: (review) => admitOvnSnatRule(review as Review<OvnSnatRule>),
  OvnDnatRule: (review) => admitOvnDnatRule(review as Review<OvnDnatRule>),
  VpcNatGateway: (review) => admitVpcNatGateway(review as Review<VpcNatGateway>),
  IptablesEIP: (review) => admitIptablesEip(review as Review<IptablesEip>),
  IptablesFIPRule: (review) => admitIptablesFipRule(review as Review<IptablesFipRule>),
  IptablesSnatRule: (review) => admitIptablesSnatRule(review as Review<IptablesSnatRule>),
  IptablesDnatRule: (review) => admitIptablesDnatRule(review as Review<IptablesDnatRule>),
  Node: admitNode,
  VirtualMachine: (review) => admitVirtualMachine(review as Review<VirtualMachine>),
  VirtualNetwork: (review) => admitVirtualNetwork(review as Review<VirtualNetwork>),
  VirtualMachineInstanceMigration: (review) => admitMigration(review as Review<Migration>),
  ...Object.fromEntries(Object.keys(UNBUILT_KINDS).map((kind) => [kind, refuseUnbuilt])),
};

/** Judges an object that is about to be stored. Objects of other kinds, and those on their way out, pass as they are. */
export function admit(object: KubeObject, old: KubeObject | undefined, neighbours: ReadonlyWorld): Verdict<KubeObject> {
  const check = CHECKS[object.kind];
  if (!check || object.metadata.deletionTimestamp !== undefined) return { object, warnings: [], errors: [] };
  const verdict = check({ object, old, neighbours });
  const undone = undoneEdits({ object: verdict.object, old, neighbours });
  return undone.length === 0 ? verdict : { ...verdict, warnings: [...verdict.warnings, ...undone] };
}

/** @returns why an object must not be deleted now, and what to do */
export function refuseDeletion(object: KubeObject, neighbours: ReadonlyWorld): string | undefined {
  if (object.kind === 'Vip') return vipInUse(object as Vip, neighbours);
  return object.kind === 'ClusterNetwork' ? clusterNetworkInUse(object.metadata.name, neighbours) : undefined;
}

/** The form that the core knows, for objects that came in past the door. */
export function normalize<T extends KubeObject>(object: T): T {
  if (object.kind === 'Subnet') return subnetDefaults(object as Subnet, { warn: () => undefined }) as unknown as T;
  return object;
}
