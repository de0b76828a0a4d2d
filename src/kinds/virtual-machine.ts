/** KubeVirt's VirtualMachine, VirtualMachineInstance and VirtualMachineInstanceMigration, as far as Weft's lab and its users read them. */
import type { KubeObject } from './object.ts';
import { AGE, column, type Kind, READY } from './kind.ts';
import { anything, open } from './schema.ts';

export interface VmNetwork {
  readonly name: string;
  readonly multus?: { readonly networkName: string };
  readonly pod?: unknown;
}

export interface VmInterface {
  readonly name: string;
  readonly macAddress?: string;
  /** absent: it is to be taken out of a machine that runs */
  readonly state?: string;
}

export interface VmiSpec {
  readonly networks?: readonly VmNetwork[];
  readonly domain?: { readonly devices?: { readonly interfaces?: readonly VmInterface[] } };
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** what an eviction of its launcher does; the lab's default is LiveMigrate */
  readonly evictionStrategy?: string;
  readonly [other: string]: unknown;
}

export interface VmTemplate {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: VmiSpec;
}

export interface VmSpec {
  /** deprecated upstream but in wide use; see runStrategy */
  readonly running?: boolean;
  readonly runStrategy?: 'Always' | 'Halted' | 'Manual' | 'RerunOnFailure' | 'Once';
  readonly template?: VmTemplate;
}

export interface VmiInterfaceStatus {
  readonly name?: string;
  /** of the device in the guest */
  readonly interfaceName?: string;
  readonly mac?: string;
  readonly ipAddress?: string;
  readonly ipAddresses?: readonly string[];
}

/** How the last migration of an instance goes, as KubeVirt shows it; what a step has not reached yet is absent. */
export interface MigrationState {
  readonly migrationUid?: string;
  readonly sourceNode?: string;
  readonly sourcePod?: string;
  readonly targetNode?: string;
  readonly targetPod?: string;
  /** where the target waits for the machine: its kind knows how to read it */
  readonly targetNodeAddress?: string;
  /** RFC 3339: the machine is being sent */
  readonly startTimestamp?: string;
  /** RFC 3339: the machine runs at the target */
  readonly targetNodeDomainReadyTimestamp?: string;
  readonly endTimestamp?: string;
  readonly completed?: boolean;
  readonly failed?: boolean;
  readonly failureReason?: string;
  readonly abortRequested?: boolean;
  readonly abortStatus?: 'Succeeded' | 'Failed' | 'Aborting';
  readonly mode?: 'PreCopy' | 'PostCopy';
}

export interface VmiStatus {
  readonly phase?: 'Pending' | 'Scheduling' | 'Scheduled' | 'Running' | 'Succeeded' | 'Failed';
  readonly nodeName?: string;
  readonly interfaces?: readonly VmiInterfaceStatus[];
  readonly migrationState?: MigrationState;
  /** somebody wants this node empty: the instance should migrate away from it */
  readonly evacuationNodeName?: string;
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason?: string;
    readonly message?: string;
  }[];
}

export interface VmStatus {
  readonly printableStatus?: string;
  readonly ready?: boolean;
  readonly created?: boolean;
  readonly conditions?: VmiStatus['conditions'];
}

export interface MigrationSpec {
  readonly vmiName?: string;
  /** what the target node must have on top of what the instance asks for */
  readonly addedNodeSelector?: Readonly<Record<string, string>>;
}

export const MIGRATION_PHASES = [
  'Pending',
  'Scheduling',
  'Scheduled',
  'PreparingTarget',
  'TargetReady',
  'Running',
  'Succeeded',
  'Failed',
] as const;
export type MigrationPhase = (typeof MIGRATION_PHASES)[number];

export interface MigrationStatus {
  readonly phase?: MigrationPhase;
  readonly migrationState?: MigrationState;
  readonly phaseTransitionTimestamps?: readonly {
    readonly phase: MigrationPhase;
    readonly phaseTransitionTimestamp: string;
  }[];
  readonly conditions?: VmiStatus['conditions'];
}

/** A wish for one live migration of an instance. Deleting it while it is under way calls it off. */
export type Migration = KubeObject<MigrationSpec, MigrationStatus>;

export type VirtualMachine = KubeObject<VmSpec, VmStatus>;
export type VirtualMachineInstance = KubeObject<VmiSpec, VmiStatus>;

const common = {
  group: 'kubevirt.io',
  version: 'v1',
  categories: ['all'],
  namespaced: true,
  statusSubresource: true,
} as const;

export const virtualMachineKind: Kind = {
  ...common,
  kind: 'VirtualMachine',
  plural: 'virtualmachines',
  singular: 'virtualmachine',
  shortNames: ['vm', 'vms'],
  description: 'A virtual machine, running or not.',
  // `spec:` with nothing after it is accepted: such a machine gets a small default guest
  spec: open<VmSpec>('how the machine is run: runStrategy, template'),
  status: anything('state of the machine'),
  columns: [AGE, column('Status', '.status.printableStatus'), READY],
};

export const virtualMachineInstanceKind: Kind = {
  ...common,
  kind: 'VirtualMachineInstance',
  plural: 'virtualmachineinstances',
  singular: 'virtualmachineinstance',
  shortNames: ['vmi', 'vmis'],
  description: 'A virtual machine that runs.',
  spec: open<VmiSpec>('networks, devices, placement'),
  status: anything('state of the instance'),
  columns: [
    AGE,
    column('Phase', '.status.phase'),
    column('IP', '.status.interfaces[0].ipAddress'),
    column('NodeName', '.status.nodeName'),
    READY,
  ],
};

export const virtualMachineInstanceMigrationKind: Kind = {
  ...common,
  kind: 'VirtualMachineInstanceMigration',
  plural: 'virtualmachineinstancemigrations',
  singular: 'virtualmachineinstancemigration',
  shortNames: ['vmim', 'vmims'],
  description: 'A live migration of a virtual machine instance.',
  spec: open<MigrationSpec>('vmiName: the instance; addedNodeSelector: more that the target node must have'),
  status: anything('state of the migration'),
  columns: [column('Phase', '.status.phase'), column('VMI', '.spec.vmiName'), AGE],
};
