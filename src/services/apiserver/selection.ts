import { parseFieldSelector, selectedName } from './field-selector.ts';
import { parseLabelSelector } from './label-selector.ts';
import type { KubeObject } from './model/objects.ts';
import type { ServedResource } from './registry.ts';

/** Which objects of a resource a list, watch or delete of a collection is about. */
export interface Selection {
  /** undefined: all namespaces, or cluster scope */
  readonly namespace: string | undefined;
  /** set when the field selector names one object */
  readonly name: string | undefined;
  /** undefined: every object */
  readonly matches: ((object: KubeObject) => boolean) | undefined;
}

/** From the query of a request. @throws StatusError BadRequest for selectors that cannot be parsed */
export function parseSelection(served: ServedResource, namespace: string, query: URLSearchParams): Selection {
  const fieldSelector = query.get('fieldSelector') ?? '';
  const byLabels = parseLabelSelector(query.get('labelSelector') ?? '');
  const byFields = parseFieldSelector(fieldSelector, served);
  const matches =
    byLabels || byFields
      ? (object: KubeObject): boolean =>
          (byLabels?.(object.metadata.labels ?? {}) ?? true) && (byFields?.(object) ?? true)
      : undefined;
  const all = served.resource.namespaced && namespace === '';
  return { namespace: all ? undefined : namespace, name: selectedName(fieldSelector), matches };
}
