/**
 * The world: what users and the cluster say, as typed objects by kind and key, with indexes. Objects are immutable; a change
 * replaces one. Only kinds of this table exist: a rule cannot read what is not listed here.
 */
import { attempt } from '../../lib/netaddr/error.ts';
import { type Cidr, coveringCidrs, formatCidr, parseInterface } from '../../lib/netaddr/cidr.ts';
import type { Encap } from '../ovn/encap.ts';
import { equal } from '../ovn/equal.ts';
import { CLUSTER_NETWORK_LABEL, type ClusterNetwork } from '../../kinds/cluster-network.ts';
import type { HostNetworkConfig } from '../../kinds/host-network-config.ts';
import type { IpObject } from '../../kinds/ip.ts';
import type { IptablesDnatRule, IptablesEip, IptablesFipRule, IptablesSnatRule } from '../../kinds/iptables-nat.ts';
import type { NodeUnderlayStatus, NodeUplink } from '../../kinds/node-underlay.ts';
import type { KubeObject } from '../../kinds/object.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { IpPool } from '../../kinds/ip-pool.ts';
import type { OvnDnatRule } from '../../kinds/ovn-dnat-rule.ts';
import type { OvnEip } from '../../kinds/ovn-eip.ts';
import type { OvnFip } from '../../kinds/ovn-fip.ts';
import type { OvnSnatRule } from '../../kinds/ovn-snat-rule.ts';
import type { ProviderNetwork } from '../../kinds/provider-network.ts';
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import type { SwitchLbRule } from '../../kinds/switch-lb-rule.ts';
import { SWITCH_LB_VIP, type Vip } from '../../kinds/vip.ts';
import type { VirtualMachine } from '../../kinds/virtual-machine.ts';
import type { VirtualNetwork } from '../../kinds/virtual-network.ts';
import type { Vlan } from '../../kinds/vlan.ts';
import type { VlanConfig } from '../../kinds/vlan-config.ts';
import { attachmentConfig } from '../ipam/attachments.ts';
import { outerLinks, pairKey, pairOf, possibleLinks } from './link-prefixes.ts';
import { machineVips, machineWishes } from '../ipam/machine-wishes.ts';
import type { Vpc } from '../../kinds/vpc.ts';
import type { VpcNatGateway } from '../../kinds/vpc-nat-gateway.ts';
import type { VpcPeering } from '../../kinds/vpc-peering.ts';
import type { Placement } from '../migration/placement.ts';
import type { PortsBound } from '../migration/port-pin.ts';
import { EXTERNAL_INDEXES } from '../external/indexes.ts';
import type { GatewayRank } from '../external/gateways.ts';
import { externalSubnetsOf } from '../external/names.ts';
import { isOnVlan, isRouted, prefixScopes } from '../vlan/vlan-subnet.ts';
import { networkOf, vpcOf } from '../network/names.ts';
import { networkCidrs } from '../network/parts.ts';
import { balancedAddress } from '../vip/balanced.ts';
import { sharedVips, portVips, takenVip } from '../vip/port-annotations.ts';
import { type Workload, workloadKey, workloadLabels } from '../select/workload.ts';
import { addressSetName, linkPortName, logicalRouterPortName, switchRouterPortName } from '../ovn/names.ts';

/** Settings of the whole installation: what the controller was started with. One object, key "cluster". */
export interface Settings {
  /** bytes that fit into one packet between two nodes after encapsulation, as long as no node has said what fits */
  readonly tunnelMtu: number;
  /** encapsulations that nodes speak, as long as no node has said */
  readonly encaps?: readonly Encap[];
  /** for guests of VPCs that name none; of both families */
  readonly dnsServers?: readonly string[];
  readonly searchDomains?: readonly string[];
}

