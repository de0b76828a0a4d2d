/** What a VirtualMachine must be to be let in: its networks can be read. */
import type { VirtualMachine } from '../../kinds/virtual-machine.ts';
import { NETWORKS_ANNOTATION, parseNetworks } from '../ipam/attachments.ts';
import { Findings, type Review, type Verdict } from './verdict.ts';

export function admitVirtualMachine({ object }: Review<VirtualMachine>): Verdict<VirtualMachine> {
  const findings = new Findings();
  const places = [
    { path: 'metadata.annotations', annotations: object.metadata.annotations },
    { path: 'spec.template.metadata.annotations', annotations: object.spec?.template?.metadata?.annotations },
  ];
  for (const { path, annotations } of places) {
    const text = annotations?.[NETWORKS_ANNOTATION];
    if (text === undefined) continue;
    const parsed = parseNetworks(text, object.metadata.namespace ?? '');
    if ('problem' in parsed) findings.invalid(`${path}[${NETWORKS_ANNOTATION}]`, text, parsed.problem);
  }
  return { object, warnings: findings.warnings, errors: findings.errors };
}
