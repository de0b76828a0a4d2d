/** From CustomResourceDefinitions to resource definitions, and the end of both. */
import { applyDefaults } from '../../lib/schema/apply-defaults.ts';
import { prune } from '../../lib/schema/prune.ts';
import { cloneJson, equalJson, type StructuralSchema } from '../../lib/schema/structural-schema.ts';
import { CLEANUP_FINALIZER } from './builtin/custom-resource-definitions.ts';
import { printerColumns, type PrinterColumn } from './model/columns.ts';
import { at, listAt, plainText, textAt, type KubeObject, type Stored } from './model/objects.ts';
import { compareVersions } from './registry.ts';
import { resourceId, type Resource, type ResourceVersion } from './model/resource.ts';
import type { Store } from './store.ts';
import type { Collecting } from './collecting.ts';

export const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io';

/** The resource definition that a valid CustomResourceDefinition describes. */
export function customResource(definition: KubeObject): Resource {
  const versions = listAt(definition, 'spec', 'versions');
  const texts = (...path: string[]): string[] => listAt(definition, ...path).map(plainText);
  return {
    group: textAt(definition, 'spec', 'group'),
    kind: textAt(definition, 'spec', 'names', 'kind'),
    listKind: textAt(definition, 'spec', 'names', 'listKind'),
    plural: textAt(definition, 'spec', 'names', 'plural'),
    singular: textAt(definition, 'spec', 'names', 'singular'),
    shortNames: texts('spec', 'names', 'shortNames'),
    categories: texts('spec', 'names', 'categories'),
    namespaced: textAt(definition, 'spec', 'scope') === 'Namespaced',
    versions: versions
      .map((version) => resourceVersion(version as KubeObject))
      .sort((a, b) => compareVersions(a.name, b.name)),
    storageVersion: textAt(
      versions.find((version) => at(version, 'storage') === true),
      'name',
    ),
    custom: true,
    strategy: {},
  };
}

function resourceVersion(version: KubeObject): ResourceVersion {
  const { columns, row } = printerColumns(version.additionalPrinterColumns as PrinterColumn[] | undefined);
  const name = textAt(version, 'name');
  return {
    name,
    served: version.served === true,
    ...(version.deprecated === true
      ? { deprecation: textAt(version, 'deprecationWarning') || `version ${name} is deprecated` }
      : {}),
    schema: rootSchema(at(version, 'schema', 'openAPIV3Schema') as StructuralSchema),
    status: at(version, 'subresources', 'status') !== undefined,
    columns,
    row,
    selectableFields: listAt(version, 'selectableFields').map((field) => textAt(field, 'jsonPath')),
  };
}

/** apiVersion, kind and metadata are always there and judged elsewhere: only a schema for metadata.name is kept of it. */
function rootSchema(schema: StructuralSchema): StructuralSchema {
  const { metadata, ...properties } = schema.properties ?? {};
  const name = metadata?.properties?.name;
  const kept = name ? { metadata: { type: 'object' as const, properties: { name } } } : {};
  return {
    ...schema,
    properties: { apiVersion: { type: 'string' }, kind: { type: 'string' }, ...properties, ...kept },
  };
}

/** Prunes and defaults the stored instances by the schema of the storage version. */
export function reshapeInstances(store: Store, resource: Resource): void {
  const schema = resource.versions.find(({ name }) => name === resource.storageVersion)?.schema;
  if (!schema) return;
  for (const stored of store.list(resourceId(resource))) {
    const object = cloneJson(stored.object);
    prune(schema, object, { isResource: true });
    applyDefaults(schema, object);
    if (!equalJson(object, stored.object)) store.reshape(stored, object);
  }
}

/** Deletes the instances of a definition that is being deleted; without instances lets it go. @returns is there more to do */
export function endDefinition(collector: Collecting, stored: Stored): boolean {
  const { store, registry } = collector.context;
  const { finalizers = [] } = stored.object.metadata;
  const resource = registry.get(stored.name);
  const instances = resource ? store.list(stored.name) : [];
  for (const instance of instances) collector.collect(instance);
  if (store.count(stored.name) > 0 || !finalizers.includes(CLEANUP_FINALIZER)) return store.count(stored.name) > 0;
  const rest = finalizers.filter((finalizer) => finalizer !== CLEANUP_FINALIZER);
  if (rest.length === 0) store.remove(stored);
  else {
    const object = cloneJson(stored.object);
    object.metadata.finalizers = rest;
    store.put(DEFINITIONS, object);
  }
  return false;
}
