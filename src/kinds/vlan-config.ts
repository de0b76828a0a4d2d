/** VlanConfig: which NICs of which nodes are the uplinks of a ClusterNetwork. Harvester's kind and fields. */
import { AGE, column, type Kind } from './kind.ts';
import type { KubeObject } from './object.ts';
import { choice, int, mapOf, obj, str, strings, type Static } from './schema.ts';

const BOND_MODES = [
  'balance-rr',
  'active-backup',
  'balance-xor',
  'broadcast',
  '802.3ad',
  'balance-tlb',
  'balance-alb',
] as const;

const uplink = obj({
  nics: strings('NICs of the node; several are bonded'),
  linkAttributes: obj(
    {
      mtu: int('largest packet in bytes; 0 leaves what the NIC has', { format: 'int32' }),
      txQLen: int('length of the transmit queue; -1 leaves what the NIC has', { format: 'int32' }),
      hardwareAddr: str('MAC address of the uplink'),
    },
    { description: 'properties of the uplink' },
  ),
  bondOptions: obj(
    {
      mode: choice(BOND_MODES, 'how the NICs share the load; active-backup when empty'),
      miimon: int('milliseconds between two looks at the carrier; -1 is the default', { format: 'int32' }),
    },
    { description: 'how several NICs are bonded' },
  ),
});

const spec = obj({
  description: str('a note for people'),
  clusterNetwork: str('the ClusterNetwork'),
  nodeSelector: mapOf(str('value'), 'labels of the nodes; empty: all nodes'),
  uplink,
});

export type VlanConfig = KubeObject<Static<typeof spec>>;

export const vlanConfigKind: Kind = {
  group: 'network.harvesterhci.io',
  version: 'v1beta1',
  kind: 'VlanConfig',
  plural: 'vlanconfigs',
  singular: 'vlanconfig',
  shortNames: ['vc'],
  namespaced: false,
  statusSubresource: false,
  description: 'Uplinks of a ClusterNetwork on some nodes.',
  spec,
  columns: [
    column('ClusterNetwork', '.spec.clusterNetwork'),
    column('NICs', '.spec.uplink.nics'),
    column('MTU', '.spec.uplink.linkAttributes.mtu', 'integer'),
    column('Description', '.spec.description', 'string', 1),
    AGE,
  ],
};
