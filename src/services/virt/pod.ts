/** Pods and Nodes as far as virt reads them. */
import { NETWORKS_ANNOTATION } from '../../core/ipam/attachments.ts';
import { bandwidthOf } from './qemu/bandwidth.ts';
import { bootOf } from './qemu/boot.ts';
import type { Condition, KubeObject, OwnerReference } from '../../kinds/object.ts';

/** One of a node's expectations, as in spec.affinity.nodeAffinity. */
export interface NodeSelectorRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

export interface NodeSelectorTerm {
  readonly matchExpressions?: readonly NodeSelectorRequirement[];
  readonly matchFields?: readonly NodeSelectorRequirement[];
}

export interface Affinity {
  readonly nodeAffinity?: {
    readonly requiredDuringSchedulingIgnoredDuringExecution?: {
      readonly nodeSelectorTerms?: readonly NodeSelectorTerm[];
    };
  };
  readonly podAffinity?: { readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly unknown[] };
  readonly podAntiAffinity?: { readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly unknown[] };
}

/** what a pod asks of the node that it runs on */
export interface Placement {
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly affinity?: Affinity;
}

export interface PodSpec extends Placement {
  readonly nodeName?: string;
  readonly schedulerName?: string;
  readonly restartPolicy?: string;
  readonly hostname?: string;
  readonly containers?: readonly { readonly name: string; readonly image?: string }[];
}

export interface PodStatus {
  readonly phase?: string;
  readonly podIP?: string;
  readonly conditions?: readonly Condition[];
}

export type Pod = KubeObject<PodSpec, PodStatus>;

export interface NodeStatus {
  readonly conditions?: readonly Condition[];
  readonly addresses?: readonly { readonly type: string; readonly address: string }[];
}

export type Node = KubeObject<{ readonly unschedulable?: boolean }, NodeStatus>;

/** holds a pod until its sandbox is taken apart */
export const SANDBOX_FINALIZER = 'weft.lab/sandbox';

/** annotation of virtual machines and pods: which sort of guest they become */
export const GUEST_ANNOTATION = 'weft.lab/guest';

/** label of a pod that is the target of a migration: uid of that */
export const MIGRATION_LABEL = 'kubevirt.io/migrationJobUID';
/** annotation of such a pod: name of the migration */
export const MIGRATION_NAME_ANNOTATION = 'kubevirt.io/migrationJobName';
/** annotation of such a pod: when its machine was there, RFC 3339 */
export const TARGET_READY_ANNOTATION = 'kubevirt.io/migration-target-ready-timestamp';
/** annotation of a launcher: what the target of a migration must know of its machine */
export const OFFER_ANNOTATION = 'weft.lab/machine';

const LAUNCHER_LABEL = 'kubevirt.io';
const LAUNCHER = 'virt-launcher';

export const LAUNCHER_LABELS: Readonly<Record<string, string>> = { [LAUNCHER_LABEL]: LAUNCHER };

/** The virtual machine instance that a launcher pod runs. */
export function instanceOwner({ metadata }: Pod): OwnerReference | undefined {
  return metadata.ownerReferences?.find(
    ({ kind, apiVersion }) => kind === 'VirtualMachineInstance' && apiVersion.startsWith('kubevirt.io/'),
  );
}

/** Pods that become guests: launchers, and those that ask for networks. */
export function isGuest(pod: Pod): boolean {
  return (
    pod.metadata.labels?.[LAUNCHER_LABEL] === LAUNCHER || pod.metadata.annotations?.[NETWORKS_ANNOTATION] !== undefined
  );
}

export function isFinished({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** Why a pod or instance cannot become a guest. */
export interface Refusal {
  readonly reason: 'Invalid' | 'NotImplemented';
  readonly message: string;
}

/** Whether the sort of guest that is asked for can be had. */
export function guestRefusal(annotations: Readonly<Record<string, string>> | undefined): Refusal | undefined {
  const sort = annotations?.[GUEST_ANNOTATION] ?? 'namespace';
  if (sort === 'namespace') return undefined;
  if (sort === 'qemu') {
    const wrong = [bootOf(annotations), bandwidthOf(annotations)].find((value) => typeof value === 'object');
    return wrong && { reason: 'Invalid', message: wrong.problem };
  }
  return {
    reason: 'Invalid',
    message: `annotation ${GUEST_ANNOTATION} is ${JSON.stringify(sort)}; use namespace or qemu, or leave it out`,
  };
}