export interface Kinds {
  readonly Settings: Settings;
  readonly Vpc: Vpc;
  /** namespace/name */
  readonly VpcPeering: VpcPeering;
  readonly Subnet: Subnet;
  readonly IP: IpObject;
  readonly IPPool: IpPool;
  readonly Vip: Vip;
  readonly SwitchLBRule: SwitchLbRule;
  /** namespace/name, like all kinds that live in namespaces */
  readonly NetworkAttachmentDefinition: NetworkAttachmentDefinition;
  readonly VirtualMachine: VirtualMachine;
  readonly VirtualNetwork: VirtualNetwork;
  readonly ClusterNetwork: ClusterNetwork;
  readonly VlanConfig: VlanConfig;
  readonly HostNetworkConfig: HostNetworkConfig;
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
  readonly Node: KubeObject;
  /** observed: a node on a physical network, key `<provider network>/<node>` */
  readonly Uplink: NodeUplink & { readonly node: string };
  /** observed: a node that OVN has taken its gateways from because others do not reach it, key: node */
  readonly GatewayLoss: GatewayLoss;
  /** observed: who carries the gateways that name an HA_Chassis_Group, key: its name */
  readonly GatewayCarrier: GatewayCarrier;
  /** observed: the networks between nodes as a node has them, key: node */
  readonly NodeUnderlay: NodeUnderlayStatus;
  /** observed: where a virtual machine runs, key `namespace/name` */
  readonly Placement: Placement;
  /** observed: where OVN has the ports of a virtual machine that are on more than one node, key `namespace/name` */
  readonly PortsBound: PortsBound;
  /** observed: who may be chosen by labels, key `<Pod|VirtualMachine>/<namespace>/<name>` */
  readonly Workload: Workload;
  /** observed: a port that no node has, key: its name, which is that of its IP object */
  readonly PortDown: PortDown;
}

export interface GatewayLoss {
  readonly lost: true;
}

export interface GatewayCarrier {
  /** the physical network */
  readonly provider: string;
  /** in order; more than one while they move */
  readonly nodes: readonly string[];
  /** who may, the highest first */
  readonly ranks: readonly GatewayRank[];
}

export interface PortDown {
  readonly down: true;
}

export type KindName = keyof Kinds;

export const SETTINGS_KEY = 'cluster';

type IndexFunction<T> = (object: T) => readonly string[];

