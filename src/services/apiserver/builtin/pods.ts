import { isObject, type Json } from '../../../lib/schema/structural-schema.ts';
import { age } from '../model/human-duration.ts';
import { at, listAt, textAt, type KubeObject } from '../model/objects.ts';
import { builtIn, textColumn } from './define.ts';

/** The STATUS column as upstream's printer derives it, without init containers (pkg/printers/internalversion printPod). */
function podStatus(pod: KubeObject): string {
  if (pod.metadata.deletionTimestamp) return textAt(pod, 'status', 'reason') === 'NodeLost' ? 'Unknown' : 'Terminating';
  for (const status of listAt(pod, 'status', 'containerStatuses')) {
    const reason = textAt(status, 'state', 'waiting', 'reason') || textAt(status, 'state', 'terminated', 'reason');
    if (reason) return reason;
  }
  return textAt(pod, 'status', 'reason') || textAt(pod, 'status', 'phase') || 'Unknown';
}

function readyCount(pod: KubeObject): string {
  const ready = listAt(pod, 'status', 'containerStatuses').filter((status) => at(status, 'ready') === true);
  return `${ready.length}/${listAt(pod, 'spec', 'containers').length}`;
}

function restarts(pod: KubeObject, now: Date): string {
  let count = 0;
  let last = '';
  for (const status of listAt(pod, 'status', 'containerStatuses')) {
    count += Number(at(status, 'restartCount') ?? 0);
    const finished = textAt(status, 'lastState', 'terminated', 'finishedAt');
    if (finished > last) last = finished;
  }
  return count > 0 && last ? `${count} (${age(last, now)} ago)` : String(count);
}

function readinessGates(pod: KubeObject): string {
  const gates = listAt(pod, 'spec', 'readinessGates').map((gate) => textAt(gate, 'conditionType'));
  if (gates.length === 0) return '<none>';
  const isTrue = (gate: string): boolean =>
    listAt(pod, 'status', 'conditions').some((it) => textAt(it, 'type') === gate && textAt(it, 'status') === 'True');
  return `${gates.filter(isTrue).length}/${gates.length}`;
}

const SPEC_DEFAULTS: Readonly<Record<string, Json>> = {
  restartPolicy: 'Always',
  dnsPolicy: 'ClusterFirst',
  schedulerName: 'default-scheduler',
  terminationGracePeriodSeconds: 30,
};

export const pods = builtIn({
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  namespaced: true,
  status: true,
  columns: [textColumn('Ready'), textColumn('Status'), textColumn('Restarts')],
  cells: (pod, now) => [readyCount(pod), podStatus(pod), restarts(pod, now)],
  wideColumns: [
    textColumn('IP', { wide: true }),
    textColumn('Node', { wide: true }),
    textColumn('Nominated Node', { wide: true }),
    textColumn('Readiness Gates', { wide: true }),
  ],
  wideCells: (pod) => [
    textAt(pod, 'status', 'podIP') || '<none>',
    textAt(pod, 'spec', 'nodeName') || '<none>',
    textAt(pod, 'status', 'nominatedNodeName') || '<none>',
    readinessGates(pod),
  ],
  subresources: [
    { name: 'binding', kind: 'Binding', verbs: ['create'] },
    { name: 'eviction', kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
  ],
  strategy: {
    prepareForCreate(pod) {
      pod.spec = { ...SPEC_DEFAULTS, ...(isObject(pod.spec) ? pod.spec : {}) };
      pod.status = { phase: 'Pending' };
    },
    validate(pod, old) {
      const [node, oldNode] = [textAt(pod, 'spec', 'nodeName'), textAt(old, 'spec', 'nodeName')];
      if (oldNode && node !== oldNode)
        return [{ path: 'spec.nodeName', type: 'Forbidden', detail: 'a pod that is bound to a node stays there' }];
      if (old || listAt(pod, 'spec', 'containers').length > 0) return [];
      return [{ path: 'spec.containers', type: 'Required', detail: '' }];
    },
    fields: (pod) => ({
      'spec.nodeName': textAt(pod, 'spec', 'nodeName'),
      'spec.restartPolicy': textAt(pod, 'spec', 'restartPolicy'),
      'spec.schedulerName': textAt(pod, 'spec', 'schedulerName'),
      'spec.serviceAccountName': textAt(pod, 'spec', 'serviceAccountName'),
      'spec.hostNetwork': String(at(pod, 'spec', 'hostNetwork') === true),
      'status.phase': textAt(pod, 'status', 'phase'),
      'status.podIP': textAt(pod, 'status', 'podIP'),
      'status.nominatedNodeName': textAt(pod, 'status', 'nominatedNodeName'),
    }),
  },
});
