/** The controller's informers and what it looks up in them. */
import type { ClusterNetwork } from '../../kinds/cluster-network.ts';
import type { IpObject } from '../../kinds/ip.ts';
import type { IpPool } from '../../kinds/ip-pool.ts';
import type { IptablesDnatRule, IptablesEip, IptablesFipRule, IptablesSnatRule } from '../../kinds/iptables-nat.ts';
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import type { OvnDnatRule } from '../../kinds/ovn-dnat-rule.ts';
import type { OvnEip } from '../../kinds/ovn-eip.ts';
import type { OvnFip } from '../../kinds/ovn-fip.ts';
import type { OvnSnatRule } from '../../kinds/ovn-snat-rule.ts';
import type { ProviderNetwork } from '../../kinds/provider-network.ts';
import type { NodeUnderlay } from '../../kinds/node-underlay.ts';
import type { KubeObject } from '../../kinds/object.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { SwitchLbRule } from '../../kinds/switch-lb-rule.ts';
import type { Vip } from '../../kinds/vip.ts';
import type { Migration, MigrationState, VirtualMachine, VirtualMachineInstance } from '../../kinds/virtual-machine.ts';
import type { VirtualNetwork } from '../../kinds/virtual-network.ts';
import type { Vlan } from '../../kinds/vlan.ts';
import type { Vpc } from '../../kinds/vpc.ts';
import type { VpcNatGateway } from '../../kinds/vpc-nat-gateway.ts';
import type { VpcPeering } from '../../kinds/vpc-peering.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { Informer, type ObjectChange } from '../../lib/kube/informer.ts';
import type { Resource } from '../../lib/kube/resource.ts';
import { Grouping } from './grouping.ts';
import { essentials, ownerKey, ownerOf, type Pod } from './pod.ts';
import { RESOURCES } from './resources.ts';

/** everything that the controller follows, by kind */
interface CachedKinds {
  readonly Vpc: Vpc;
  readonly VpcPeering: VpcPeering;
  readonly Subnet: Subnet;
  readonly IP: IpObject;
  readonly IPPool: IpPool;
  readonly Vip: Vip;
  readonly SwitchLBRule: SwitchLbRule;
  readonly NetworkAttachmentDefinition: NetworkAttachmentDefinition;
  readonly ClusterNetwork: ClusterNetwork;
  readonly NodeUnderlay: NodeUnderlay;
  readonly Node: KubeObject;
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
  readonly Pod: Pod;
  readonly VirtualMachine: VirtualMachine;
  readonly VirtualMachineInstance: VirtualMachineInstance;
  readonly VirtualMachineInstanceMigration: Migration;
  readonly VirtualNetwork: VirtualNetwork;
}
export type CachedKind = keyof CachedKinds;

/** where a kind is read, and what is kept of its objects (all, unless a function says otherwise) */
const SOURCES: {
  readonly [K in CachedKind]: readonly [resource: Resource, keep?: (object: CachedKinds[K]) => CachedKinds[K]];
} = {
  Vpc: [RESOURCES.vpcs],
  VpcPeering: [RESOURCES.vpcPeerings],
  Subnet: [RESOURCES.subnets],
  IP: [RESOURCES.ips],
  IPPool: [RESOURCES.ipPools],
  Vip: [RESOURCES.vips],
  SwitchLBRule: [RESOURCES.switchLbRules],
  NetworkAttachmentDefinition: [RESOURCES.attachments],
  ClusterNetwork: [RESOURCES.clusterNetworks],
  NodeUnderlay: [RESOURCES.nodeUnderlays],
  Node: [RESOURCES.nodes, nodeEssentials],
  ProviderNetwork: [RESOURCES.providerNetworks],
  Vlan: [RESOURCES.vlans],
  OvnEip: [RESOURCES.ovnEips],
  OvnFip: [RESOURCES.ovnFips],
  OvnSnatRule: [RESOURCES.ovnSnatRules],
  OvnDnatRule: [RESOURCES.ovnDnatRules],
  VpcNatGateway: [RESOURCES.vpcNatGateways],
  IptablesEIP: [RESOURCES.iptablesEips],
  IptablesFIPRule: [RESOURCES.iptablesFipRules],
  IptablesSnatRule: [RESOURCES.iptablesSnatRules],
  IptablesDnatRule: [RESOURCES.iptablesDnatRules],
  Pod: [RESOURCES.pods, essentials],
  VirtualMachine: [RESOURCES.vms],
  VirtualMachineInstance: [RESOURCES.vmis, instanceEssentials],
  VirtualMachineInstanceMigration: [RESOURCES.migrations],
  VirtualNetwork: [RESOURCES.virtualNetworks],
};

