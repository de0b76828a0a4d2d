/**
 * Who may be chosen by labels: a pod, or a virtual machine by the labels of its launcher. Kept apart from IP objects, so that labels change without a port being looked at.
 */
import type { IpObject } from '../../kinds/ip.ts';
import type { Label } from './labels.ts';

export interface Workload {
  readonly namespace: string;
  /** of the pod that runs; of its template when none does */
  readonly labels: Readonly<Record<string, string>>;
  /** a pod of it is there and has a node */
  readonly runs: boolean;
}

/** of the owner of an interface */
export function workloadKey({ spec }: IpObject): string {
  const kind = spec?.podType === 'VirtualMachine' ? 'VirtualMachine' : 'Pod';
  return `${kind}/${spec?.namespace ?? ''}/${spec?.podName ?? ''}`;
}

export function workloadLabels({ namespace, labels }: Workload): readonly string[] {
  return Object.entries(labels).map(([key, value]) => labelValue(namespace, { key, value }));
}

/** value of the index `label` */
export function labelValue(namespace: string, { key, value }: Label): string {
  return `${namespace}|${key}=${value}`;
}

export function hasLabels({ labels }: Pick<Workload, 'labels'>, wanted: readonly Label[]): boolean {
  return wanted.every(({ key, value }) => Object.hasOwn(labels, key) && labels[key] === value);
}
