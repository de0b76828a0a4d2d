/** Kinds whose conditions and counters follow from the compiler, the allocator and the Northbound database: what each says. */
import type { Allocator } from '../../core/ipam/allocator.ts';
import { askedExternals } from '../../core/compile/asked-externals.ts';
import { dhcpKey } from '../../core/compile/dhcp-rows.ts';
import { linkedVpcs } from '../../core/compile/links-of-vpc.ts';
import { linkOf } from '../../core/compile/vpc-peerings.ts';
import type { ReadonlyWorld } from '../../core/compile/world.ts';
import type { Finding } from '../../core/status/condition.ts';
import { clusterNetworkStatus } from '../../core/status/cluster-network-status.ts';
import { ipPoolStatus } from '../../core/status/ip-pool-status.ts';
import { balancedOf } from '../../core/compile/backends.ts';
import { interconnectionName, isInterconnected } from '../../core/vlan/vlan-subnet.ts';
import { untracked } from '../../core/compile/reads.ts';
import { type HealthOf, switchLbRuleStatus } from '../../core/status/switch-lb-rule-status.ts';
import { subnetStatus } from '../../core/status/subnet-status.ts';
import { vpcPeeringStatus } from '../../core/status/vpc-peering-status.ts';
import { vpcStatus } from '../../core/status/vpc-status.ts';
import { providerNetworkStatus, vlanStatus } from '../../core/status/provider-network-status.ts';
import {
  iptablesDnatRuleStatus,
  iptablesEipStatus,
  iptablesFipRuleStatus,
  iptablesSnatRuleStatus,
  ovnDnatRuleStatus,
  ovnEipStatus,
  ovnFipStatus,
  ovnSnatRuleStatus,
  vpcNatGatewayStatus,
} from '../../core/status/nat-status.ts';
import { snatTranslationOf, translationOf } from '../../core/compile/translation.ts';
import { eipUsers, eipUses } from '../../core/compile/eip-users.ts';
import type { IptablesDnatRule, IptablesEip, IptablesFipRule, IptablesSnatRule } from '../../kinds/iptables-nat.ts';
import type { OvnDnatRule } from '../../kinds/ovn-dnat-rule.ts';
import type { OvnEip } from '../../kinds/ovn-eip.ts';
import type { OvnFip } from '../../kinds/ovn-fip.ts';
import type { OvnSnatRule } from '../../kinds/ovn-snat-rule.ts';
import type { ProviderNetwork } from '../../kinds/provider-network.ts';
import type { Vlan } from '../../kinds/vlan.ts';
import { EIP_KINDS } from '../../core/external/families.ts';
import { natLabels } from '../../core/external/labels.ts';
import { gatewaySubnetsOf } from '../../core/external/nat-gateway.ts';
import { logicalRouterPortName } from '../../core/ovn/names.ts';
import type { ClusterNetwork } from '../../kinds/cluster-network.ts';
import type { IpPool } from '../../kinds/ip-pool.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { SwitchLbRule } from '../../kinds/switch-lb-rule.ts';
import type { Vpc } from '../../kinds/vpc.ts';
import type { VpcNatGateway } from '../../kinds/vpc-nat-gateway.ts';
import type { VpcPeering } from '../../kinds/vpc-peering.ts';
import type { Resource } from '../../lib/kube/resource.ts';
import { RESOURCES } from './resources.ts';

/** where statuses come from */
export interface StatusSources {
  readonly world: ReadonlyWorld;
  readonly allocator: Allocator;
  /** UUID of a row in the Northbound database */
  readonly uuidOf: (row: string) => string | undefined;
  /** what health checks say of machines */
  readonly health: () => HealthOf;
}

export interface Findings {
  readonly ready: Finding;
  readonly warning: Finding | undefined;
  /** RFC 3339 */
  readonly now: string;
}

