/** What a NetworkAttachmentDefinition must be to be let in, when it is one of ours. */
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import { attachmentConfig } from '../ipam/attachments.ts';
import { checkLabel } from './node-network.ts';
import { Findings, type Review, type Verdict } from './verdict.ts';

export function admitNetworkAttachmentDefinition({
  object,
  neighbours,
}: Review<NetworkAttachmentDefinition>): Verdict<NetworkAttachmentDefinition> {
  const findings = new Findings();
  const parsed = attachmentConfig(object);
  if ('problem' in parsed) findings.invalid('spec.config', object.spec?.config, parsed.problem);
  else if (parsed.ours) {
    checkLabel(object, neighbours, findings);
    if (parsed.givenProvider !== undefined && parsed.givenProvider !== parsed.provider) {
      findings.invalid(
        'spec.config',
        object.spec?.config,
        `its provider must be ${parsed.provider} (<name>.<namespace>.ovn), not ${parsed.givenProvider}`,
      );
    }
    if (parsed.subnet !== undefined && !neighbours.get('Subnet', parsed.subnet))
      findings.warn(
        'spec.config',
        `subnet ${JSON.stringify(parsed.subnet)} does not exist yet: machines on this network wait for it`,
      );
  }
  return { object, warnings: findings.warnings, errors: findings.errors };
}
