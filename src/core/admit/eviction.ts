/** Evictions of launcher pods: a machine that can move is not ended, it moves, and only then the pod may go. KubeVirt's evictionStrategy. */
import type { KubeObject } from '../../kinds/object.ts';
import type { VmiSpec, VmiStatus } from '../../kinds/virtual-machine.ts';

/** strategies with which an eviction ends the machine */
const MAY_END: ReadonlySet<string> = new Set(['None']);

/**
 * A pod without a guest, one that waits for its network or for its machine, holds nobody up: there is nothing to move.
 *
 * @returns why the pod cannot go yet; undefined when it can
 */
export function evictionRefusal(
  pod: KubeObject,
  instanceOf: (namespace: string, name: string) => KubeObject | undefined,
): string | undefined {
  const { namespace = '', ownerReferences = [], deletionTimestamp } = pod.metadata;
  const { phase } = (pod.status ?? {}) as { readonly phase?: string };
  const owner = ownerReferences.find(
    ({ kind, apiVersion }) => kind === 'VirtualMachineInstance' && apiVersion.startsWith('kubevirt.io/'),
  );
  if (!owner || deletionTimestamp !== undefined || phase !== 'Running') return undefined;
  const instance = instanceOf(namespace, owner.name);
  if (!instance || instance.metadata.uid !== owner.uid || instance.metadata.deletionTimestamp) return undefined;
  if ((instance.status as VmiStatus | undefined)?.phase !== 'Running') return undefined;
  const strategy = (instance.spec as VmiSpec | undefined)?.evictionStrategy ?? 'LiveMigrate';
  if (MAY_END.has(strategy)) return undefined;
  return `Eviction triggered evacuation of VMI "${namespace}/${owner.name}": the pod can go when the machine has moved to another node`;
}
