/** Which interfaces a pod has on our networks, in order, and where each gets its addresses from. Pure lookups; no writes. */
import {
  attachmentConfig,
  type NetworkSelection,
  NETWORKS_ANNOTATION,
  parseNetworks,
  type Problem,
  selectionProvider,
} from '../../core/ipam/attachments.ts';
import { NAME_MAX, portName } from '../../core/ovn/names.ts';
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import type { Owner, Pod } from './pod.ts';

export interface Interface {
  /** name of the IP object and of the port */
  readonly name: string;
  /** provider with which annotations are spelled: `<nad>.<namespace>.ovn[.<interface>]` */
  readonly provider: string;
  readonly subnet: string;
  /** what the network selection itself asks for */
  readonly mac?: string;
  readonly ips?: readonly string[];
}

export interface Networks {
  attachment(key: string): NetworkAttachmentDefinition | undefined;
  /** name of the subnet whose spec.provider is this */
  subnetOfProvider(provider: string): string | undefined;
}

/** The pod's interfaces, or why they cannot be told (a network that does not exist yet, for example). */
export function interfacesOf(pod: Pod, owner: Owner, networks: Networks): readonly Interface[] | Problem {
  const selections = parseNetworks(pod.metadata.annotations?.[NETWORKS_ANNOTATION] ?? '', owner.namespace);
  if ('problem' in selections) return { problem: `annotation ${NETWORKS_ANNOTATION} ${selections.problem}` };
  const interfaces: Interface[] = [];
  for (const selection of selections) {
    const found = interfaceOf(selection, selections, owner, networks);
    if (found && 'problem' in found) return found;
    if (found) interfaces.push(found);
  }
  return interfaces;
}

/** undefined for networks that are not ours */
function interfaceOf(
  selection: NetworkSelection,
  all: readonly NetworkSelection[],
  owner: Owner,
  networks: Networks,
): Interface | Problem | undefined {
  const key = `${selection.namespace}/${selection.name}`;
  const definition = networks.attachment(key);
  if (!definition)
    return {
      problem: `network ${key} does not exist: create the NetworkAttachmentDefinition, or correct the annotation ${NETWORKS_ANNOTATION}`,
    };
  const config = attachmentConfig(definition);
  if ('problem' in config) return { problem: `spec.config of network ${key} ${config.problem}` };
  if (!config.ours) return undefined;
  const subnet = config.subnet ?? networks.subnetOfProvider(config.provider);
  if (subnet === undefined)
    return {
      problem: `no subnet serves network ${key}: name one in its spec.config (ipam.subnet), or set spec.provider of a subnet to ${config.provider}`,
    };
  const provider = selectionProvider(selection, all);
  const name = portName(owner.name, owner.namespace, provider);
  if (name.length > NAME_MAX)
    return {
      problem: `interface ${name} has a name of ${name.length} characters, ${NAME_MAX} are possible: choose shorter names`,
    };
  return {
    name,
    provider,
    subnet,
    ...(selection.mac === undefined ? {} : { mac: selection.mac }),
    ...(selection.ips === undefined ? {} : { ips: selection.ips }),
  };
}
