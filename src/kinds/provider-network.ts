/** ProviderNetwork: a physical network, and the NIC by which each node is on it. Kube-OVN's kind and fields. */
import { column, type Kind, REASON } from './kind.ts';
import type { KubeObject } from './object.ts';
import { bool, conditions, labelSelector, list, obj, strings, type Schema, type Static } from './schema.ts';

/** a Linux network device */
const device = (description: string): Schema<string> => ({
  type: 'string',
  pattern: '^[^/\\s]+$',
  maxLength: 15,
  description,
});

const customInterface = obj({
  interface: device('NIC of these nodes'),
  nodes: strings('nodes that use it instead of defaultInterface'),
});

const spec = obj(
  {
    defaultInterface: device('NIC of all nodes that customInterfaces does not name'),
    customInterfaces: list(customInterface, 'other NICs of some nodes'),
    nodeSelector: labelSelector('nodes that are on this network; all when empty'),
    excludeNodes: strings('nodes that are not on this network; of no effect beside nodeSelector'),
    exchangeLinkName: bool('the bridge takes the name of the NIC'),
    autoCreateVlanSubinterfaces: bool('make VLAN devices of the NIC that are missing'),
    preserveVlanInterfaces: bool('move VLAN devices of the NIC along'),
    vlanInterfaces: strings('VLAN devices that are moved along'),
  },
  { required: ['defaultInterface'] },
);

const status = obj({
  conditions,
  ready: bool('all its nodes are on it'),
  readyNodes: strings('nodes that are on it'),
  notReadyNodes: strings('nodes that should be on it and are not'),
  vlans: strings('Vlan objects that it carries'),
});

export type ProviderNetworkSpec = Static<typeof spec>;
export type ProviderNetworkStatus = Static<typeof status>;
export type ProviderNetwork = KubeObject<ProviderNetworkSpec, ProviderNetworkStatus>;

export const providerNetworkKind: Kind = {
  group: 'kubeovn.io',
  version: 'v1',
  kind: 'ProviderNetwork',
  plural: 'provider-networks',
  singular: 'provider-network',
  shortNames: ['pn'],
  namespaced: false,
  statusSubresource: true,
  description: 'A physical network, and the NIC by which each node is on it.',
  spec,
  status,
  columns: [column('DefaultInterface', '.spec.defaultInterface'), column('Ready', '.status.ready', 'boolean'), REASON],
};
