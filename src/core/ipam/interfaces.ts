/** Which interfaces a pod or virtual machine has on our networks, in order, and where each gets its addresses from. Pure lookups. */
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import { NAME_MAX, portName } from '../ovn/names.ts';
import { attachmentConfig, type NetworkSelection, type Problem, selectionProvider } from './attachments.ts';
import type { WishPlace } from './wishes.ts';

export interface Interface extends WishPlace {
  /** name of the IP object and of the port */
  readonly port: string;
  readonly subnet: string;
  /** what the network selection itself asks for */
  readonly mac?: string;
  readonly ips?: readonly string[];
}

export interface Networks {
  /** @param key namespace/name */
  attachment(key: string): NetworkAttachmentDefinition | undefined;
  /** name of the subnet whose spec.provider is this */
  subnetOfProvider(provider: string): string | undefined;
  /** name of the subnet for attachments of a namespace that nothing else serves */
  defaultSubnet(namespace: string): string | Problem | undefined;
}

export interface InterfaceOwner {
  readonly namespace: string;
  /** of the virtual machine, or of the pod that is none */
  readonly name: string;
}

/** The interfaces, or why they cannot be told (a network that does not exist yet, for example). */
export function interfacesOf(
  selections: readonly NetworkSelection[],
  owner: InterfaceOwner,
  networks: Networks,
): readonly Interface[] | Problem {
  const interfaces: Interface[] = [];
  for (const selection of selections) {
    const found = interfaceOf(selection, selections, owner, networks, interfaces.length === 0);
    if (found && 'problem' in found) return found;
    if (found) interfaces.push(found);
  }
  return interfaces;
}

/** One of them; undefined for a network that is not ours. */
export function interfaceOf(
  selection: NetworkSelection,
  all: readonly NetworkSelection[],
  owner: InterfaceOwner,
  networks: Networks,
  isFirst: boolean,
): Interface | Problem | undefined {
  const key = `${selection.namespace}/${selection.name}`;
  const subnet = subnetOf(key, networks);
  if (typeof subnet !== 'string') return subnet;
  const provider = selectionProvider(selection, all);
  const port = portName(owner.name, owner.namespace, provider);
  if (port.length > NAME_MAX)
    return {
      problem: `interface ${port} has a name of ${port.length} characters, ${NAME_MAX} are possible: choose shorter names`,
    };
  return {
    port,
    provider,
    subnet,
    isFirst,
    name: selection.name,
    namespace: selection.namespace,
    interface: selection.interface,
    nic: selection.nic,
    ...(selection.mac === undefined ? {} : { mac: selection.mac }),
    ...(selection.ips === undefined ? {} : { ips: selection.ips }),
  };
}

/** Name of the subnet that serves a network; undefined when the network is not ours. */
export function subnetOf(key: string, networks: Networks): string | Problem | undefined {
  const definition = networks.attachment(key);
  if (!definition)
    return {
      problem: `network ${key} does not exist: create the NetworkAttachmentDefinition, or correct the name of the network`,
    };
  const config = attachmentConfig(definition);
  if ('problem' in config) return { problem: `spec.config of network ${key} ${config.problem}` };
  if (!config.ours) return undefined;
  return (
    config.subnet ??
    networks.subnetOfProvider(config.provider) ??
    networks.defaultSubnet(key.slice(0, key.indexOf('/'))) ?? {
      problem: `no subnet serves network ${key}: name one in its spec.config (ipam.subnet), set spec.provider of a subnet to ${config.provider}, or give its namespace a default (spec.namespaces of a subnet, spec.defaultSubnet of a VPC)`,
    }
  );
}
