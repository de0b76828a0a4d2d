/** The Ready condition: what is wrong with an object, or that it is in force. */
import type { Condition } from '../../kinds/object.ts';
import type { Issue } from '../compile/rule.ts';

export interface Judgement {
  readonly issues: readonly Issue[];
  /** the object's rows are in the Northbound database as they should be */
  readonly committed: boolean;
  /** metadata.generation of the object that was judged */
  readonly generation: number;
  /** set while the object is being deleted and something still needs it */
  readonly waitsFor?: string;
}

/** What works all the same but that somebody should know; undefined when nothing is to be said. */
export function warningCondition(issues: readonly Issue[], generation: number): Finding | undefined {
  const warnings = issues.filter(({ severity }) => severity === 'warning');
  const [first] = warnings;
  if (!first) return undefined;
  const message = warnings.map((issue) => issue.message).join('; ');
  return { type: 'Warning', status: 'True', reason: first.reason, message, observedGeneration: generation };
}

/** the part of a condition that says something; times are added when it is stored */
export type Finding = Pick<Condition, 'type' | 'status' | 'reason' | 'message' | 'observedGeneration'>;

export function readyCondition({ issues: all, committed, generation, waitsFor }: Judgement): Finding {
  const issues = all.filter(({ severity }) => severity === undefined);
  const about = (status: 'True' | 'False', reason: string, message: string): Finding => ({
    type: 'Ready',
    status,
    reason,
    message,
    observedGeneration: generation,
  });
  if (waitsFor !== undefined) return about('False', 'Deleting', waitsFor);
  // what is broken is said before what is merely missing
  const first = issues.find(({ reason }) => reason !== 'NotImplemented') ?? issues[0];
  if (first) return about('False', first.reason, issues.map(({ message }) => message).join('; '));
  if (!committed) return about('False', 'Pending', 'accepted, on its way into OVN');
  const notes = all.filter(({ severity }) => severity === 'note').map(({ message }) => message);
  return about('True', 'Ready', ['in force', ...notes].join('; '));
}

/** The conditions that Weft writes, in their places: Ready, and Warning while there is something to warn of. */
export function withFindings(
  conditions: readonly Condition[] | undefined,
  ready: Finding,
  warning: Finding | undefined,
  now: string,
): readonly Condition[] {
  const next = withCondition(conditions, ready, now);
  if (warning) return withCondition(next, warning, now);
  return next.some(({ type }) => type === 'Warning') ? next.filter(({ type }) => type !== 'Warning') : next;
}

/**
 * `conditions` with `finding` in its place; the same array when nothing is new, so that nothing is written. `now` is RFC 3339.
 */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  finding: Finding,
  now: string,
): readonly Condition[] {
  const old = conditions?.find(({ type }) => type === finding.type);
  const same =
    old &&
    old.status === finding.status &&
    old.reason === finding.reason &&
    old.message === finding.message &&
    old.observedGeneration === finding.observedGeneration;
  if (conditions && same) return conditions;
  const next: Condition = {
    ...finding,
    lastUpdateTime: now,
    lastTransitionTime: old?.status === finding.status ? (old.lastTransitionTime ?? now) : now,
  };
  return [...(conditions ?? []).filter(({ type }) => type !== finding.type), next];
}
