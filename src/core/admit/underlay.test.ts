/** ClusterNetwork, VlanConfig, HostNetworkConfig, and what names a network between nodes. */
import { describe, expect, test } from 'vitest';
import type { HostNetworkConfigSpec } from '../../kinds/host-network-config.ts';
import type { KubeObject } from '../../kinds/object.ts';
import { type KindName, World } from '../compile/world.ts';
import { admit, refuseDeletion } from './admit.ts';

const object = (kind: string, name: string, spec?: object, metadata: object = {}): KubeObject =>
  ({ apiVersion: 'v1', kind, metadata: { name, ...metadata }, ...(spec ? { spec } : {}) }) as KubeObject;
const vlanConfig = (name: string, clusterNetwork: string, nics: readonly string[], more: object = {}) =>
  object('VlanConfig', name, { clusterNetwork, uplink: { nics }, ...more });
const hostNetwork = (name: string, spec: HostNetworkConfigSpec) =>
  object('HostNetworkConfig', name, { clusterNetwork: 'data2', vlanID: 0, mode: 'static', ...spec });

/** node1 in rack a, node2 in rack b; data2 on eth2 of both, which tunnels run over; data3 without uplinks */
function neighbours(): World {
  const world = new World();
  const add = (one: KubeObject) =>
    world.apply({ kind: one.kind as KindName, key: one.metadata.name, object: one } as never);
  add(object('Node', 'node1', undefined, { labels: { rack: 'a' } }));
  add(object('Node', 'node2', undefined, { labels: { rack: 'b' } }));
  for (const name of ['mgmt', 'data2', 'data3', 'data4']) add(object('ClusterNetwork', name));
  add(vlanConfig('uplinks', 'data2', ['eth2']));
  add(hostNetwork('tunnels', { ips: { node1: '192.168.1.11/24' }, underlay: true }));
  add(object('Subnet', 'red', { vpc: 'v', cidrBlock: '10.0.0.0/16', nodeNetwork: 'data3' }));
  return world;
}

const verdictOf = (one: KubeObject) => {
  const { errors, warnings } = admit(one, undefined, neighbours());
  return [...errors.map(({ path, detail }) => `${path}: ${detail}`), ...warnings.map((text) => `warning ${text}`)];
};

describe('what is let in', () => {
  test.each<[what: string, one: KubeObject]>([
    ['a cluster network', object('ClusterNetwork', 'data5')],
    ['uplinks of another cluster network on other NICs', vlanConfig('more', 'data3', ['eth3', 'enp1s0f0.100'])],
    [
      'the same NIC on other nodes',
      object('VlanConfig', 'more', {
        clusterNetwork: 'data3',
        nodeSelector: { rack: 'c' },
        uplink: { nics: ['eth2'] },
      }),
    ],
    ['the same object again', vlanConfig('uplinks', 'data2', ['eth2'])],
    [
      'addresses of both nodes',
      hostNetwork('tunnels', { ips: { node1: '192.168.1.11/24', node2: 'fd00::12/64' }, underlay: true }),
    ],
    ['addresses by DHCP', hostNetwork('more', { vlanID: 7, mode: 'dhcp' })],
    ['a VLAN of mgmt', hostNetwork('more', { clusterNetwork: 'mgmt', vlanID: 7, ips: { node1: '10.9.0.1/24' } })],
    [
      'tunnels over another network on other nodes',
      hostNetwork('more', {
        vlanID: 7,
        ips: { node3: '10.9.0.1/24' },
        underlay: true,
        nodeSelector: { matchLabels: { rack: 'c' } },
      }),
    ],
    [
      'a subnet that chooses a cluster network',
      object('Subnet', 'new', { vpc: 'v', cidrBlock: '10.1.0.0/16', nodeNetwork: 'data2' }),
    ],
  ])('%s', (_, one) => {
    expect(verdictOf(one)).toEqual([]);
  });
});

