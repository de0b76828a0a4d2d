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
  readonly mac?: string;
  readonly ipAddress?: string;
  readonly ipAddresses?: readonly string[];
}

export interface VmiStatus {
  readonly phase?: 'Pending' | 'Scheduling' | 'Scheduled' | 'Running' | 'Succeeded' | 'Failed';
  readonly nodeName?: string;
  readonly interfaces?: readonly VmiInterfaceStatus[];
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
  spec: open('vmiName'),
  status: anything('state of the migration'),
  columns: [column('Phase', '.status.phase'), column('VMI', '.spec.vmiName'), AGE],
};