interface StatusKinds {
  readonly Vpc: Vpc;
  readonly VpcPeering: VpcPeering;
  readonly Subnet: Subnet;
  readonly IPPool: IpPool;
  readonly ClusterNetwork: ClusterNetwork;
  readonly ProviderNetwork: ProviderNetwork;
  readonly Vlan: Vlan;
  readonly OvnEip: OvnEip;
  readonly OvnFip: OvnFip;
  readonly OvnSnatRule: OvnSnatRule;
  readonly OvnDnatRule: OvnDnatRule;
  readonly VpcNatGateway: VpcNatGateway;
  readonly IptablesEIP: IptablesEip;
  readonly IptablesFIPRule: IptablesFipRule;
  readonly IptablesSnatRule: IptablesSnatRule;
  readonly IptablesDnatRule: IptablesDnatRule;
  readonly SwitchLBRule: SwitchLbRule;
}
export type StatusKind = keyof StatusKinds;

interface StatusOf<T> {
  readonly resource: Resource;
  /** what needs the object: it is let go when there is none */
  readonly users?: { readonly what: string; of(name: string, world: ReadonlyWorld): readonly string[] };
  status(object: T, findings: Findings, sources: StatusSources): object;
  /** labels that follow from the status, for people and their tools */
  labels?(status: object): Readonly<Record<string, string>>;
}

