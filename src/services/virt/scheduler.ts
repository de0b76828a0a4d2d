/**
 * Which node a pod gets. Pure: the nodes that fit (ready, not cordoned, nodeSelector, required node affinity), among them the one with
 * the fewest guests; names break ties. The rules are kube-scheduler's NodeAffinity and NodeUnschedulable plugins.
 */
import type { Node, NodeSelectorRequirement, NodeSelectorTerm, Placement } from './pod.ts';

/** a node by name, or the sentence that says why no node fits */
export type Verdict = { readonly node: string } | { readonly why: string };

/** @param guests number of guests on a node */
export function chooseNode(nodes: Iterable<Node>, placement: Placement, guests: (node: string) => number): Verdict {
  const unsupported = unsupportedField(placement);
  if (unsupported) return { why: unsupported };
  const all = [...nodes].toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  if (all.length === 0) return { why: 'there is no node' };
  const judged = all.map((node) => ({ name: node.metadata.name, objection: objectionOf(node, placement) }));
  const fitting = judged.filter(({ objection }) => objection === undefined).map(({ name }) => name);
  const [first, ...rest] = fitting;
  if (first === undefined)
    return {
      why: `0/${all.length} nodes fit: ${judged.map(({ name, objection }) => `${name} ${objection}`).join('; ')}`,
    };
  return { node: rest.reduce((best, name) => (guests(name) < guests(best) ? name : best), first) };
}

/** What the node's Ready condition says; a node that says nothing is not ready. */
export function readiness({ status }: Node): string {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'Unknown';
}

function objectionOf(node: Node, placement: Placement): string | undefined {
  const ready = readiness(node);
  if (ready !== 'True') return `is not ready (condition Ready is ${ready})`;
  if (node.spec?.unschedulable) return 'is cordoned (spec.unschedulable)';
  const labels = node.metadata.labels ?? {};
  const missing = Object.entries(placement.nodeSelector ?? {}).find(([key, value]) => labels[key] !== value);
  if (missing) return `lacks label ${missing.join('=')} (nodeSelector)`;
  const terms = requiredTerms(placement);
  if (terms && !terms.some((term) => matches(node, term))) return 'does not match the required node affinity';
  return undefined;
}

function requiredTerms({ affinity }: Placement): readonly NodeSelectorTerm[] | undefined {
  return affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
}

/** a term without any requirement matches no node */
function matches({ metadata }: Node, { matchExpressions = [], matchFields = [] }: NodeSelectorTerm): boolean {
  const fields = { 'metadata.name': metadata.name };
  return (
    matchExpressions.length + matchFields.length > 0 &&
    matchExpressions.every((requirement) => satisfies(metadata.labels ?? {}, requirement)) &&
    matchFields.every((requirement) => satisfies(fields, requirement))
  );
}

const OPERATORS: Readonly<Record<string, (value: string | undefined, values: readonly string[]) => boolean>> = {
  In: (value, values) => value !== undefined && values.includes(value),
  NotIn: (value, values) => value === undefined || !values.includes(value),
  Exists: (value) => value !== undefined,
  DoesNotExist: (value) => value === undefined,
};

function satisfies(
  labels: Readonly<Record<string, string>>,
  { key, operator, values = [] }: NodeSelectorRequirement,
): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  return OPERATORS[operator]?.(value, values) ?? false;
}

/** A wish that must be met but that this scheduler cannot judge is not ignored. */
function unsupportedField(placement: Placement): string | undefined {
  for (const field of ['podAffinity', 'podAntiAffinity'] as const)
    if (placement.affinity?.[field]?.requiredDuringSchedulingIgnoredDuringExecution?.length)
      return `affinity.${field} that is required is not built yet: use nodeSelector or affinity.nodeAffinity`;
  for (const { matchExpressions = [], matchFields = [] } of requiredTerms(placement) ?? [])
    for (const { key, operator } of [...matchExpressions, ...matchFields])
      if (!Object.hasOwn(OPERATORS, operator))
        return `operator ${JSON.stringify(operator)} for ${key} in affinity.nodeAffinity is not built yet: use ${Object.keys(OPERATORS).join(', ')}`;
  return undefined;
}
