/**
 * A VirtualNetwork and what exists -> what has to be written, and what stands in the way. Pure, and the same whatever happened before:
 *
 *   VirtualNetwork --parts.ts--> fields of VPC, Subnet, NetworkAttachmentDefinition
 *                                   |  claim.ts: may they be ours?  merge.ts: what differs?
 *                                   v
 *                         create, patch, delete; issues
 */
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import { keyOf, type KubeObject, type ObjectMeta, type OwnerReference } from '../../kinds/object.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { VirtualNetwork } from '../../kinds/virtual-network.ts';
import type { StaticRoute, Vpc } from '../../kinds/vpc.ts';
import { equal } from '../ovn/equal.ts';
import {
  attachmentDifferences,
  claimOf,
  type Difference,
  isAdopted,
  isReferenceTo,
  namedSubnet,
  subnetDifferences,
} from './claim.ts';
import { ADOPTED, APPLIED, fieldPatch, mergedItems, parseFields, printFields } from './merge.ts';
import { networkLabels, ownVpcOf, vpcOf } from './names.ts';
import {
  ATTACHMENT_LABEL_DEFAULTS,
  attachmentFields,
  attachmentLabels,
  excludesAfter,
  type Fields,
  networkCidrs,
  networkRoutes,
  routeKey,
  subnetFields,
} from './parts.ts';

/** Objects that are, or might be, its parts. */
export interface Existing {
  /** the VPC of the name that its own one has */
  readonly vpc: Vpc | undefined;
  readonly subnet: Subnet | undefined;
  /** the name of its Subnet, or the one that a new one gets */
  readonly subnetName: string;
  readonly attachment: NetworkAttachmentDefinition | undefined;
  /** names of all subnets in the VPC of its own */
  readonly vpcSubnets: readonly string[];
}

export type PartKind = 'Vpc' | 'Subnet' | 'NetworkAttachmentDefinition';

export type Step =
  | { readonly verb: 'create'; readonly kind: PartKind; readonly object: KubeObject }
  /** a merge patch that holds only for the version that was seen */
  | { readonly verb: 'patch'; readonly kind: PartKind; readonly object: KubeObject; readonly patch: object }
  | { readonly verb: 'delete'; readonly kind: PartKind; readonly object: KubeObject };

export const PART_REASONS = ['NameTaken', 'Leaving', 'StillUsed'] as const;

/** Something that keeps a part from being what the network wants. */
export interface PartIssue {
  readonly reason: (typeof PART_REASONS)[number];
  readonly message: string;
}

export interface Plan {
  readonly steps: readonly Step[];
  readonly issues: readonly PartIssue[];
}

/** What one part should be. */
interface Part {
  readonly kind: PartKind;
  readonly apiVersion: string;
  readonly place: Pick<ObjectMeta, 'name' | 'namespace'>;
  readonly labels: Readonly<Record<string, string>>;
  /** labels that must be there, with any value */
  readonly labelDefaults?: Readonly<Record<string, string>>;
  readonly references: readonly OwnerReference[];
  /** fields that are remembered as said */
  readonly said: Fields;
  /** of a new object */
  readonly spec: object;
  /** what of the spec of the object that is there has to change */
  readonly change: (applied: Fields) => object | undefined;
  readonly differences: () => readonly Difference[];
}

/** Parts that should be. */
export function planNetwork(network: VirtualNetwork, existing: Existing): Plan {
  const { own } = vpcOf(network);
  const vpc = own ? ensure(network, vpcPart(network, existing.vpc), existing.vpc) : removeVpc(network, existing);
  const attachment = attachmentPart(network, existing.attachment, existing.subnetName);
  return joined([
    vpc,
    // without its VPC a new subnet would be refused
    ...(own && vpc.issues.length > 0 && !existing.subnet
      ? []
      : [ensure(network, subnetPart(network, existing), existing.subnet)]),
    ensure(network, attachment, existing.attachment),
  ]);
}

/** What becomes of the parts when nothing uses the network any more: those that it made go, those that were there before stay. */
export function planRemoval(network: VirtualNetwork, existing: Existing): Plan {
  const { subnet, attachment } = existing;
  return joined([remove(network, attachment), remove(network, subnet), removeVpc(network, existing)]);
}

/** Parts stay, and belong to nobody. */
export function planRelease(network: VirtualNetwork, existing: Existing): Plan {
  return { steps: partsOf(network, existing).map((part) => release(network, part)), issues: [] };
}

