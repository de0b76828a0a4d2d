/** The resources that virt reads and writes. */
import type { Kind } from '../../kinds/kind.ts';
import { networkAttachmentDefinitionKind } from '../../kinds/network-attachment-definition.ts';
import {
  virtualMachineInstanceKind,
  virtualMachineInstanceMigrationKind,
  virtualMachineKind,
} from '../../kinds/virtual-machine.ts';
import { CORE, type Resource } from '../../lib/kube/resource.ts';

const resource = ({ group, version, plural, namespaced }: Kind): Resource => ({ group, version, plural, namespaced });

export const RESOURCES = {
  ...CORE,
  attachments: resource(networkAttachmentDefinitionKind),
  vms: resource(virtualMachineKind),
  vmis: resource(virtualMachineInstanceKind),
  migrations: resource(virtualMachineInstanceMigrationKind),
} as const;

/** POST there with a Binding gives the pod its node (subresource `binding`). */
export function bindingsOf(pod: string): Resource {
  return { ...CORE.pods, plural: `pods/${encodeURIComponent(pod)}/binding` };
}
