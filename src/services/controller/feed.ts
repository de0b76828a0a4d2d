/** Objects as informers deliver them -> changes of the world: normalised, without what must never feed the compiler (status, versions). */
import { normalize } from '../../core/admit/admit.ts';
import type { Change, KindName } from '../../core/compile/world.ts';
import type { KubeObject } from '../../kinds/object.ts';

export function worldChange(kind: Exclude<KindName, 'Settings'>, key: string, object: KubeObject | undefined): Change {
  return { kind, key, object: object === undefined ? undefined : forWorld(object) } as Change;
}

function forWorld(object: KubeObject): KubeObject {
  const { name, namespace, uid, creationTimestamp, deletionTimestamp, labels, annotations } = object.metadata;
  const metadata = Object.fromEntries(
    Object.entries({
      name,
      namespace,
      uid,
      creationTimestamp,
      deletionTimestamp,
      labels,
      annotations: withoutBulk(annotations),
    }).filter(([, value]) => value !== undefined),
  );
  return normalize({
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: metadata as unknown as KubeObject['metadata'],
    ...(object.spec === undefined ? {} : { spec: object.spec }),
  });
}

/** kubectl's copy of the whole object is of no use here */
function withoutBulk(annotations: KubeObject['metadata']['annotations']): KubeObject['metadata']['annotations'] {
  if (annotations?.['kubectl.kubernetes.io/last-applied-configuration'] === undefined) return annotations;
  const { 'kubectl.kubernetes.io/last-applied-configuration': _, ...rest } = annotations;
  return Object.keys(rest).length > 0 ? rest : undefined;
}
