/** Which networks a pod or virtual machine asks for, and what a network attachment says. Source: Multus' network annotation (de-facto standard v1.3), KubeVirt's spec.networks. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import type { VirtualMachine, VmInterface, VmiSpec, VmNetwork } from '../../kinds/virtual-machine.ts';

export const NETWORKS_ANNOTATION = 'k8s.v1.cni.cncf.io/networks';

/** One network that is asked for. */
export interface NetworkSelection {
  readonly namespace: string;
  readonly name: string;
  /** name of the interface in the pod; given, or net1, net2, ... by position */
  readonly interface: string;
  readonly interfaceGiven: boolean;
  /** name of the network in the machine's spec */
  readonly nic?: string;
  readonly mac?: string;
  readonly ips?: readonly string[];
}

export interface Problem {
  /** why it cannot be read, as the tail of a sentence */
  readonly problem: string;
}

const NAME = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;
/**
 * A name that an interface of a pod may have: at most 15 bytes (IFNAMSIZ), and nothing that a command takes for an option. `lo` is there
 * already; `.` and `..` are the kernel's exceptions (dev_valid_name).
 */
export const INTERFACE_NAME = /^(?!lo$)[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/;
/** RFC 1123 subdomain */
const OBJECT_NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/** Parses the networks annotation: `[ns/]name[@interface], ...` or a JSON list. */
export function parseNetworks(text: string, defaultNamespace: string): readonly NetworkSelection[] | Problem {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  const items = trimmed.startsWith('[') ? jsonItems(trimmed) : trimmed.split(',').map(textItem);
  return 'problem' in items ? items : selectionsOf(items, defaultNamespace);
}

/** Checks what is asked for and numbers the interfaces. */
function selectionsOf(items: readonly Item[], defaultNamespace: string): readonly NetworkSelection[] | Problem {
  const selections: NetworkSelection[] = [];
  for (const [index, item] of items.entries()) {
    const { name, namespace = defaultNamespace, interface: given, nic } = item;
    if (typeof name !== 'string' || !NAME.test(name) || typeof namespace !== 'string' || !NAME.test(namespace))
      return { problem: `network ${index + 1} must be [namespace/]name[@interface] with lower-case names` };
    if (given !== undefined && (typeof given !== 'string' || !INTERFACE_NAME.test(given)))
      return {
        problem: `interface name ${JSON.stringify(given)} of network ${name} cannot be had: at most 15 of A-Z a-z 0-9 _ . -, beginning with a letter, a digit or _, and not lo`,
      };
    selections.push({
      name,
      namespace,
      interface: given ?? `net${index + 1}`,
      interfaceGiven: given !== undefined,
      ...(nic === undefined ? {} : { nic }),
      ...requests(item),
    });
  }
  const names = selections.map((selection) => selection.interface);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return { problem: `interface name ${twice} stands twice` };
  const nameless = selections.find((one) => isRepeated(one, selections) && !OBJECT_NAME.test(one.interface));
  if (nameless === undefined) return selections;
  return {
    problem: `interface name ${nameless.interface} of network ${nameless.name}, which is asked for more than once, becomes part of the name of a port: lower-case letters, digits, - and . between them only`,
  };
}

function isRepeated({ namespace, name }: NetworkSelection, all: readonly NetworkSelection[]): boolean {
  return all.filter((one) => one.name === name && one.namespace === namespace).length > 1;
}

interface Item {
  readonly name?: unknown;
  readonly namespace?: unknown;
  readonly interface?: unknown;
  readonly mac?: unknown;
  readonly ips?: unknown;
  readonly nic?: string;
}

function jsonItems(text: string): readonly Item[] | Problem {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && value.every((item) => typeof item === 'object' && item !== null))
      return (value as readonly Item[]).map(({ name, namespace, interface: face, mac, ips }) => ({
        name,
        namespace,
        interface: face,
        mac,
        ips,
      }));
  } catch {
    // falls through to the one answer
  }
  return { problem: 'is neither a comma-separated list of networks nor a JSON list of objects' };
}

function textItem(text: string): Item {
  const [network = '', face] = text.trim().split('@');
  const slash = network.indexOf('/');
  return {
    name: network.slice(slash + 1),
    ...(slash >= 0 ? { namespace: network.slice(0, slash) } : {}),
    ...(face === undefined ? {} : { interface: face }),
  };
}

function requests({ mac, ips }: Item): Pick<NetworkSelection, 'mac' | 'ips'> {
  return {
    ...(typeof mac === 'string' ? { mac } : {}),
    ...(Array.isArray(ips) && ips.every((ip) => typeof ip === 'string') ? { ips } : {}),
  };
}

