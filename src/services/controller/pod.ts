/** Pods as far as the controller reads them. */
import type { KubeObject } from '../../kinds/object.ts';

export type Pod = KubeObject<{ readonly nodeName?: string }, { readonly phase?: string }>;

/** label of a launcher that is the target of a migration: uid of that */
export const MIGRATION_LABEL = 'kubevirt.io/migrationJobUID';

/** What the controller keeps of a pod: there are many. Lists of pods come without apiVersion and kind; events need them. */
export function essentials({ metadata, spec, status }: Pod): Pod {
  const { name, namespace, uid, resourceVersion, deletionTimestamp, labels, annotations, ownerReferences } = metadata;
  const kept = { name, namespace, uid, resourceVersion, deletionTimestamp, labels, annotations, ownerReferences };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: Object.fromEntries(
      Object.entries(kept).filter(([, value]) => value !== undefined),
    ) as unknown as Pod['metadata'],
    spec: spec?.nodeName === undefined ? {} : { nodeName: spec.nodeName },
    status: status?.phase === undefined ? {} : { phase: status.phase },
  };
}

/** an interface's owner: the virtual machine of a launcher pod, else the pod itself */
export interface Owner {
  readonly kind: 'VirtualMachine' | 'Pod';
  readonly namespace: string;
  readonly name: string;
}

export function ownerOf(pod: Pod): Owner {
  const namespace = pod.metadata.namespace ?? '';
  const instance = pod.metadata.ownerReferences?.find(
    ({ kind, apiVersion }) => kind === 'VirtualMachineInstance' && apiVersion.startsWith('kubevirt.io/'),
  );
  return instance
    ? { kind: 'VirtualMachine', namespace, name: instance.name }
    : { kind: 'Pod', namespace, name: pod.metadata.name };
}

/** the pod may still send and receive */
export function isAlive(pod: Pod): boolean {
  return (
    pod.metadata.deletionTimestamp === undefined && pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed'
  );
}

/** The place of a pod in its StatefulSet: the number at the end of its name. */
export function ordinalOf({ metadata }: Pod): number | undefined {
  if (!metadata.ownerReferences?.some(({ kind }) => kind === 'StatefulSet')) return undefined;
  const [, number] = /-(\d+)$/.exec(metadata.name) ?? [];
  return number === undefined ? undefined : Number(number);
}

export function ownerKey({ kind, namespace, name }: Owner): string {
  return `${kind}/${namespace}/${name}`;
}

export function parseOwnerKey(key: string): Owner {
  const [kind, namespace = '', name = ''] = key.split('/');
  return { kind: kind === 'VirtualMachine' ? 'VirtualMachine' : 'Pod', namespace, name };
}