describe('what is refused, or warned of', () => {
  test.each<[what: string, one: KubeObject, says: RegExp]>([
    [
      'a name too long for devices',
      object('ClusterNetwork', 'a-long-network'),
      /^metadata\.name: is longer than 12 characters/,
    ],
    ['uplinks of mgmt', vlanConfig('x', 'mgmt', ['eth9']), /^spec\.clusterNetwork: mgmt is made by the cluster itself/],
    [
      'uplinks of no cluster network',
      vlanConfig('x', 'data9', ['eth9']),
      /^spec\.clusterNetwork: is no ClusterNetwork: create it first/,
    ],
    ['uplinks of nothing', vlanConfig('x', '', ['eth9']), /^spec\.clusterNetwork: the name of a ClusterNetwork/],
    ['no NIC', vlanConfig('x', 'data3', []), /^spec\.uplink\.nics: the NICs that/],
    ['a NIC twice', vlanConfig('x', 'data3', ['eth3', 'eth3']), /^spec\.uplink\.nics\[1\]: is there already/],
    [
      'a command for a NIC',
      vlanConfig('x', 'data3', ['eth3 down\nlink del eth0']),
      /^spec\.uplink\.nics\[0\]: is no name of a NIC/,
    ],
    ['an option for a NIC', vlanConfig('x', 'data3', ['-batch']), /^spec\.uplink\.nics\[0\]: is no name of a NIC/],
    ['a path for a NIC', vlanConfig('x', 'data3', ['../eth3']), /^spec\.uplink\.nics\[0\]: is no name of a NIC/],
    [
      'a NIC of another cluster network',
      vlanConfig('x', 'data3', ['eth3', 'eth2']),
      /^spec\.uplink\.nics\[1\]: is an uplink of cluster network data2 on node node1 \(VlanConfig uplinks\)/,
    ],
    [
      'nodes that have uplinks',
      vlanConfig('x', 'data2', ['eth3'], { nodeSelector: { rack: 'b' } }),
      /^spec\.nodeSelector: chooses node node2, which VlanConfig uplinks gives uplinks of data2 already/,
    ],
    [
      'an MTU',
      vlanConfig('x', 'data3', ['eth3'], { uplink: { nics: ['eth3'], linkAttributes: { mtu: 9001 } } }),
      /^spec\.uplink\.linkAttributes\.mtu: must be 0/,
    ],
    [
      'an MTU unlike the others’',
      vlanConfig('x', 'data2', ['eth3'], {
        nodeSelector: { rack: 'c' },
        uplink: { nics: ['eth3'], linkAttributes: { mtu: 9000 } },
      }),
      /^warning spec\.uplink\.linkAttributes\.mtu: VlanConfig uplinks of the same cluster network has 0, and this one 9000/,
    ],
    [
      'no addresses',
      hostNetwork('x', { clusterNetwork: 'data2', vlanID: 7 }),
      /^spec\.ips: an address with prefix length/,
    ],
    [
      'an address without length',
      hostNetwork('x', { vlanID: 7, ips: { node1: '192.168.9.1' } }),
      /^spec\.ips\[node1\]: is not a CIDR: it has no prefix length/,
    ],
    [
      'a command for an address',
      hostNetwork('x', { vlanID: 7, ips: { node1: '192.168.9.1/24 dev eth0\nlink del eth0' } }),
      /^spec\.ips\[node1\]: is not a CIDR/,
    ],
    [
      'a network address',
      hostNetwork('x', { vlanID: 7, ips: { node1: '192.168.9.0/24' } }),
      /^spec\.ips\[node1\]: is the network or broadcast address of 192\.168\.9\.0\/24/,
    ],
    [
      'an address of loopback',
      hostNetwork('x', { vlanID: 7, ips: { node1: '127.0.0.2/8' } }),
      /^spec\.ips\[node1\]: overlaps loopback: a node cannot have it/,
    ],
    [
      'one address for two nodes',
      hostNetwork('x', { vlanID: 7, ips: { node1: '10.9.0.1/24', node2: '10.9.0.1/16' } }),
      /^spec\.ips\[node2\]: is the address of node1/,
    ],
    [
      'an address of another network',
      hostNetwork('x', { vlanID: 7, ips: { node2: '192.168.1.11/24' } }),
      /^spec\.ips\[node2\]: is the address of node1 \(HostNetworkConfig tunnels\)/,
    ],
    [
      'two addresses of a node',
      hostNetwork('x', { ips: { node2: '192.168.1.12/24' } }),
      /^spec\.vlanID: HostNetworkConfig tunnels gives node node1 an address on data2 with this VLAN/,
    ],
    [
      'two defaults of a node',
      hostNetwork('x', { vlanID: 7, ips: { node2: '10.9.0.1/24' }, underlay: true }),
      /^spec\.underlay: tunnels of node node1 run over HostNetworkConfig tunnels \(data2\) by default/,
    ],
    [
      'no uplinks',
      hostNetwork('x', { clusterNetwork: 'data3', ips: { node1: '10.9.0.1/24' } }),
      /^warning spec\.clusterNetwork: no VlanConfig gives data3 uplinks yet/,
    ],
    [
      'a choice of nothing',
      object('Subnet', 'new', { vpc: 'v', cidrBlock: '10.1.0.0/16', nodeNetwork: 'data9' }),
      /^warning spec\.nodeNetwork: no ClusterNetwork is named data9, and no Node has it/,
    ],
    [
      'a choice that is no name',
      object('Subnet', 'new', { vpc: 'v', cidrBlock: '10.1.0.0/16', nodeNetwork: 'data 3' }),
      /^spec\.nodeNetwork: is no name of a network between nodes/,
    ],
    [
      'a label of nothing',
      object(
        'NetworkAttachmentDefinition',
        'n',
        { config: '{"cniVersion":"0.3.1","type":"kube-ovn"}' },
        { namespace: 'ns', labels: { 'network.harvesterhci.io/clusternetwork': 'data9' } },
      ),
      /^warning metadata\.labels\[network\.harvesterhci\.io\/clusternetwork\]: no ClusterNetwork is named data9/,
    ],
    [
      'an annotation that is no JSON',
      object('Node', 'n', undefined, { annotations: { 'ovn.kubernetes.io/node_networks': 'data3=1' } }),
      /^warning annotation ovn\.kubernetes\.io\/node_networks must be a JSON object/,
    ],
    [
      'an annotation that is no address',
      object('Node', 'n', undefined, { annotations: { 'ovn.kubernetes.io/node_networks': '{"data3":"1.2.3"}' } }),
      /"1\.2\.3" of network "data3" is no address/,
    ],
  ])('%s', (_, one, says) => {
    const said = verdictOf(one);
    expect(said.filter((text) => says.test(text))).toHaveLength(1);
    expect(said).toHaveLength(1);
  });
});

test('a network of a Node’s annotation needs no ClusterNetwork', () => {
  const world = neighbours();
  const annotations = { 'ovn.kubernetes.io/node_networks': '{"storage":"192.168.2.11"}' };
  world.apply({ kind: 'Node', key: 'node1', object: object('Node', 'node1', undefined, { annotations }) });
  const one = object('Subnet', 'new', { vpc: 'v', cidrBlock: '10.1.0.0/16', nodeNetwork: 'storage' });
  expect(admit(one, undefined, world).warnings).toEqual([]);
});

describe('a cluster network goes', () => {
  test.each<[name: string, says: string | undefined]>([
    ['mgmt', 'ClusterNetwork mgmt carries the cluster itself and cannot be deleted'],
    [
      'data2',
      'ClusterNetwork data2 is used by VlanConfig uplinks, HostNetworkConfig tunnels: delete or change them first',
    ],
    ['data3', 'ClusterNetwork data3 is used by Subnet red (spec.nodeNetwork): delete or change them first'],
    ['data4', undefined],
  ])('%s', (name, says) => {
    expect(refuseDeletion(object('ClusterNetwork', name), neighbours())).toBe(says);
  });
});