function release(network: VirtualNetwork, object: KubeObject): Step {
  const none = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, null]));
  const metadata = {
    resourceVersion: object.metadata.resourceVersion,
    labels: none(Object.keys(networkLabels(network.metadata))),
    annotations: none([APPLIED, ADOPTED]),
  };
  return { verb: 'patch', kind: object.kind as PartKind, object, patch: { metadata } };
}

/** Parts of the network that are still there. */
export function partsOf(network: VirtualNetwork, { vpc, subnet, attachment }: Existing): readonly KubeObject[] {
  return [vpc, subnet, attachment].filter(
    (part) => part !== undefined && claimOf(part, network) === 'ours',
  ) as KubeObject[];
}

function joined(plans: readonly Plan[]): Plan {
  return { steps: plans.flatMap(({ steps }) => steps), issues: plans.flatMap(({ issues }) => issues) };
}

function ensure(network: VirtualNetwork, part: Part, live: KubeObject | undefined): Plan {
  if (!live) return { steps: [{ verb: 'create', kind: part.kind, object: newObject(part) }], issues: [] };
  const title = `${live.kind} ${keyOf(live.metadata)}`;
  const claim = claimOf(live, network);
  if (typeof claim === 'object')
    return issue('NameTaken', `${title} belongs to ${claim.owner}: rename this network, or delete that object`);
  if (live.metadata.deletionTimestamp !== undefined)
    return issue('Leaving', `${title} is being deleted: a new one is made when it is gone`);
  const differences = claim === 'free' ? part.differences() : [];
  if (differences.length > 0)
    return issue(
      'NameTaken',
      `${title} is there already and ${differences.map(({ says }) => says).join(', and ')}: make the two agree, and it becomes part of this network; or delete it`,
    );
  const patch = patchOf(network, part, live, claim === 'free' || isAdopted(live));
  return { steps: patch ? [{ verb: 'patch', kind: part.kind, object: live, patch }] : [], issues: [] };
}

function issue(reason: PartIssue['reason'], message: string): Plan {
  return { steps: [], issues: [{ reason, message }] };
}

function newObject({ apiVersion, kind, place, labels, labelDefaults, references, said, spec }: Part): KubeObject {
  return {
    apiVersion,
    kind,
    metadata: {
      ...place,
      labels: { ...labelDefaults, ...labels },
      annotations: { [APPLIED]: printFields(said) },
      ...(references.length > 0 ? { ownerReferences: references } : {}),
    },
    spec,
  };
}

/** @param adopted it was there before: nobody owns it, so that no garbage collector takes it */
function patchOf(network: VirtualNetwork, part: Part, { metadata }: KubeObject, adopted: boolean): object | undefined {
  const labels = [
    ...Object.entries(part.labelDefaults ?? {}).filter(([name]) => metadata.labels?.[name] === undefined),
    ...Object.entries(part.labels).filter(([name, value]) => metadata.labels?.[name] !== value),
  ];
  const applied = metadata.annotations?.[APPLIED];
  const said = printFields(part.said);
  const others = (metadata.ownerReferences ?? []).filter((one) => !isReferenceTo(one, network));
  const references = adopted ? others : [...others, ...part.references];
  const spec = part.change(parseFields(applied));
  const annotations = {
    ...(said === applied ? {} : { [APPLIED]: said }),
    ...(adopted && metadata.annotations?.[ADOPTED] !== 'true' ? { [ADOPTED]: 'true' } : {}),
  };
  const about = {
    ...(labels.length > 0 ? { labels: Object.fromEntries(labels) } : {}),
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    ...(equal(metadata.ownerReferences ?? [], references) ? {} : { ownerReferences: references }),
  };
  if (spec === undefined && Object.keys(about).length === 0) return undefined;
  return { metadata: { resourceVersion: metadata.resourceVersion, ...about }, ...(spec ? { spec } : {}) };
}

function vpcPart(network: VirtualNetwork, live: Vpc | undefined): Part {
  const { namespace = '' } = network.metadata;
  const said = { namespaces: [namespace], staticRoutes: networkRoutes(network) };
  return {
    kind: 'Vpc',
    apiVersion: 'kubeovn.io/v1',
    place: { name: ownVpcOf(network) },
    labels: networkLabels(network.metadata),
    references: [],
    said,
    spec: { namespaces: said.namespaces, ...(said.staticRoutes.length > 0 ? { staticRoutes: said.staticRoutes } : {}) },
    change(applied) {
      const { namespaces: names = [], staticRoutes: routes = [] } = live?.spec ?? {};
      const before = <T>(field: keyof typeof said) => (Array.isArray(applied[field]) ? (applied[field] as T[]) : []);
      const namespaces = mergedItems(names, said.namespaces, before<string>('namespaces'), (name) => name);
      const staticRoutes = mergedItems(routes, said.staticRoutes, before<StaticRoute>('staticRoutes'), routeKey);
      if (namespaces === names && staticRoutes === routes) return undefined;
      return {
        ...(namespaces === names ? {} : { namespaces }),
        ...(staticRoutes === routes ? {} : { staticRoutes }),
      };
    },
    // namespaces and routes of others stay beside those of the network
    differences: () => [],
  };
}

