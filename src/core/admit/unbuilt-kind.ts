/** Kinds that the API has but nothing acts on yet: taken in silently they would be a lie, and a policy that is not enforced a danger. */
import type { KubeObject } from '../../kinds/object.ts';
import { Findings, type Review, type Verdict } from './verdict.ts';

export const UNBUILT_KINDS: Readonly<Record<string, string>> = {
  MultiNetworkPolicy: 'network policies are not built yet, and this one would not be enforced',
};

export function refuseUnbuilt({ object, old }: Review<KubeObject>): Verdict<KubeObject> {
  const findings = new Findings();
  if (!old) findings.forbidden('kind', UNBUILT_KINDS[object.kind] ?? 'is not built yet');
  return { object, warnings: [], errors: findings.errors };
}
