import { resourceId, type Resource, type ResourceVersion } from './model/resource.ts';

export interface ServedResource {
  readonly resource: Resource;
  readonly version: ResourceVersion;
}

/** The table of all resource definitions. Built-in ones are added at start, custom ones come and go. */
export class Registry {
  readonly #resources = new Map<string, Resource>();
  #changes = 0;

  /** Counts changes of the table: documents made from it are good as long as it stays the same. */
  get changes(): number {
    return this.#changes;
  }

  /** Adds a definition, or replaces the one of the same group and plural. */
  put(resource: Resource): void {
    this.#resources.set(resourceId(resource), resource);
    this.#changes++;
  }

  remove(id: string): void {
    if (this.#resources.delete(id)) this.#changes++;
  }

  /** By id: `vpcs.kubeovn.io`, `pods`. */
  get(id: string): Resource | undefined {
    return this.#resources.get(id);
  }

  all(): Iterable<Resource> {
    return this.#resources.values();
  }

  /** What is served under `/apis/GROUP/VERSION/PLURAL`. */
  served(group: string, version: string, plural: string): ServedResource | undefined {
    const resource = this.#resources.get(resourceId({ group, plural }));
    const served = resource?.versions.find(({ name, served }) => served && name === version);
    return resource && served ? { resource, version: served } : undefined;
  }

  /** By group and kind. */
  byKind(group: string, kind: string): Resource | undefined {
    for (const resource of this.#resources.values())
      if (resource.group === group && resource.kind === kind) return resource;
    return undefined;
  }

  /** Groups with their served versions, both in order of preference, and what each version serves. */
  groups(): Map<string, Map<string, ServedResource[]>> {
    const groups = new Map<string, Map<string, ServedResource[]>>();
    const sorted = [...this.#resources.values()].sort((a, b) => compareText(resourceId(a), resourceId(b)));
    for (const resource of sorted.sort((a, b) => groupRank(a) - groupRank(b))) {
      for (const version of resource.versions) {
        if (!version.served) continue;
        let versions = groups.get(resource.group);
        if (!versions) groups.set(resource.group, (versions = new Map<string, ServedResource[]>()));
        let list = versions.get(version.name);
        if (!list) versions.set(version.name, (list = []));
        list.push({ resource, version });
      }
    }
    for (const [group, versions] of groups)
      groups.set(group, new Map([...versions].sort(([a], [b]) => compareVersions(a, b))));
    return groups;
  }
}

/** Core first, then the other built-in groups, then custom ones. */
function groupRank(resource: Resource): number {
  if (resource.group === '') return 0;
  return resource.custom ? 2 : 1;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const VERSION = /^v(\d+)(?:(alpha|beta)(\d+))?$/;

/**
 * Kubernetes' order of preference: v10 before v2 before v1, then v11beta2, v10beta3, then alphas, then other names
 * alphabetically. https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/
 */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [VERSION.exec(a), VERSION.exec(b)];
  if (!x || !y) return x ? -1 : y ? 1 : compareText(a, b);
  return stability(y) - stability(x) || Number(y[1]) - Number(x[1]) || Number(y[3] ?? 0) - Number(x[3] ?? 0);
}

function stability(match: RegExpExecArray): number {
  return match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0;
}
