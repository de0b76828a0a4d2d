/** A resource as URLs name it. */
export interface Resource {
  /** '' for the core group */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

export const CORE = {
  pods: { group: '', version: 'v1', plural: 'pods', namespaced: true },
  nodes: { group: '', version: 'v1', plural: 'nodes', namespaced: false },
  namespaces: { group: '', version: 'v1', plural: 'namespaces', namespaced: false },
  events: { group: '', version: 'v1', plural: 'events', namespaced: true },
} as const satisfies Readonly<Record<string, Resource>>;

/** URL path of a collection (of one namespace, or of all), or of one object in it. */
export function pathOf(
  { group, version, plural, namespaced }: Resource,
  namespace: string | undefined,
  name?: string,
  subresource?: string,
): string {
  const parts = [group === '' ? 'api' : `apis/${group}`, version];
  if (namespaced && namespace !== undefined) parts.push('namespaces', encodeURIComponent(namespace));
  parts.push(plural);
  if (name !== undefined) parts.push(encodeURIComponent(name));
  if (subresource !== undefined) parts.push(subresource);
  return `/${parts.join('/')}`;
}
