/** What the path of a request addresses: `/apis/GROUP/VERSION/namespaces/NAMESPACE/PLURAL/NAME/SUBRESOURCE`. */
export interface ResourcePath {
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly plural: string;
  readonly name: string;
  readonly subresource: string;
}

/** Subresources of namespaces; another third segment is a resource inside of the namespace. */
const NAMESPACE_SUBRESOURCES: ReadonlySet<string> = new Set(['status', 'finalize']);

/** Undefined when the path is no resource path, or its escapes are malformed. */
export function parseResourcePath(pathname: string): ResourcePath | undefined {
  const segments = decodeSegments(pathname);
  if (!segments) return undefined;
  const core = segments[0] === 'api';
  if (!core && segments[0] !== 'apis') return undefined;
  const [group, version] = core ? ['', segments[1]] : [segments[1], segments[2]];
  const rest = segments.slice(core ? 2 : 3);
  if (group === undefined || version === undefined || rest.length === 0) return undefined;
  const [first, namespace, third] = rest;
  if (first === 'namespaces' && namespace !== undefined && third !== undefined && !NAMESPACE_SUBRESOURCES.has(third))
    return resourcePath(group, version, namespace, rest.slice(2));
  return resourcePath(group, version, '', rest);
}

function resourcePath(
  group: string,
  version: string,
  namespace: string,
  rest: readonly string[],
): ResourcePath | undefined {
  const [plural, name = '', subresource = '', ...more] = rest;
  if (plural === undefined || more.length > 0) return undefined;
  return { group, version, namespace, plural, name, subresource };
}

function decodeSegments(pathname: string): string[] | undefined {
  try {
    return pathname
      .split('/')
      .filter((segment) => segment !== '')
      .map(decodeURIComponent);
  } catch {
    return undefined;
  }
}