/** index name -> the values under which an object is found */
export const INDEXES = {
  Settings: {},
  Vpc: {
    /** external subnets that it asks for itself */
    external: (vpc: Vpc) => externalSubnetsOf(vpc.spec),
    /** namespaces that it is for */
    namespace: ({ spec }: Vpc) => spec?.namespaces ?? [],
    all: () => [''],
    /** VPCs that its spec.vpcPeerings name */
    peer: ({ spec }: Vpc) => (spec?.vpcPeerings ?? []).flatMap(({ remoteVpc }) => remoteVpc ?? []),
    /** names of the router ports of its links */
    portName: ({ metadata, spec }: Vpc) =>
      (spec?.vpcPeerings ?? []).map(({ remoteVpc }) => linkPortName(metadata.name, remoteVpc ?? '')),
  },
  VpcPeering: {
    vpc: ({ spec }: VpcPeering) => [spec?.localVpc ?? '', spec?.remoteVpc ?? ''],
    /** both VPCs in order, `<VPC>|<VPC>` */
    pair: (peering: VpcPeering) => [pairKey(pairOf(peering))],
    /** `<VPC>|<prefix>` for both VPCs and each prefix that the link might have */
    link: (peering: VpcPeering) => pairOf(peering).flatMap((vpc) => exactly(vpc, possibleLinks(peering))),
    /** the same, and all that hold these prefixes: whoever asks for P gets the links inside P */
    linkInside: (peering: VpcPeering) =>
      pairOf(peering).flatMap((vpc) => exactly(vpc, possibleLinks(peering).flatMap(outerLinks))),
  },
  Placement: {},
  PortsBound: {},
  PortDown: {},
  Node: {
    all: () => [''],
  },
  ...EXTERNAL_INDEXES,
  ClusterNetwork: {},
  VlanConfig: {
    all: () => [''],
    clusterNetwork: ({ spec }: VlanConfig) => [spec?.clusterNetwork ?? ''],
  },
  HostNetworkConfig: {
    all: () => [''],
    clusterNetwork: ({ spec }: HostNetworkConfig) => [spec?.clusterNetwork ?? ''],
  },
  NodeUnderlay: {
    all: () => [''],
    network: ({ networks = [] }: NodeUnderlayStatus) => networks.map(({ name }) => name),
  },
  Subnet: {
    /** every one that may be a datapath */
    all: () => [''],
    /** the network between nodes that it chooses */
    nodeNetwork: ({ spec }: Subnet) => (spec?.nodeNetwork ? [spec.nodeNetwork] : []),
    /** the VPC whose router is in it */
    vpc: ({ spec }: Subnet) => (isRouted(spec) ? [spec?.vpc ?? ''] : []),
    vlan: ({ spec }: Subnet) => (isOnVlan(spec) ? [spec!.vlan!] : []),
    /** namespaces whose default it is */
    namespace: ({ spec }: Subnet) => spec?.namespaces ?? [],
    /** `<VPC or VLAN>|<prefix>` for each prefix of the subnet exactly */
    prefix: (subnet: Subnet) => prefixScopes(subnet.spec).flatMap((scope) => exactly(scope, prefixes(subnet))),
    /** the same for each prefix of the subnet and all that cover it: whoever asks for P gets the subnets inside P */
    inside: (subnet: Subnet) => prefixScopes(subnet.spec).flatMap((scope) => covering(scope, prefixes(subnet))),
    /** names of the rows that connect it with its router: no two subnets may share them */
    portName: (subnet: Subnet) => {
      if (!isRouted(subnet.spec)) return [];
      const vpc = subnet.spec?.vpc ?? '';
      return [logicalRouterPortName(vpc, subnet.metadata.name), switchRouterPortName(vpc, subnet.metadata.name)];
    },
    provider: (subnet: Subnet) => [subnet.spec?.provider ?? ''],
    /** the VirtualNetwork that it is a part of, namespace/name */
    network: ({ metadata }: Subnet) => [networkOf(metadata) ?? ''].filter((key) => key !== ''),
  },
  IP: {
    subnet: (ip: IpObject) => [ip.spec?.subnet ?? ''],
    namespace: (ip: IpObject) => [ip.spec?.namespace ?? ''],
    /** `<subnet>|<MAC>` */
    mac: (ip: IpObject) => (ip.spec?.macAddress ? [`${ip.spec.subnet}|${ip.spec.macAddress.toLowerCase()}`] : []),
    /** `<subnet>|<address>` for each of its addresses */
    address: (ip: IpObject) =>
      [ip.spec?.v4IpAddress, ip.spec?.v6IpAddress]
        .filter((text) => text !== undefined && text !== '')
        .map((text) => `${ip.spec?.subnet}|${text}`),
    /** the Workload that it belongs to */
    workload: (ip: IpObject) => [workloadKey(ip)],
    /** Vips that it may take over */
    sharedVip: sharedVips,
    /** `<subnet>|<address>` of its subnet's spec.vips that it may take over */
    portVip: (ip: IpObject) => portVips(ip).map((text) => `${ip.spec?.subnet}|${text}`),
    /** the Vip whose address it has for its own */
    takenVip: (ip: IpObject) => takenVip(ip.metadata.annotations),
  },
  IPPool: {
    subnet: (pool: IpPool) => [pool.spec?.subnet ?? ''],
    /** name of the address set that it makes */
    addressSet: ({ metadata, spec }: IpPool) =>
      spec?.enableAddressSet === true ? [addressSetName(metadata.name)] : [],
  },
  Vip: {
    subnet: (vip: Vip) => [vip.spec?.subnet ?? ''],
    /** `<subnet>|<address>` */
    address: ({ spec }: Vip) =>
      [spec?.v4ip, spec?.v6ip]
        .filter((text) => text !== undefined && text !== '')
        .map((text) => `${spec?.subnet}|${text}`),
    /** `<subnet>|<MAC>` */
    mac: ({ spec }: Vip) => (spec?.macAddress ? [`${spec.subnet}|${spec.macAddress.toLowerCase()}`] : []),
    /** addresses that it reserves for load balancers */
    balanced: ({ spec }: Vip) =>
      spec?.type === SWITCH_LB_VIP ? [spec.v4ip, spec.v6ip].flatMap((text) => text || []) : [],
  },
  SwitchLBRule: {
    /** its virtual address, spelled as usual */
    address: balancedAddress,
    namespace: ({ spec }: SwitchLbRule) => [spec?.namespace ?? ''],
  },
  Workload: {
    namespace: ({ namespace }: Workload) => [namespace],
    /** `<namespace>|<key>=<value>` */
    label: workloadLabels,
  },
  NetworkAttachmentDefinition: {
    /** the ClusterNetwork of its label */
    clusterNetwork: ({ metadata }: NetworkAttachmentDefinition) => [metadata.labels?.[CLUSTER_NETWORK_LABEL] ?? ''],
    /** the subnet that it names */
    subnet: (definition: NetworkAttachmentDefinition) => {
      const config = attachmentConfig(definition);
      return 'ours' in config && config.ours && config.subnet !== undefined ? [config.subnet] : [];
    },
  },
  VirtualMachine: {
    /** `<namespace>/<network>|<address or MAC>` for each that the machine asks for by name */
    wish: machineWishes,
    /** Vips whose addresses it asks for */
    takenVip: machineVips,
  },
  VirtualNetwork: {
    vpc: (network: VirtualNetwork) => [vpcOf(network).name],
    /** as those of a Subnet: what its Subnet will have */
    prefix: (network: VirtualNetwork) => exactly(vpcOf(network).name, networkCidrs(network.spec)),
    inside: (network: VirtualNetwork) => covering(vpcOf(network).name, networkCidrs(network.spec)),
  },
} as const satisfies { readonly [K in KindName]: Readonly<Record<string, IndexFunction<Kinds[K]>>> };