type Changes<K extends CachedKind> = readonly ObjectChange<CachedKinds[K]>[];
/** who is told of changes, once for all that came together */
export type Handlers = { readonly [K in CachedKind]: (changes: Changes<K>) => void };

export class Caches {
  readonly #informers = new Map<CachedKind, Informer<KubeObject>>();
  /** owner -> pods */
  readonly podsByOwner = new Grouping();
  /** owner -> IP objects */
  readonly ipsByOwner = new Grouping();
  /** instance -> migrations */
  readonly migrationsByInstance = new Grouping();

  constructor(client: KubeClient, handlers: Handlers, onError: (what: string, error: unknown) => void) {
    for (const kind of Object.keys(SOURCES) as CachedKind[]) {
      const [resource, keep] = SOURCES[kind];
      this.#informers.set(
        kind,
        new Informer<KubeObject>(client, resource, {
          ...(keep ? { keep: keep as (object: KubeObject) => KubeObject } : {}),
          onError: (error) => onError(resource.plural, error),
          onChanges: (list) => {
            const changes = list as readonly ObjectChange<KubeObject>[];
            this.#group(kind, changes);
            (handlers[kind] as (changes: readonly ObjectChange<KubeObject>[]) => void)(changes);
          },
        }),
      );
    }
  }

  of<K extends CachedKind>(kind: K): Informer<CachedKinds[K]> {
    return this.#informers.get(kind) as unknown as Informer<CachedKinds[K]>;
  }

  async start(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.start()));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.stop()));
  }

  /** Takes in an object that was just written, before the watch tells of it. */
  learn(object: KubeObject): void {
    this.#informers.get(object.kind as CachedKind)?.learn(object);
  }

  #group(kind: CachedKind, changes: readonly ObjectChange<KubeObject>[]): void {
    for (const { key, new: object } of changes) {
      if (kind === 'Pod') this.podsByOwner.set(key, object && ownerKey(ownerOf(object as Pod)));
      else if (kind === 'IP') this.ipsByOwner.set(key, object && ownerOfIp(object as IpObject));
      else if (kind === 'VirtualMachineInstanceMigration')
        this.migrationsByInstance.set(key, object && instanceOfMigration(object as Migration));
    }
  }

  /** the pod or machine that has an interface */
  ownerOf({ spec }: IpObject): KubeObject | undefined {
    const key = `${spec?.namespace}/${spec?.podName}`;
    return spec?.podType === 'VirtualMachine' ? this.of('VirtualMachine').get(key) : this.of('Pod').get(key);
  }

  podsOf(owner: string): readonly Pod[] {
    return this.podsByOwner.members(owner).flatMap((key) => this.of('Pod').get(key) ?? []);
  }

  ipsOf(owner: string): readonly IpObject[] {
    return this.ipsByOwner.members(owner).flatMap((key) => this.of('IP').get(key) ?? []);
  }

  /** @param instance `namespace/name` */
  migrationsOf(instance: string): readonly Migration[] {
    return this.migrationsByInstance
      .members(instance)
      .flatMap((key) => this.of('VirtualMachineInstanceMigration').get(key) ?? []);
  }
}

export function instanceOfMigration({ metadata, spec }: Migration): string {
  return `${metadata.namespace}/${spec?.vmiName}`;
}

/** of a node the controller asks what it is called, what it is for, and whether it is being emptied */
function nodeEssentials({ apiVersion, kind, metadata, spec }: KubeObject): KubeObject {
  const { name, uid, resourceVersion, labels } = metadata;
  const { unschedulable } = (spec ?? {}) as { readonly unschedulable?: boolean };
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      ...(uid ? { uid } : {}),
      ...(resourceVersion ? { resourceVersion } : {}),
      ...(labels ? { labels } : {}),
    },
    spec: unschedulable === true ? { unschedulable } : {},
  };
}

/** of an instance the controller asks where it runs */
function instanceEssentials({ metadata, status }: VirtualMachineInstance): VirtualMachineInstance {
  const { name, namespace, resourceVersion } = metadata;
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    metadata: { name, ...(namespace ? { namespace } : {}), ...(resourceVersion ? { resourceVersion } : {}) },
    status: {
      ...(status?.nodeName === undefined ? {} : { nodeName: status.nodeName }),
      ...(status?.migrationState?.completed ? { migrationState: whereabouts(status.migrationState) } : {}),
    },
  };
}

function whereabouts({ completed, sourceNode, targetNode }: MigrationState): MigrationState {
  return Object.fromEntries(
    Object.entries({ completed, sourceNode, targetNode }).filter(([, value]) => value !== undefined),
  );
}

export function ownerOfIp({ spec }: IpObject): string {
  return ownerKey({
    kind: spec?.podType === 'VirtualMachine' ? 'VirtualMachine' : 'Pod',
    namespace: spec?.namespace ?? '',
    name: spec?.podName ?? '',
  });
}
