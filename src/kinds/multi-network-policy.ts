/** MultiNetworkPolicy: a NetworkPolicy for attached networks (k8snetworkplumbingwg). The kind is there; its rules come with the policy issue. */
import { AGE, type Kind } from './kind.ts';
import { open } from './schema.ts';

export const multiNetworkPolicyKind: Kind = {
  group: 'k8s.cni.cncf.io',
  version: 'v1beta1',
  kind: 'MultiNetworkPolicy',
  plural: 'multi-networkpolicies',
  singular: 'multi-networkpolicy',
  shortNames: ['multi-policy'],
  namespaced: true,
  statusSubresource: false,
  description: 'Which traffic pods may receive and send on attached networks.',
  spec: open('as NetworkPolicy'),
  columns: [AGE],
};
