/** What of an instance's interfaces cannot be had: nothing is left out in silence. Pure. */
import type { VirtualMachineInstance } from '../../kinds/virtual-machine.ts';
import type { Refusal } from './pod.ts';

/** fields of an interface that do not say how it is bound to its network (KubeVirt's api/core/v1, type Interface) */
const NOT_BINDINGS: ReadonlySet<string> = new Set([
  'acpiIndex',
  'bootOrder',
  'bridge',
  'dhcpOptions',
  'macAddress',
  'model',
  'name',
  'pciAddress',
  'ports',
  'state',
  'tag',
]);
const PATH = 'spec.domain.devices.interfaces';

interface Face {
  readonly name?: unknown;
}

/**
 * Interfaces are bridged to their networks; another binding is not built. On the pod network, which the lab does not have, any binding may stand:
 * a condition of its own tells of that. When interfaces are given, each has a network and each network has one, as KubeVirt demands.
 */
export function interfaceRefusal({ spec }: VirtualMachineInstance): Refusal | undefined {
  const interfaces: unknown = spec?.domain?.devices?.interfaces ?? [];
  if (!Array.isArray(interfaces)) return invalid(`${PATH} must be a list`);
  const networks: readonly { readonly name: string; readonly pod?: unknown }[] = spec?.networks ?? [];
  for (const [index, face] of (interfaces as readonly (Face | null)[]).entries()) {
    if (typeof face?.name !== 'string') return invalid(`${PATH}[${index}] needs a name (text)`);
    const network = networks.find(({ name }) => name === face.name);
    if (!network) return invalid(`${PATH}[${index}]: there is no network ${face.name} in spec.networks`);
    const binding = network.pod ? undefined : bindingOf(face);
    if (binding !== undefined)
      return {
        reason: 'NotImplemented',
        message: `${PATH}[${index}].${binding} is not built yet; use bridge, or leave it out`,
      };
  }
  const names = new Set((interfaces as readonly Face[]).map(({ name }) => name));
  const lone = interfaces.length > 0 ? networks.findIndex(({ name }) => !names.has(name)) : -1;
  if (lone < 0) return undefined;
  return invalid(`spec.networks[${lone}]: ${PATH} has no interface ${networks[lone]!.name}; add it, or leave all out`);
}

function bindingOf(face: Face): string | undefined {
  return Object.keys(face).find((field) => !NOT_BINDINGS.has(field));
}

function invalid(message: string): Refusal {
  return { reason: 'Invalid', message };
}
