import { isObject } from '../../../lib/schema/structural-schema.ts';
import { at, listAt, textAt, type KubeObject } from '../model/objects.ts';
import { builtIn, textColumn } from './define.ts';

const ROLE_LABEL = 'node-role.kubernetes.io/';

function roles({ metadata }: KubeObject): string {
  const names = Object.keys(metadata.labels ?? {}).filter((label) => label.startsWith(ROLE_LABEL));
  return (
    names
      .map((label) => label.slice(ROLE_LABEL.length))
      .sort()
      .join(',') || '<none>'
  );
}

function readiness(node: KubeObject): string {
  const ready = listAt(node, 'status', 'conditions').find((condition) => textAt(condition, 'type') === 'Ready');
  const state = ready === undefined ? 'Unknown' : textAt(ready, 'status') === 'True' ? 'Ready' : 'NotReady';
  return at(node, 'spec', 'unschedulable') === true ? `${state},SchedulingDisabled` : state;
}

function address(node: KubeObject, type: string): string {
  const found = listAt(node, 'status', 'addresses').find((entry) => textAt(entry, 'type') === type);
  return textAt(found, 'address') || '<none>';
}

function info(node: KubeObject, field: string): string {
  return textAt(node, 'status', 'nodeInfo', field) || '<unknown>';
}

export const nodes = builtIn({
  kind: 'Node',
  plural: 'nodes',
  shortNames: ['no'],
  namespaced: false,
  status: true,
  columns: [textColumn('Status'), textColumn('Roles')],
  cells: (node) => [readiness(node), roles(node)],
  wideColumns: [
    textColumn('Version'),
    textColumn('Internal-IP', { wide: true }),
    textColumn('External-IP', { wide: true }),
    textColumn('OS-Image', { wide: true }),
    textColumn('Kernel-Version', { wide: true }),
    textColumn('Container-Runtime', { wide: true }),
  ],
  wideCells: (node) => [
    textAt(node, 'status', 'nodeInfo', 'kubeletVersion'),
    address(node, 'InternalIP'),
    address(node, 'ExternalIP'),
    info(node, 'osImage'),
    info(node, 'kernelVersion'),
    info(node, 'containerRuntimeVersion'),
  ],
  strategy: {
    prepareForCreate(node) {
      if (!isObject(node.spec)) node.spec = {};
    },
    fields: (node) => ({ 'spec.unschedulable': String(at(node, 'spec', 'unschedulable') === true) }),
  },
});