export const STATUS_OF: { readonly [K in StatusKind]: StatusOf<StatusKinds[K]> } = {
  Vpc: {
    resource: RESOURCES.vpcs,
    users: {
      what: 'subnets and gateways',
      of: (name, world) => [
        ...world.keys('Subnet', 'vpc', name),
        ...world.keys('VpcNatGateway', 'vpc', name).map((gateway) => `VpcNatGateway/${gateway}`),
      ],
    },
    status(vpc, { ready, warning, now }, { world, uuidOf }) {
      const { name } = vpc.metadata;
      const standby = uuidOf(`Logical_Router/${name}`) !== undefined;
      const peers = standby ? linkedVpcs(name, world) : [];
      const asked = askedExternals(name, untracked(world)).map(({ subnet }) => subnet);
      const externals = connected(name, asked, uuidOf);
      return vpcStatus(vpc, world.keys('Subnet', 'vpc', name), { peers, externals, standby }, { ready, warning, now });
    },
  },
  VpcPeering: {
    resource: RESOURCES.vpcPeerings,
    status: (peering, { ready, now }, { world }) => vpcPeeringStatus(peering, linkOf(peering, world), ready, now),
  },
  Subnet: {
    resource: RESOURCES.subnets,
    users: {
      what: 'users',
      of: (name, world) => [
        ...world.keys('IP', 'subnet', name),
        ...EIP_KINDS.flatMap((kind) => world.keys(kind, 'subnet', name).map((eip) => `${kind}/${eip}`)),
        ...world.keys('VpcNatGateway', 'subnet', name).map((gateway) => `VpcNatGateway/${gateway}`),
      ],
    },
    status(subnet, { ready, warning, now }, { world, allocator, uuidOf }) {
      const { name } = subnet.metadata;
      const dhcp = (family: 4 | 6) => uuidOf(`DHCP_Options/${dhcpKey(name, family)}`);
      const usage = (family: 4 | 6) => allocator.usage(name, family);
      const rows = { v4: dhcp(4), v6: dhcp(6) };
      const router = isInterconnected(subnet.spec) ? world.get('IP', interconnectionName(subnet)) : undefined;
      return subnetStatus(subnet, usage(4), usage(6), ready, warning, { dhcp: rows, router }, now);
    },
  },
  IPPool: {
    resource: RESOURCES.ipPools,
    status(pool, { ready, now }, { allocator }) {
      const usage = (family: 4 | 6) => allocator.poolUsage(pool.spec?.subnet ?? '', pool.metadata.name, family);
      return ipPoolStatus(pool, usage, ready, now);
    },
  },
  SwitchLBRule: {
    resource: RESOURCES.switchLbRules,
    status(rule, findings, { world, health }) {
      const balanced = balancedOf(rule, untracked(world));
      return switchLbRuleStatus(rule, 'backends' in balanced ? balanced.backends : [], findings, health());
    },
  },
  ClusterNetwork: {
    resource: RESOURCES.clusterNetworks,
    status: (network, { ready, warning, now }) => clusterNetworkStatus(network, ready, warning, now),
  },
  ProviderNetwork: {
    resource: RESOURCES.providerNetworks,
    users: { what: 'VLANs', of: (name, world) => world.keys('Vlan', 'provider', name) },
    status: (network, findings, { world }) => providerNetworkStatus(network, world, findings),
  },
  Vlan: {
    resource: RESOURCES.vlans,
    users: { what: 'subnets', of: (name, world) => world.keys('Subnet', 'vlan', name) },
    status: (vlan, findings, { world }) => vlanStatus(vlan, world, findings),
  },
  OvnEip: {
    resource: RESOURCES.ovnEips,
    users: { what: 'users', of: (name, world) => eipUsers('OvnEip', name, world) },
    status: (eip, findings, { world }) => ovnEipStatus(eip, eipUses('OvnEip', eip.metadata.name, world), findings),
  },
  OvnFip: {
    resource: RESOURCES.ovnFips,
    status: (fip, findings, { world }) => ovnFipStatus(fip, translationOf('OvnFip', fip, world), findings),
    labels: natLabels,
  },
  OvnSnatRule: {
    resource: RESOURCES.ovnSnatRules,
    status: (snat, findings, { world }) =>
      ovnSnatRuleStatus(snat, snatTranslationOf('OvnSnatRule', snat, world), findings),
    labels: natLabels,
  },
  OvnDnatRule: {
    resource: RESOURCES.ovnDnatRules,
    status: (dnat, findings, { world }) => ovnDnatRuleStatus(dnat, translationOf('OvnDnatRule', dnat, world), findings),
    labels: natLabels,
  },
  VpcNatGateway: {
    resource: RESOURCES.vpcNatGateways,
    users: {
      what: 'addresses',
      of: (name, world) => world.keys('IptablesEIP', 'gateway', name).map((eip) => `IptablesEIP/${eip}`),
    },
    status: (gateway, findings, { uuidOf }) =>
      vpcNatGatewayStatus(gateway, connected(gateway.spec?.vpc ?? '', gatewaySubnetsOf(gateway), uuidOf), findings),
  },
  IptablesEIP: {
    resource: RESOURCES.iptablesEips,
    users: { what: 'users', of: (name, world) => eipUsers('IptablesEIP', name, world) },
    status: (eip, findings, { world }) =>
      iptablesEipStatus(eip, eipUses('IptablesEIP', eip.metadata.name, world), findings),
  },
  IptablesFIPRule: {
    resource: RESOURCES.iptablesFipRules,
    status: (fip, findings, { world }) =>
      iptablesFipRuleStatus(fip, translationOf('IptablesFIPRule', fip, world), findings),
    labels: natLabels,
  },
  IptablesSnatRule: {
    resource: RESOURCES.iptablesSnatRules,
    status: (snat, findings, { world }) =>
      iptablesSnatRuleStatus(snat, snatTranslationOf('IptablesSnatRule', snat, world), findings),
    labels: natLabels,
  },
  IptablesDnatRule: {
    resource: RESOURCES.iptablesDnatRules,
    status: (dnat, findings, { world }) =>
      iptablesDnatRuleStatus(dnat, translationOf('IptablesDnatRule', dnat, world), findings),
    labels: natLabels,
  },
};

/** those of the external subnets in which the router of the VPC has a port */
function connected(vpc: string, subnets: readonly string[], uuidOf: StatusSources['uuidOf']): readonly string[] {
  return subnets.filter((subnet) => uuidOf(`Logical_Router_Port/${logicalRouterPortName(vpc, subnet)}`) !== undefined);
}

export const STATUS_KINDS = Object.keys(STATUS_OF) as StatusKind[];

export function hasStatus(kind: string): kind is StatusKind {
  return Object.hasOwn(STATUS_OF, kind);
}
