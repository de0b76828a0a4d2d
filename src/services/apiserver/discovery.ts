/** Discovery documents: legacy (`/api`, `/apis`, `/apis/G/V`) and aggregated (apidiscovery.k8s.io/v2). */
import type { JsonObject } from '../../lib/schema/structural-schema.ts';
import type { Registry, ServedResource } from './registry.ts';
import { apiVersionOf, RESOURCE_VERBS, STATUS_VERBS, type Subresource } from './model/resource.ts';

/** `/api` */
export function coreVersions(): JsonObject {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [],
  };
}

/** `/apis` */
export function groupList(registry: Registry): JsonObject {
  const groups = [...registry.groups().keys()].filter((group) => group !== '');
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map((group) => groupBody(registry, group)!) };
}

/** `/apis/GROUP`; undefined when there is none. */
export function groupDocument(registry: Registry, group: string): JsonObject | undefined {
  const body = group === '' ? undefined : groupBody(registry, group);
  return body && { kind: 'APIGroup', apiVersion: 'v1', ...body };
}

function groupBody(registry: Registry, group: string): JsonObject | undefined {
  const served = registry.groups().get(group);
  if (!served) return undefined;
  const versions = [...served.keys()].map((version) => ({ groupVersion: apiVersionOf(group, version), version }));
  return { name: group, versions, preferredVersion: versions[0]! };
}

/** `/api/v1`, `/apis/GROUP/VERSION`; undefined when there is none. */
export function resourceList(registry: Registry, group: string, version: string): JsonObject | undefined {
  const served = registry.groups().get(group)?.get(version);
  if (!served) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf(group, version),
    resources: served.flatMap(legacyEntries),
  };
}

function legacyEntries(served: ServedResource): JsonObject[] {
  const { plural, singular, namespaced, kind, shortNames, categories } = served.resource;
  const main = {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs: [...RESOURCE_VERBS],
    ...(shortNames.length > 0 ? { shortNames: [...shortNames] } : {}),
    ...(categories.length > 0 ? { categories: [...categories] } : {}),
  };
  const parts = subresources(served).map(({ name, kind: partKind, verbs, group, version }) => ({
    name: `${plural}/${name}`,
    singularName: '',
    namespaced,
    ...(group === undefined ? {} : { group }),
    ...(version === undefined ? {} : { version }),
    kind: partKind,
    verbs: [...verbs],
  }));
  return [main, ...parts];
}

function subresources({ resource, version }: ServedResource): Subresource[] {
  const status = version.status ? [{ name: 'status', kind: resource.kind, verbs: STATUS_VERBS }] : [];
  return [...status, ...(resource.subresources ?? [])];
}

/** The aggregated document: of `/api` with the core group only, of `/apis` with all others. */
export function aggregatedDiscovery(registry: Registry, core: boolean): JsonObject {
  const groups = [...registry.groups()].filter(([group]) => (group === '') === core);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map(([group, versions]) => ({
      metadata: { name: group, creationTimestamp: null },
      versions: [...versions].map(([version, served]) => ({
        version,
        resources: served.map(aggregatedEntry),
        freshness: 'Current',
      })),
    })),
  };
}

function aggregatedEntry(served: ServedResource): JsonObject {
  const { resource, version } = served;
  const { group, kind, plural, singular, namespaced, shortNames, categories } = resource;
  const responseKind = { group, version: version.name, kind };
  const parts = subresources(served).map(({ name, kind: partKind, verbs, ...own }) => ({
    subresource: name,
    responseKind: { ...responseKind, ...own, kind: partKind },
    verbs: [...verbs],
  }));
  return {
    resource: plural,
    responseKind,
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: [...RESOURCE_VERBS],
    ...(shortNames.length > 0 ? { shortNames: [...shortNames] } : {}),
    ...(categories.length > 0 ? { categories: [...categories] } : {}),
    ...(parts.length > 0 ? { subresources: parts } : {}),
  };
}
