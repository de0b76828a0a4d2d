/** Networks as the world has them, and who may use which. */
import type { ReadonlyWorld } from './world.ts';
import type { Networks } from '../ipam/interfaces.ts';
import type { Problem } from '../ipam/attachments.ts';

export function networksIn(world: ReadonlyWorld): Networks {
  return {
    attachment: (key) => world.get('NetworkAttachmentDefinition', key),
    subnetOfProvider: (provider) => world.keys('Subnet', 'provider', provider)[0],
    defaultSubnet: (namespace) => defaultSubnet(namespace, world),
  };
}

/** The subnet of attachments in a namespace that name none: one that is bound to the namespace, else the default of a VPC for the namespace. */
function defaultSubnet(namespace: string, world: ReadonlyWorld): string | Problem | undefined {
  const bound = world.keys('Subnet', 'namespace', namespace).toSorted();
  const ofVpcs = world
    .keys('Vpc', 'namespace', namespace)
    .toSorted()
    .flatMap((vpc) => world.get('Vpc', vpc)?.spec?.defaultSubnet || []);
  const found = bound.length > 0 ? bound : [...new Set(ofVpcs)];
  if (found.length <= 1) return found[0];
  return {
    problem: `namespace ${namespace} has more than one default subnet (${found.join(', ')}): name one in ipam.subnet of the network's spec.config`,
  };
}

/** Why machines of a namespace may not use a subnet; undefined when they may. */
export function whyNotFor(namespace: string, subnet: string, world: ReadonlyWorld): string | undefined {
  const vpc = world.get('Subnet', subnet)?.spec?.vpc ?? '';
  const namespaces = world.get('Vpc', vpc)?.spec?.namespaces ?? [];
  if (namespaces.length === 0 || namespaces.includes(namespace)) return undefined;
  return `subnet ${subnet} is in VPC ${vpc}, which is for namespaces ${namespaces.join(', ')}: choose another network, or add namespace ${namespace} to spec.namespaces of the VPC`;
}
