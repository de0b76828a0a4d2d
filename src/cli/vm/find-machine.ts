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
  const found = await getMachine(client, namespace, name);
  if (found.machine || found.instance) return found;
  throw new CliError(
    3,
    `there is no virtual machine ${name} in namespace ${namespace}: \`weft vm list\` shows those that are there, -n says where to look`,
  );
}

export async function getMachine(client: KubeClient, namespace: string, name: string): Promise<Machine> {
  const [machine, instance] = await Promise.all([
    getOrNone<VirtualMachine>(client, virtualMachineKind, namespace, name),
    getOrNone<VirtualMachineInstance>(client, virtualMachineInstanceKind, namespace, name),
  ]);
  return { machine, instance };
}

/** undefined when there is none */
export async function getOrNone<T>(
  client: KubeClient,
  resource: Resource,
  namespace: string,
  name: string,
): Promise<T | undefined> {
  try {
    return await client.get<T>(resource, namespace, name);
  } catch (error) {
    if (isReason(error, 'NotFound')) return undefined;
    throw error;
  }
}