function subnetPart(network: VirtualNetwork, { subnet: live, subnetName, attachment }: Existing): Part {
  const isNamed = namedSubnet(attachment) === subnetName;
  const fields = subnetFields(network, live, isNamed ? live?.spec?.provider : undefined);
  const said = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
  return {
    kind: 'Subnet',
    apiVersion: 'kubeovn.io/v1',
    place: { name: subnetName },
    labels: networkLabels(network.metadata),
    references: [],
    said,
    spec: said,
    change(applied) {
      const patch = fieldPatch(live?.spec ?? {}, fields, applied);
      // prefixes that cannot be read came past the door: the subnet's own door says why it does not take them
      const excludes =
        patch && networkCidrs(network.spec).length > 0 ? excludesAfter(live?.spec ?? {}, fields) : undefined;
      return patch && { ...patch, ...(excludes ? { excludeIps: excludes } : {}) };
    },
    differences: () => (live ? subnetDifferences(live, fields) : []),
  };
}

function attachmentPart(network: VirtualNetwork, live: NetworkAttachmentDefinition | undefined, subnet: string): Part {
  const { apiVersion, kind, metadata } = network;
  const { name, namespace, uid = '' } = metadata;
  const config = JSON.stringify(attachmentFields(network));
  const before = parseFields(live?.metadata.annotations?.[APPLIED])['clusterNetwork'];
  return {
    kind: 'NetworkAttachmentDefinition',
    apiVersion: 'k8s.cni.cncf.io/v1',
    place: { name, ...(namespace === undefined ? {} : { namespace }) },
    labels: { ...networkLabels(metadata), ...attachmentLabels(network, before) },
    labelDefaults: ATTACHMENT_LABEL_DEFAULTS,
    references: [{ apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }],
    said: network.spec?.clusterNetwork ? { clusterNetwork: network.spec.clusterNetwork } : {},
    spec: { config },
    change: () => (live ? configChange(live, network, subnet) : undefined),
    differences: () => (live ? attachmentDifferences(live, network, subnet) : []),
  };
}

/** Further keys of a configuration are its users', unless they lead to another subnet. */
function configChange(live: NetworkAttachmentDefinition, network: VirtualNetwork, subnet: string): object | undefined {
  const [has, fields] = [parseFields(live.spec?.config), attachmentFields(network)];
  const leadsAway = (config: string) =>
    attachmentDifferences({ ...live, spec: { config } }, network, subnet).some(({ field }) => field === 'spec.config');
  const complete = fieldPatch(has, fields, {}) === undefined;
  if (complete && !leadsAway(live.spec?.config ?? '')) return undefined;
  const both = JSON.stringify({ ...has, ...fields });
  return { config: leadsAway(both) ? JSON.stringify(fields) : both };
}

function remove(network: VirtualNetwork, live: KubeObject | undefined): Plan {
  if (!live || claimOf(live, network) !== 'ours') return { steps: [], issues: [] };
  if (isAdopted(live)) return { steps: [release(network, live)], issues: [] };
  if (live.metadata.deletionTimestamp !== undefined) return { steps: [], issues: [] };
  return { steps: [{ verb: 'delete', kind: live.kind as PartKind, object: live }], issues: [] };
}

/** Its own VPC goes when no other subnet is in it; one that was there before is let go at once. */
function removeVpc(network: VirtualNetwork, { vpc, subnet, vpcSubnets }: Existing): Plan {
  if (!vpc || claimOf(vpc, network) !== 'ours') return { steps: [], issues: [] };
  const isGoing = network.metadata.deletionTimestamp !== undefined && subnet && claimOf(subnet, network) === 'ours';
  const others = vpcSubnets.filter((name) => !isGoing || name !== subnet.metadata.name);
  if (others.length === 0 || isAdopted(vpc)) return remove(network, vpc);
  return issue(
    'StillUsed',
    `Vpc ${vpc.metadata.name} of this network is still used by subnets ${others.slice(0, 5).join(', ')}${others.length > 5 ? ', ...' : ''}: it goes when they are gone`,
  );
}
