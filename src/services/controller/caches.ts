/** The controller's informers and what it looks up in them. */
import type { IpObject } from '../../kinds/ip.ts';
import type { IpPool } from '../../kinds/ip-pool.ts';
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import type { KubeObject } from '../../kinds/object.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { Vip } from '../../kinds/vip.ts';
import type { Migration, MigrationState, VirtualMachine, VirtualMachineInstance } from '../../kinds/virtual-machine.ts';
import type { Vpc } from '../../kinds/vpc.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { Informer, type ObjectChange } from '../../lib/kube/informer.ts';
import type { Resource } from '../../lib/kube/resource.ts';
import { Grouping } from './grouping.ts';
import { essentials, ownerKey, ownerOf, type Pod } from './pod.ts';
import { RESOURCES } from './resources.ts';

type Handlers = {
  readonly [K in
    | 'vpcs'
    | 'subnets'
    | 'ips'
    | 'ipPools'
    | 'vips'
    | 'attachments'
    | 'pods'
    | 'vms'
    | 'vmis'
    | 'migrations']: (changes: readonly ObjectChange<KubeObject>[]) => void;
};

const INFORMERS = { Vpc: 'vpcs', Subnet: 'subnets', IPPool: 'ipPools', Vip: 'vips', IP: 'ips' } as const;

export class Caches {
  readonly vpcs: Informer<Vpc>;
  readonly subnets: Informer<Subnet>;
  readonly ips: Informer<IpObject>;
  readonly ipPools: Informer<IpPool>;
  readonly vips: Informer<Vip>;
  readonly attachments: Informer<NetworkAttachmentDefinition>;
  readonly pods: Informer<Pod>;
  readonly vms: Informer<VirtualMachine>;
  readonly vmis: Informer<VirtualMachineInstance>;
  readonly migrations: Informer<Migration>;
  /** owner -> pods */
  readonly podsByOwner = new Grouping();
  /** owner -> IP objects */
  readonly ipsByOwner = new Grouping();
  /** instance -> migrations */
  readonly migrationsByInstance = new Grouping();

  constructor(client: KubeClient, handlers: Handlers, onError: (what: string, error: unknown) => void) {
    const informer = <T extends KubeObject>(
      resource: Resource,
      name: keyof Handlers,
      before?: (changes: readonly ObjectChange<T>[]) => void,
      keep?: (object: T) => T,
    ) =>
      new Informer<T>(client, resource, {
        ...(keep ? { keep } : {}),
        onError: (error) => onError(resource.plural, error),
        onChanges: (changes) => {
          before?.(changes as readonly ObjectChange<T>[]);
          handlers[name](changes as readonly ObjectChange<KubeObject>[]);
        },
      });
    this.vpcs = informer<Vpc>(RESOURCES.vpcs, 'vpcs');
    this.subnets = informer<Subnet>(RESOURCES.subnets, 'subnets');
    this.ipPools = informer<IpPool>(RESOURCES.ipPools, 'ipPools');
    this.vips = informer<Vip>(RESOURCES.vips, 'vips');
    this.attachments = informer<NetworkAttachmentDefinition>(RESOURCES.attachments, 'attachments');
    this.vms = informer<VirtualMachine>(RESOURCES.vms, 'vms');
    this.vmis = informer<VirtualMachineInstance>(RESOURCES.vmis, 'vmis', undefined, instanceEssentials);
    this.migrations = informer<Migration>(RESOURCES.migrations, 'migrations', (changes) => {
      for (const { key, new: migration } of changes)
        this.migrationsByInstance.set(key, migration && instanceOfMigration(migration));
    });
    const groupPods = (changes: readonly ObjectChange<Pod>[]) => {
      for (const change of changes) this.podsByOwner.set(change.key, change.new && ownerKey(ownerOf(change.new)));
    };
    this.pods = informer<Pod>(RESOURCES.pods, 'pods', groupPods, essentials);
    this.ips = informer<IpObject>(RESOURCES.ips, 'ips', (changes) => {
      for (const change of changes) this.ipsByOwner.set(change.key, change.new && ownerOfIp(change.new));
    });
  }

  async start(): Promise<void> {
    await Promise.all(this.#all().map((informer) => informer.start()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all().map((informer) => informer.stop()));
  }

  /** Takes in an object that was just written, before the watch tells of it. */
  learn(object: KubeObject): void {
    const kind = object.kind as keyof typeof INFORMERS;
    (this[INFORMERS[kind]] as unknown as Informer<KubeObject> | undefined)?.learn(object);
  }

  podsOf(owner: string): readonly Pod[] {
    return this.podsByOwner.members(owner).flatMap((key) => this.pods.get(key) ?? []);
  }

  ipsOf(owner: string): readonly IpObject[] {
    return this.ipsByOwner.members(owner).flatMap((key) => this.ips.get(key) ?? []);
  }

  /** @param instance `namespace/name` */
  migrationsOf(instance: string): readonly Migration[] {
    return this.migrationsByInstance.members(instance).flatMap((key) => this.migrations.get(key) ?? []);
  }

  #all(): readonly Informer<KubeObject>[] {
    return [
      this.vpcs,
      this.subnets,
      this.ips,
      this.ipPools,
      this.vips,
      this.attachments,
      this.pods,
      this.vms,
      this.vmis,
      this.migrations,
    ] as unknown as readonly Informer<KubeObject>[];
  }
}

export function instanceOfMigration({ metadata, spec }: Migration): string {
  return `${metadata.namespace}/${spec?.vmiName}`;
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
