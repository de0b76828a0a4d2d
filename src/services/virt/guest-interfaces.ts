/** Which interfaces a guest gets, in order, each with the CNI configuration that makes it. Pure. */
import {
  NETWORKS_ANNOTATION,
  parseNetworks,
  podInterfaceName,
  type Problem,
  selectionProvider,
} from '../../core/ipam/attachments.ts';
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import type { VirtualMachineInstance } from '../../kinds/virtual-machine.ts';
import type { GuestInterface } from './guest-record.ts';
import { instanceOwner, type Pod } from './pod.ts';

const CNI_VERSION = '0.3.1';
/** the one type whose provider is ours to derive */
const OURS = 'kube-ovn';

/**
 * @param instance the virtual machine that the pod launches; its devices are eth0, eth1, ... A pod by itself has the names that Multus gives.
 * @returns the interfaces, or why they cannot be told
 */
export function guestInterfaces(
  pod: Pod,
  instance: VirtualMachineInstance | undefined,
  attachment: (key: string) => NetworkAttachmentDefinition | undefined,
): readonly GuestInterface[] | Problem {
  const selections = parseNetworks(pod.metadata.annotations?.[NETWORKS_ANNOTATION] ?? '', pod.metadata.namespace ?? '');
  if ('problem' in selections) return { problem: `annotation ${NETWORKS_ANNOTATION} ${selections.problem}` };
  const isMachine = instanceOwner(pod) !== undefined;
  const declared = instance?.spec?.networks?.filter(({ multus }) => multus !== undefined) ?? [];
  const nicNames = new Map(declared.map(({ name }) => [podInterfaceName(name), name]));
  // those that a machine which runs has already keep their names, whatever came and went before them
  const devices = new Map(
    (instance?.status?.interfaces ?? []).flatMap(({ name, interfaceName }) =>
      name !== undefined && interfaceName !== undefined && /^eth\d{1,3}$/.test(interfaceName)
        ? [[name, interfaceName] as const]
        : [],
    ),
  );
  const interfaces: GuestInterface[] = [];
  for (const [index, selection] of selections.entries()) {
    const key = `${selection.namespace}/${selection.name}`;
    const config = configOf(key, attachment(key), selectionProvider(selection, selections));
    if ('problem' in config) return config;
    const declaredName =
      nicNames.get(selection.interface) ?? (selection.interfaceGiven ? undefined : declared[index]?.name);
    // without names there is nothing by which to plug: they are counted
    const known = declaredName === undefined ? `eth${index}` : devices.get(declaredName);
    const device = isMachine ? (known ?? freeDevice([...interfaces, ...devices.values()])) : selection.interface;
    interfaces.push({ device, name: declaredName ?? device, network: key, ...config });
  }
  return interfaces;
}

/** What a guest that runs lacks of the interfaces that are asked for, and what it has too many. They are told apart by device, name and network. */
export function changesOf(
  had: readonly GuestInterface[],
  wanted: readonly GuestInterface[],
): { readonly gone: readonly GuestInterface[]; readonly come: readonly GuestInterface[] } {
  const without = (some: readonly GuestInterface[], others: readonly GuestInterface[]) => {
    const keys = new Set(others.map(identityOf));
    return some.filter((face) => !keys.has(identityOf(face)));
  };
  return { gone: without(had, wanted), come: without(wanted, had) };
}

function identityOf({ device, name, network }: GuestInterface): string {
  return `${device} ${name} ${network}`;
}

/** the first that nobody has */
function freeDevice(others: readonly (GuestInterface | string)[]): string {
  const taken = new Set(others.map((other) => (typeof other === 'string' ? other : other.device)));
  for (let index = 0; ; index++) if (!taken.has(`eth${index}`)) return `eth${index}`;
}

function configOf(
  key: string,
  definition: NetworkAttachmentDefinition | undefined,
  provider: string,
): Pick<GuestInterface, 'type' | 'config' | 'provider'> | Problem {
  if (!definition) return { problem: `network ${key} does not exist: create the NetworkAttachmentDefinition` };
  const config = parseObject(definition.spec?.config ?? '{}');
  if (!config) return { problem: `spec.config of network ${key} is not a JSON object` };
  const { type, cniVersion = CNI_VERSION } = config;
  if (typeof type !== 'string')
    return {
      problem: `spec.config of network ${key} has no type${'plugins' in config ? ' (lists of plugins are not built yet)' : ''}`,
    };
  const full = { ...config, cniVersion, name: definition.metadata.name, ...(type === OURS ? { provider } : {}) };
  return { type, config: JSON.stringify(full), ...(type === OURS ? { provider } : {}) };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
