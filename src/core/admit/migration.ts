/** What a VirtualMachineInstanceMigration must say: of which instance. As with KubeVirt, that cannot be changed any more. */
import type { Migration } from '../../kinds/virtual-machine.ts';
import { equal } from '../ovn/equal.ts';
import { Findings, type Review, type Verdict } from './verdict.ts';

export function admitMigration({ object, old }: Review<Migration>): Verdict<Migration> {
  const findings = new Findings();
  const name: unknown = object.spec?.vmiName;
  const selector: unknown = object.spec?.addedNodeSelector;
  if (typeof name !== 'string' || name === '')
    findings.invalid('spec.vmiName', name, 'name the VirtualMachineInstance that is to migrate, of the same namespace');
  if (selector !== undefined && !isTexts(selector))
    findings.invalid('spec.addedNodeSelector', selector, 'labels and their values, all text, are expected');
  if (old && !equal(old.spec, object.spec))
    findings.forbidden('spec', 'a migration cannot be changed: delete it (that calls it off) and make another');
  return { object, warnings: findings.warnings, errors: findings.errors };
}

function isTexts(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((text) => typeof text === 'string')
  );
}