/**
 * The networks of a virtual machine: `spec.template.spec.networks` (multus), with the MAC addresses of the interfaces of the same names, else the
 * networks annotation of the template, else that of the machine itself, which Multus and KubeVirt do not know but the proposal's manifests use.
 * The schema of machines is open: anything may stand there.
 */
export function networksOfVm(vm: VirtualMachine): readonly NetworkSelection[] | Problem {
  const namespace = vm.metadata.namespace ?? '';
  const template = vm.spec?.template;
  const networks: unknown = template?.spec?.networks ?? [];
  if (!Array.isArray(networks)) return { problem: 'spec.networks must be a list' };
  const wrong = networks.findIndex((network) => !isVmNetwork(network));
  if (wrong >= 0)
    return { problem: `spec.networks[${wrong}] needs a name, and multus.networkName if it has multus (both text)` };
  const declared = (networks as readonly VmNetwork[]).filter((network) => network.multus !== undefined);
  if (declared.length > 0) {
    const faces = interfacesOf(template?.spec);
    return selectionsOf(
      declared
        .filter(({ name }) => faces.get(name)?.state !== 'absent')
        .map(({ name, multus }) => ({
          ...textItem(multus!.networkName),
          interface: podInterfaceName(name),
          mac: faces.get(name)?.macAddress,
          nic: name,
        })),
      namespace,
    );
  }
  const annotation =
    template?.metadata?.annotations?.[NETWORKS_ANNOTATION] ?? vm.metadata.annotations?.[NETWORKS_ANNOTATION];
  return parseNetworks(annotation ?? '', namespace);
}

function isVmNetwork(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { name, multus } = value as { readonly name?: unknown; readonly multus?: { readonly networkName?: unknown } };
  return typeof name === 'string' && (multus === undefined || typeof multus?.networkName === 'string');
}

/** the machine's interfaces by name; whatever stands there, only text is taken */
function interfacesOf(spec: VmiSpec | undefined): ReadonlyMap<string, Partial<VmInterface>> {
  const interfaces: unknown = spec?.domain?.devices?.interfaces;
  if (!Array.isArray(interfaces)) return new Map();
  const known = (interfaces as readonly (Partial<VmInterface> | null)[]).filter(
    (face) => typeof face?.name === 'string',
  );
  return new Map(known.map((face) => [face!.name!, face!]));
}

/** Name that KubeVirt gives a network's interface in the launcher pod: `pod`, and 11 hexadecimal digits of the SHA-256 of the network's name. */
export function podInterfaceName(network: string): string {
  return `pod${bytesToHex(sha256(utf8ToBytes(network))).slice(0, 11)}`;
}

export interface Attachment {
  /** the CNI type is Weft's (`kube-ovn`) */
  readonly ours: boolean;
  /** `<name>.<namespace>.ovn` */
  readonly provider: string;
  readonly givenProvider?: string;
  /** subnet named by the attachment itself; else the subnet whose spec.provider is this provider serves it */
  readonly subnet?: string;
}

export function providerOf(namespace: string, name: string): string {
  return `${name}.${namespace}.ovn`;
}

/** What a network attachment's CNI configuration says. */
export function attachmentConfig(definition: NetworkAttachmentDefinition): Attachment | Problem {
  const provider = providerOf(definition.metadata.namespace ?? '', definition.metadata.name);
  let config: unknown;
  try {
    config = JSON.parse(definition.spec?.config ?? '{}');
  } catch (error) {
    return { problem: `is not JSON: ${error instanceof Error ? error.message : 'unreadable'}` };
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    return { problem: 'must be a JSON object' };
  const {
    type,
    provider: givenProvider,
    ipam,
  } = config as { type?: unknown; provider?: unknown; ipam?: { subnet?: unknown } };
  const subnet = typeof ipam === 'object' && ipam !== null ? ipam.subnet : undefined;
  if (subnet !== undefined && typeof subnet !== 'string')
    return { problem: 'ipam.subnet must be the name of a subnet' };
  if (givenProvider !== undefined && typeof givenProvider !== 'string') return { problem: 'provider must be text' };
  return {
    ours: type === 'kube-ovn',
    provider,
    ...(givenProvider === undefined ? {} : { givenProvider }),
    ...(subnet === undefined ? {} : { subnet }),
  };
}

/**
 * Provider of one selection within its pod: with the interface name appended when the same network is attached more than once with
 * interface names given, so that each has a port of its own.
 */
export function selectionProvider(selection: NetworkSelection, all: readonly NetworkSelection[]): string {
  const provider = providerOf(selection.namespace, selection.name);
  return isRepeated(selection, all) ? `${provider}.${selection.interface}` : provider;
}
