/** What an object is after a step. */
import type { KubeObject } from '../../kinds/object.ts';
import type { Step } from './plan.ts';

type Json = Readonly<Record<string, unknown>>;

/** @throws Error for a deletion, after which there is none */
export function afterStep(step: Step): KubeObject {
  if (step.verb === 'delete') throw new Error(`${step.kind} ${step.object.metadata.name} is deleted by this step`);
  return step.verb === 'create' ? step.object : (merged(step.object, step.patch) as KubeObject);
}

/** RFC 7396 */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const base: Json = typeof target === 'object' && target !== null && !Array.isArray(target) ? (target as Json) : {};
  const next: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete next[name];
    else next[name] = merged(base[name], value);
  }
  return next;
}
