/**
 * OpenAPI documents made from the registry: v3 per group version for `kubectl explain` and client-side checks, and a small
 * v2 document for older clients. Paths are there for what kubectl looks at: which verbs take fieldValidation and dryRun.
 */
import { createHash } from 'node:crypto';
import { isObject, type Json, type JsonObject, type StructuralSchema } from '../../lib/schema/structural-schema.ts';
import { OBJECT_META_SCHEMA } from './metadata.ts';
import type { Registry, ServedResource } from './registry.ts';
import { apiVersionOf } from './model/resource.ts';

const META_PREFIX = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** `api/v1`, `apis/kubeovn.io/v1` */
function documentName(group: string, version: string): string {
  return group === '' ? `api/${version}` : `apis/${group}/${version}`;
}

/** `/openapi/v3` */
export function openApiIndex(registry: Registry): JsonObject {
  const paths: JsonObject = {};
  for (const [group, versions] of registry.groups())
    for (const version of versions.keys()) {
      const name = documentName(group, version);
      const text = JSON.stringify(openApiV3(registry, group, version));
      const hash = createHash('sha256').update(text).digest('hex').toUpperCase();
      paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` };
    }
  return { paths };
}

/** `/openapi/v3/apis/GROUP/VERSION`; undefined when there is none. */
export function openApiV3(registry: Registry, group: string, version: string): JsonObject | undefined {
  const served = registry.groups().get(group)?.get(version);
  if (!served) return undefined;
  const reference = (name: string): JsonObject => ({ allOf: [{ $ref: `#/components/schemas/${name}` }], default: {} });
  const schemas: JsonObject = { [`${META_PREFIX}.ObjectMeta`]: publishable(OBJECT_META_SCHEMA) };
  for (const each of served) schemas[definitionName(each)] = definition(each, reference);
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.32.0' },
    paths: Object.assign({}, ...served.map(pathsV3)) as JsonObject,
    components: { schemas },
  };
}

/** `/openapi/v2` */
export function openApiV2(registry: Registry): JsonObject {
  const reference = (name: string): JsonObject => ({ $ref: `#/definitions/${name}` });
  const definitions: JsonObject = { [`${META_PREFIX}.ObjectMeta`]: publishable(OBJECT_META_SCHEMA) };
  const paths: JsonObject = {};
  for (const versions of registry.groups().values())
    for (const served of [...versions.values()].flat()) {
      definitions[definitionName(served)] = definition(served, reference);
      Object.assign(paths, pathsV2(served));
    }
  return { swagger: '2.0', info: { title: 'Kubernetes', version: 'v1.32.0' }, paths, definitions };
}

/** `io.kubeovn.v1.Vpc`, as upstream names the definitions of custom resources. */
function definitionName({ resource, version }: ServedResource): string {
  if (resource.group === '') return `io.k8s.api.core.${version.name}.${resource.kind}`;
  return `${resource.group.split('.').reverse().join('.')}.${version.name}.${resource.kind}`;
}

function groupVersionKind({ resource, version }: ServedResource): JsonObject {
  return { group: resource.group, version: version.name, kind: resource.kind };
}

function definition(served: ServedResource, reference: (name: string) => JsonObject): JsonObject {
  const schema: JsonObject = served.version.schema ? publishable(served.version.schema) : { type: 'object' };
  const own = isObject(schema.properties) ? schema.properties : {};
  return {
    ...schema,
    properties: {
      apiVersion: {
        type: 'string',
        description: 'APIVersion defines the versioned schema of this representation of an object.',
      },
      kind: { type: 'string', description: 'Kind is the REST resource this object represents.' },
      ...own,
      metadata: { description: 'Standard object metadata.', ...reference(`${META_PREFIX}.ObjectMeta`) },
    },
    'x-kubernetes-group-version-kind': [groupVersionKind(served)],
  };
}

/** A schema as OpenAPI takes it: what only the API server understands in the form that clients expect. */
function publishable(schema: StructuralSchema): JsonObject {
  const result = mapSchema(schema as JsonObject);
  return result;
}

function mapSchema(schema: JsonObject): JsonObject {
  const copy: JsonObject = {};
  for (const [name, value] of Object.entries(schema)) {
    if (name === 'properties' && isObject(value))
      copy[name] = Object.fromEntries(
        Object.entries(value).map(([member, child]) => [member, child === null ? {} : mapSchema(child as JsonObject)]),
      );
    else if ((name === 'items' || name === 'additionalProperties' || name === 'not') && isObject(value))
      copy[name] = mapSchema(value);
    else copy[name] = value as Json;
  }
  return copy;
}

const QUERY_PARAMETERS: readonly string[] = ['dryRun', 'fieldManager', 'fieldValidation'];

function pathsOf({ resource, version }: ServedResource): { collection: string; item: string } {
  const root = resource.group === '' ? `/api/${version.name}` : `/apis/${apiVersionOf(resource.group, version.name)}`;
  const collection = `${root}${resource.namespaced ? '/namespaces/{namespace}' : ''}/${resource.plural}`;
  return { collection, item: `${collection}/{name}` };
}

function operations(served: ServedResource, parameter: (name: string) => JsonObject): JsonObject {
  const { collection, item } = pathsOf(served);
  const gvk = groupVersionKind(served);
  const responses = { '200': { description: 'OK' } };
  const read = (action: string): JsonObject => ({
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk,
    responses,
  });
  const write = (action: string): JsonObject => ({ ...read(action), parameters: QUERY_PARAMETERS.map(parameter) });
  return {
    [collection]: { get: read('list'), post: write('post') },
    [item]: { get: read('get'), put: write('put'), patch: write('patch'), delete: read('delete') },
  };
}

function pathsV3(served: ServedResource): JsonObject {
  return operations(served, (name) => ({ name, in: 'query', schema: { type: 'string', uniqueItems: true } }));
}

function pathsV2(served: ServedResource): JsonObject {
  return operations(served, (name) => ({ name, in: 'query', type: 'string', uniqueItems: true }));
}
