/** Who uses a network: whoever has an address in its subnet, and machines that name it though they have none yet. */
import type { IpObject } from '../../kinds/ip.ts';
import { keyOf } from '../../kinds/object.ts';
import type { VirtualMachine } from '../../kinds/virtual-machine.ts';
import { networksOfVm } from '../ipam/attachments.ts';

/** `VirtualMachine namespace/name` or `Pod namespace/name` of each, once; `IP name` of a reservation for nobody. */
export function holders(ips: Iterable<IpObject>): readonly string[] {
  return [...new Set([...ips].map(holder))].toSorted();
}

function holder({ metadata, spec }: IpObject): string {
  if (!spec?.podName) return `IP ${metadata.name}`;
  return `${spec.podType === 'VirtualMachine' ? 'VirtualMachine' : 'Pod'} ${spec.namespace}/${spec.podName}`;
}

/** `VirtualMachine namespace/name` of those that name a network. @param network namespace/name */
export function machinesNaming(network: string, machines: Iterable<VirtualMachine>): readonly string[] {
  return [...machines]
    .filter((vm) => {
      const selections = networksOfVm(vm);
      return !('problem' in selections) && selections.some(({ namespace, name }) => `${namespace}/${name}` === network);
    })
    .map(({ metadata }) => `VirtualMachine ${keyOf(metadata)}`);
}
