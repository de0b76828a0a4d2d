import type { Kind } from './kind.ts';

/** The CustomResourceDefinition (apiextensions.k8s.io/v1) of a kind, as plain JSON. */
export function crdOf(kind: Kind): Record<string, unknown> {
  const schema = {
    type: 'object',
    description: kind.description,
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: kind.spec,
      ...(kind.status ? { status: kind.status } : {}),
    },
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.plural}.${kind.group}` },
    spec: {
      group: kind.group,
      scope: kind.namespaced ? 'Namespaced' : 'Cluster',
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.singular,
        shortNames: kind.shortNames.filter((name) => name !== kind.singular && name !== kind.plural),
        ...(kind.categories ? { categories: kind.categories } : {}),
      },
      versions: [
        {
          name: kind.version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: schema },
          ...(kind.statusSubresource ? { subresources: { status: {} } } : {}),
          additionalPrinterColumns: kind.columns,
        },
      ],
    },
  };
}