export type IndexName<K extends KindName> = keyof (typeof INDEXES)[K] & string;

function exactly(vpc: string | undefined, cidrs: readonly Cidr[]): readonly string[] {
  return cidrs.map((prefix) => `${vpc}|${formatCidr(prefix)}`);
}

function covering(vpc: string | undefined, cidrs: readonly Cidr[]): readonly string[] {
  return cidrs.flatMap((prefix) => exactly(vpc, [...coveringCidrs(prefix)]));
}

function prefixes(subnet: Subnet) {
  return (subnet.spec?.cidrBlock ?? '')
    .split(',')
    .map((text) => attempt(() => parseInterface(text.trim()).cidr))
    .filter((cidr) => cidr !== undefined);
}

/** One object that came, changed or went (`object` undefined). */
export type Change = {
  readonly [K in KindName]: { readonly kind: K; readonly key: string; readonly object: Kinds[K] | undefined };
}[KindName];

/** What a change touched: the object itself, and the index values whose members changed. */
export interface Touched {
  readonly kind: KindName;
  readonly key: string;
  readonly indexValues: readonly { readonly index: string; readonly value: string }[];
}

interface Table {
  readonly objects: Map<string, unknown>;
  readonly indexes: Map<string, Map<string, Set<string>>>;
}

export interface ReadonlyWorld {
  get<K extends KindName>(kind: K, key: string): Kinds[K] | undefined;
  /** keys of the objects with that index value, in order of arrival */
  keys<K extends KindName>(kind: K, index: IndexName<K>, value: string): readonly string[];
  all<K extends KindName>(kind: K): IterableIterator<readonly [string, Kinds[K]]>;
}

const KIND_NAMES = Object.keys(INDEXES) as KindName[];

export class World implements ReadonlyWorld {
  readonly #tables = new Map<KindName, Table>(
    KIND_NAMES.map((kind) => [
      kind,
      { objects: new Map(), indexes: new Map(Object.keys(INDEXES[kind]).map((name) => [name, new Map()])) },
    ]),
  );

  get<K extends KindName>(kind: K, key: string): Kinds[K] | undefined {
    return this.#table(kind).objects.get(key) as Kinds[K] | undefined;
  }

  keys<K extends KindName>(kind: K, index: IndexName<K>, value: string): readonly string[] {
    const found = this.#table(kind).indexes.get(index)?.get(value);
    return found ? [...found] : [];
  }

  all<K extends KindName>(kind: K): IterableIterator<readonly [string, Kinds[K]]> {
    return this.#table(kind).objects.entries() as IterableIterator<[string, Kinds[K]]>;
  }

  /** Applies one change; undefined when nothing is different. */
  apply({ kind, key, object }: Change): Touched | undefined {
    const table = this.#table(kind);
    const old = table.objects.get(key);
    if (equal(old, object)) return undefined;
    if (object === undefined) table.objects.delete(key);
    else table.objects.set(key, object);
    const indexValues: { index: string; value: string }[] = [];
    for (const [index, values] of Object.entries(INDEXES[kind]) as [string, IndexFunction<unknown>][]) {
      const before = new Set(old === undefined ? [] : values(old));
      const after = new Set(object === undefined ? [] : values(object));
      const map = table.indexes.get(index)!;
      for (const value of before) {
        if (after.has(value)) continue;
        const members = map.get(value)!;
        members.delete(key);
        if (members.size === 0) map.delete(value);
        indexValues.push({ index, value });
      }
      for (const value of after) {
        if (before.has(value)) continue;
        let members = map.get(value);
        if (!members) map.set(value, (members = new Set()));
        members.add(key);
        indexValues.push({ index, value });
      }
    }
    return { kind, key, indexValues };
  }

  #table(kind: KindName): Table {
    const table = this.#tables.get(kind);
    if (!table) throw new Error(`the world has no kind ${kind}`);
    return table;
  }
}
