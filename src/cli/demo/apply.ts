/** Manifests into the cluster, as `kubectl apply` would: created, or merged into what is there. */
import { apiKinds } from '../../kinds/api.ts';
import type { KubeObject } from '../../kinds/object.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { isReason } from '../../lib/kube/error.ts';
import { CORE, type Resource } from '../../lib/kube/resource.ts';

const RESOURCES: ReadonlyMap<string, Resource> = new Map<string, Resource>([
  ...apiKinds.map((kind) => [`${kind.group}/${kind.version}/${kind.kind}`, kind] as const),
  ['v1/Namespace', CORE.namespaces],
]);

/** what `kubectl apply` compares with, so that it takes over without a word */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** @throws KubeError with the server's words when an object is refused */
export async function apply(client: KubeClient, declared: KubeObject): Promise<void> {
  const { annotations, ...metadata } = declared.metadata;
  const object = {
    ...declared,
    metadata: { ...metadata, annotations: { ...annotations, [LAST_APPLIED]: `${JSON.stringify(declared)}\n` } },
  };
  const resource = RESOURCES.get(`${object.apiVersion}/${object.kind}`);
  if (!resource) throw new Error(`${object.apiVersion} ${object.kind} is not a kind that this command can apply`);
  try {
    await client.create(resource, object);
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error;
    await client.patch(resource, object.metadata, object);
  }
}
