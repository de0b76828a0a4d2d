/** Lists of conditions in which some types are ours to add and to take away. */
import { type Finding, withCondition } from '../../core/status/condition.ts';
import type { Condition } from '../../kinds/object.ts';

export type Conditions = readonly Partial<Condition>[];

/** `conditions` with the findings in place, and without those of `ours` that nothing was found for. */
export function replaceConditions(
  conditions: Conditions | undefined,
  ours: readonly string[],
  findings: readonly Finding[],
  now: string,
): readonly Condition[] {
  const kept = (conditions ?? []).filter(
    ({ type = '' }) => !ours.includes(type) || findings.some((finding) => finding.type === type),
  ) as readonly Condition[];
  return findings.reduce((list, finding) => withCondition(list, finding, now), kept);
}

export function conditionOf(conditions: Conditions | undefined, type: string): Partial<Condition> | undefined {
  return conditions?.find((condition) => condition.type === type);
}
