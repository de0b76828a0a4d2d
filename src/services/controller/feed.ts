/** Objects as informers deliver them -> changes of the world: normalised, without what must never feed the compiler (versions, status but for the addresses of nodes). */
import { normalize } from '../../core/admit/admit.ts';
import type { Change, KindName } from '../../core/compile/world.ts';
import type { NodeUnderlay } from '../../kinds/node-underlay.ts';
import type { KubeObject } from '../../kinds/object.ts';
import type { ObjectChange } from '../../lib/kube/informer.ts';

export function worldChange(
  kind: Exclude<KindName, 'Settings' | 'NodeUnderlay' | 'Uplink' | 'GatewayLoss' | 'GatewayCarrier' | 'Workload'>,
  key: string,
  object: KubeObject | undefined,
): Change {
  return { kind, key, object: object === undefined ? undefined : forWorld(object) } as Change;
}

/** What a node says of its networks is an observation: its status is what is said. */
export function underlayChanges({ key, old, new: object }: ObjectChange<NodeUnderlay>): readonly Change[] {
  const { uplinks = [], ...status } = object?.status ?? {};
  const before = (old?.status?.uplinks ?? []).filter(({ name }) => !uplinks.some((uplink) => uplink.name === name));
  return [
    { kind: 'NodeUnderlay', key, object: object && status },
    ...before.map(({ name }): Change => ({ kind: 'Uplink', key: `${name}/${key}`, object: undefined })),
    ...uplinks.map(
      (uplink): Change => ({ kind: 'Uplink', key: `${uplink.name}/${key}`, object: { ...uplink, node: key } }),
    ),
  ];
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
    ...(object.kind === 'Node' ? { status: addressesOf(object) } : {}),
  });
}

/** which addresses a node has is not its own doing: they are an observation that others may build on */
function addressesOf({ status }: KubeObject): object {
  const { addresses } = (status ?? {}) as { readonly addresses?: unknown };
  return Array.isArray(addresses) ? { addresses } : {};
}

/** kubectl's copy of the whole object is of no use here */
function withoutBulk(annotations: KubeObject['metadata']['annotations']): KubeObject['metadata']['annotations'] {
  if (annotations?.['kubectl.kubernetes.io/last-applied-configuration'] === undefined) return annotations;
  const { 'kubectl.kubernetes.io/last-applied-configuration': _, ...rest } = annotations;
  return Object.keys(rest).length > 0 ? rest : undefined;
}
