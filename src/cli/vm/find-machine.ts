import {
  type VirtualMachine,
  type VirtualMachineInstance,
  virtualMachineInstanceKind,
  virtualMachineKind,
} from '../../kinds/virtual-machine.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isReason } from '../../lib/kube/error.ts';
import type { Resource } from '../../lib/kube/resource.ts';
import { CliError } from '../terminal/failure.ts';

export interface Machine {
  readonly machine: VirtualMachine | undefined;
  readonly instance: VirtualMachineInstance | undefined;
}

/** A virtual machine and its instance, at least one of them. @throws CliError when there is neither */
export async function findMachine(client: KubeClient, namespace: string, name: string): Promise<Machine> {
  const [machine, instance] = await Promise.all([
    get<VirtualMachine>(client, virtualMachineKind, namespace, name),
    get<VirtualMachineInstance>(client, virtualMachineInstanceKind, namespace, name),
  ]);
  if (machine || instance) return { machine, instance };
  throw new CliError(
    3,
    `there is no virtual machine ${name} in namespace ${namespace}: \`weft vm list\` shows those that are there, -n says where to look`,
  );
}

async function get<T>(client: KubeClient, resource: Resource, namespace: string, name: string): Promise<T | undefined> {
  try {
    return await client.get<T>(resource, namespace, name);
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined;
    throw error;
  }
}
