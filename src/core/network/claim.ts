/** Whether an object that is there may be a part of a VirtualNetwork: it is one already, or it belongs to nobody and says nothing else. */
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import { keyOf, type KubeObject, type OwnerReference } from '../../kinds/object.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { VirtualNetwork } from '../../kinds/virtual-network.ts';
import { attachmentConfig } from '../ipam/attachments.ts';
import { equal } from '../ovn/equal.ts';
import { ADOPTED, isSet } from './merge.ts';
import { networkOf } from './names.ts';
import { attachmentLabels, type Fields } from './parts.ts';

/** One thing that an object says and its network does not want. */
export interface Difference {
  /** path in the object */
  readonly field: string;
  /** with its verb, the tail of a sentence about the object */
  readonly says: string;
}

/** `ours`, `free`, or the object that it belongs to */
export type Claim = 'ours' | 'free' | { readonly owner: string };

export function claimOf({ metadata }: KubeObject, network: VirtualNetwork): Claim {
  const marked = networkOf(metadata);
  const key = keyOf(network.metadata);
  if (marked !== undefined) return marked === key ? 'ours' : { owner: `VirtualNetwork ${marked}` };
  const controller = metadata.ownerReferences?.find((one) => one.controller === true && !isReferenceTo(one, network));
  return controller ? { owner: `${controller.kind} ${controller.name}` } : 'free';
}

/** it was there before its network */
export function isAdopted({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[ADOPTED] === 'true';
}

/** also to one of the same name that is gone */
export function isReferenceTo(reference: OwnerReference, { kind, metadata }: VirtualNetwork): boolean {
  return reference.kind === kind && reference.name === metadata.name;
}

/** What a Subnet of nobody says that is not in `fields`. */
export function subnetDifferences(live: Subnet, fields: Fields): readonly Difference[] {
  const spec = (live.spec ?? {}) as Fields;
  return Object.entries(fields).flatMap(([name, wanted]) => {
    const value = spec[name];
    // false is something that a user may have said; the rest is as good as unsaid
    if (value !== false && !isSet(value)) return [];
    if (wanted === null ? value === false : equal(value, wanted)) return [];
    const not = wanted === null ? '' : `, not ${JSON.stringify(wanted)}`;
    return [{ field: `spec.${name}`, says: `has ${name} ${JSON.stringify(value)}${not}` }];
  });
}

/** the subnet that an attachment names in its configuration; most do not, and the subnet names them by its provider */
export function namedSubnet(attachment: NetworkAttachmentDefinition | undefined): string | undefined {
  const config = attachment && attachmentConfig(attachment);
  return config && 'ours' in config && config.ours ? config.subnet : undefined;
}

/** What a NetworkAttachmentDefinition of nobody says that its network does not want. @param subnet the network's */
export function attachmentDifferences(
  live: NetworkAttachmentDefinition,
  network: VirtualNetwork,
  subnet: string,
): readonly Difference[] {
  const config = attachmentConfig(live);
  const field = 'spec.config';
  if ('problem' in config) return [{ field, says: `has a config that ${config.problem}` }];
  if (!config.ours) return [{ field, says: 'is not of type kube-ovn' }];
  const { provider, givenProvider = provider, subnet: named = subnet } = config;
  return [
    ...(givenProvider === provider ? [] : [{ field, says: `has provider ${givenProvider}, not ${provider}` }]),
    ...(named === subnet ? [] : [{ field, says: `names subnet ${named}, not ${subnet}` }]),
    ...Object.entries(attachmentLabels(network)).flatMap(([name, wanted]) => {
      const value = live.metadata.labels?.[name] ?? wanted;
      return value === wanted
        ? []
        : [{ field: `metadata.labels[${name}]`, says: `has label ${name} ${value}, not ${wanted}` }];
    }),
  ];
}
