/** Workloads chosen by labels. The narrowest index is read: a rule runs again only when somebody with one of its labels comes, changes or goes. */
import type { Label } from '../select/labels.ts';
import { hasLabels, labelValue } from '../select/workload.ts';
import type { Read } from './rule.ts';

/** Keys of the workloads of a namespace that run and have all of these labels, in order; without labels: all of them. */
export function runningWith(
  namespace: string,
  labels: readonly Label[],
  read: Pick<Read, 'keys' | 'get'>,
): readonly string[] {
  const [first] = labels;
  const candidates = first
    ? read.keys('Workload', 'label', labelValue(namespace, first))
    : read.keys('Workload', 'namespace', namespace);
  return candidates
    .filter((key) => read.get('Workload', key, (workload) => workload.runs && hasLabels(workload, labels)))
    .toSorted();
}
