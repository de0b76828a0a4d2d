import { isObject } from '../../../lib/schema/structural-schema.ts';
import { listAt, textAt } from '../model/objects.ts';
import { builtIn, textColumn } from './define.ts';

/** Namespaces that exist from the first start on. */
export const INITIAL_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'] as const;

/** Namespaces that cannot be deleted, as upstream's NamespaceLifecycle admission has them. */
const PERMANENT: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);

/** Held by `spec.finalizers` until the namespace is empty; see namespace-lifecycle.ts. */
export const namespaces = builtIn({
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  namespaced: false,
  status: true,
  columns: [textColumn('Status')],
  cells: (namespace) => [textAt(namespace, 'status', 'phase')],
  subresources: [{ name: 'finalize', kind: 'Namespace', verbs: ['update'] }],
  strategy: {
    nameRule: 'label',
    prepareForCreate(namespace) {
      namespace.metadata.labels = {
        ...namespace.metadata.labels,
        'kubernetes.io/metadata.name': namespace.metadata.name,
      };
      namespace.spec = { ...(isObject(namespace.spec) ? namespace.spec : {}), finalizers: ['kubernetes'] };
      namespace.status = { phase: 'Active' };
    },
    prepareForUpdate(namespace, old) {
      namespace.metadata.labels = {
        ...namespace.metadata.labels,
        'kubernetes.io/metadata.name': namespace.metadata.name,
      };
      // only the finalize subresource takes these away
      if (isObject(old.spec)) namespace.spec = old.spec;
      if (!isObject(namespace.status) && isObject(old.status)) namespace.status = old.status;
    },
    prepareForDelete(namespace) {
      namespace.status = { ...(isObject(namespace.status) ? namespace.status : {}), phase: 'Terminating' };
    },
    deletionProblem: ({ metadata }) => (PERMANENT.has(metadata.name) ? 'this namespace may not be deleted' : undefined),
    isHeld: (namespace) => listAt(namespace, 'spec', 'finalizers').length > 0,
    fields: (namespace) => ({ 'status.phase': textAt(namespace, 'status', 'phase') }),
  },
});
