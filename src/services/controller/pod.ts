/** Pods as far as the controller reads them. */
import type { KubeObject } from '../../kinds/object.ts';

export type Pod = KubeObject<{ readonly nodeName?: string }, { readonly phase?: string }>;

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

export function ownerKey({ kind, namespace, name }: Owner): string {
  return `${kind}/${namespace}/${name}`;
}

export function parseOwnerKey(key: string): Owner {
  const [kind, namespace = '', name = ''] = key.split('/');
  return { kind: kind === 'VirtualMachine' ? 'VirtualMachine' : 'Pod', namespace, name };
}
