/** NetworkAttachmentDefinition: a network that pods can ask for by name. Multus' kind (k8snetworkplumbingwg). */
import { AGE, type Kind } from './kind.ts';
import type { KubeObject } from './object.ts';
import { obj, str, type Static } from './schema.ts';

const spec = obj({ config: str('CNI configuration, JSON in a string') });

export type NetworkAttachmentDefinition = KubeObject<Static<typeof spec>>;

export const networkAttachmentDefinitionKind: Kind = {
  group: 'k8s.cni.cncf.io',
  version: 'v1',
  kind: 'NetworkAttachmentDefinition',
  plural: 'network-attachment-definitions',
  singular: 'network-attachment-definition',
  shortNames: ['net-attach-def'],
  namespaced: true,
  statusSubresource: false,
  description: 'A network that pods and virtual machines can be attached to.',
  spec,
  columns: [AGE],
};
