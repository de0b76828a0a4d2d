/**
 * A VirtualNetwork and what exists -> what has to be written, and what stands in the way. Pure, and the same whatever happened before:
 *
 *   VirtualNetwork --wanted.ts, parts.ts--> VPC, Subnet, NetworkAttachmentDefinition as they should be
 *                                   |  claim.ts: may they be ours?  merge.ts: what differs?
 *                                   v
 *                         create, patch, delete; issues
 */
import { keyOf, type KubeObject } from '../../kinds/object.ts';
import type { VirtualNetwork } from '../../kinds/virtual-network.ts';
import { equal } from '../ovn/equal.ts';
import { claimOf, isAdopted, isReferenceTo } from './claim.ts';
import type { Existing } from './locate.ts';
import { ADOPTED, APPLIED, parseFields, printFields } from './merge.ts';
import { networkLabels, vpcOf } from './names.ts';
import { attachmentPart, type Part, type PartKind, subnetPart, vpcPart } from './wanted.ts';

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

/** Parts that should be. */
export function planNetwork(network: VirtualNetwork, existing: Existing): Plan {
  const { own } = vpcOf(network);
  const vpc = own ? ensure(network, vpcPart(network, existing.vpc), existing.vpc) : removeVpc(network, existing);
  const attachment = attachmentPart(network, existing.attachment, existing.subnetName);
  // Harvester lets a Subnet in when its VPC and its attachment are there
  return joined([
    vpc,
    ensure(network, attachment, existing.attachment),
    ...(own && vpc.issues.length > 0 && !existing.subnet
      ? []
      : [ensure(network, subnetPart(network, existing), existing.subnet)]),
  ]);
}

/** What becomes of the parts when nothing uses the network any more: those that it made go, those that were there before stay. */
export function planRemoval(network: VirtualNetwork, existing: Existing): Plan {
  const { subnet, attachment } = existing;
  // Harvester does not let an attachment go before its Subnet
  const isServed = subnet !== undefined && claimOf(subnet, network) === 'ours' && !isAdopted(subnet);
  return joined([
    remove(network, subnet),
    ...(isServed ? [] : [remove(network, attachment)]),
    removeVpc(network, existing),
  ]);
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
