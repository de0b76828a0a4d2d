import type { Finding } from '../../core/status/condition.ts';
import type { KubeObject } from '../../kinds/object.ts';
import type { EventRecorder } from './events.ts';

/** An event for what is new in a condition. @param object as it was before the condition was written */
export function tellFinding(events: EventRecorder, object: KubeObject, finding: Finding): void {
  const { type, status, reason, message } = finding;
  const before = findingOf(object.status, type);
  if (reason === 'Pending' || (before?.status === status && before.message === message)) return;
  const isGood = type === 'Ready' && status === 'True';
  events.record(object, isGood ? 'Normal' : 'Warning', reason, message);
}

/** @param wanted type of the condition */
export function findingOf(status: unknown, wanted: string): Finding | undefined {
  const conditions = (status as { readonly conditions?: readonly Finding[] } | undefined)?.conditions;
  return conditions?.find(({ type }) => type === wanted);
}
