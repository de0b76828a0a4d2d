/**
 * NodeUnderlay: what one node says of the networks between nodes: its tunnel addresses, and which other nodes it reaches over them; and of its uplinks to
 * physical networks. Weft's own kind, written by the agent of that node alone and only when something is different; named for the node.
 */
import { AGE, column, type Kind } from './kind.ts';
import type { KubeObject } from './object.ts';
import { bool, int, list, obj, open, str, strings, type Static } from './schema.ts';

const peer = obj(
  {
    node: str('the other node'),
    address: str('its address on this network'),
    reachable: bool('it answers'),
    mtu: int('bytes of the largest packet that is known to pass, as links count them', { format: 'int32' }),
    expectedMtu: int('bytes that should pass: the smaller MTU of both ends', { format: 'int32' }),
    reason: str('why not, or why less'),
  },
  { required: ['node', 'address', 'reachable'] },
);

const network = obj(
  {
    name: str('ClusterNetwork, or a name of node annotation ovn.kubernetes.io/node_networks; empty: of no network'),
    address: str('tunnel address of this node'),
    device: str('device that has the address'),
    mtu: int('MTU of the device in bytes', { format: 'int32' }),
    default: bool('tunnels of networks that choose nothing run over it'),
    up: bool('the address and its carrier are there'),
    inUse: bool('tunnels run over it now'),
    reason: str('why it is not up, or not in use'),
    peers: list(peer, 'the other nodes on this network'),
    apart: strings('NETWORK:NODE of addresses of other networks that this address does not reach'),
  },
  { required: ['name', 'address'] },
);

const uplink = obj(
  {
    name: str('ProviderNetwork'),
    bridge: str('bridge of this node for it'),
    interface: str('NIC of this node in it'),
    mac: str('MAC address of the NIC'),
    mtu: int('MTU of the NIC in bytes', { format: 'int32' }),
    ready: bool('the NIC is in the bridge, and OVN knows the bridge'),
    up: bool('the NIC has its carrier, and the upstream router answers where it is asked'),
    reason: str('why it is not ready, or not up'),
  },
  { required: ['name', 'ready', 'up'] },
);

const status = obj({
  encapsulations: strings('encapsulations that this node speaks'),
  networks: list(network, 'networks between nodes that this node is on'),
  addresses: strings('NETWORK=ADDRESS of each network, for people'),
  uplinks: list(uplink, 'physical networks that this node should be on'),
  unreachable: strings('NETWORK:NODE for each node that does not answer'),
});

export type UnderlayPeer = Static<typeof peer>;
export type UnderlayNetwork = Static<typeof network>;
export type NodeUplink = Static<typeof uplink>;
export type NodeUnderlayStatus = Static<typeof status>;
export type NodeUnderlay = KubeObject<Readonly<Record<string, unknown>>, NodeUnderlayStatus>;

export const nodeUnderlayKind: Kind = {
  group: 'network.harvesterhci.io',
  version: 'v1beta1',
  kind: 'NodeUnderlay',
  plural: 'nodeunderlays',
  singular: 'nodeunderlay',
  shortNames: ['nu'],
  namespaced: false,
  statusSubresource: true,
  description: 'Tunnel addresses of a node, and which nodes it reaches over them.',
  spec: open('nothing is asked for'),
  status,
  columns: [
    column('Encapsulation', '.status.encapsulations'),
    column('Addresses', '.status.addresses'),
    column('Unreachable', '.status.unreachable'),
    AGE,
  ],
};
