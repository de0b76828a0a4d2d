/** What a network makes, what it takes over, and what it leaves alone. */
import { expect, test } from 'vitest';
import { keyOf, type KubeObject, type ObjectMeta } from '../../kinds/object.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { VirtualNetwork, VirtualNetworkSpec } from '../../kinds/virtual-network.ts';
import { Cluster } from './testing/cluster.ts';

const network = (spec: Partial<VirtualNetworkSpec> = {}, name = 'web', namespace = 'shop'): VirtualNetwork => ({
  apiVersion: 'network.harvesterhci.io/v1beta1',
  kind: 'VirtualNetwork',
  metadata: { name, namespace },
  spec: { cidrs: ['10.0.0.0/24'], ...spec },
});
const vpc = (name: string, metadata: Partial<ObjectMeta> = {}): KubeObject => ({
  apiVersion: 'kubeovn.io/v1',
  kind: 'Vpc',
  metadata: { name, ...metadata },
  spec: {},
});
const subnet = (name: string, spec: object, metadata: Partial<ObjectMeta> = {}): KubeObject => ({
  apiVersion: 'kubeovn.io/v1',
  kind: 'Subnet',
  metadata: { name, ...metadata },
  spec,
});
const attachment = (config: object, metadata: Partial<ObjectMeta> = {}): KubeObject => ({
  apiVersion: 'k8s.cni.cncf.io/v1',
  kind: 'NetworkAttachmentDefinition',
  metadata: { name: 'web', namespace: 'shop', ...metadata },
  spec: { config: JSON.stringify(config) },
});

/** the cluster once its controller has come to rest */
function settled(...objects: readonly KubeObject[]): Cluster {
  const cluster = new Cluster();
  for (const object of objects) expect(cluster.put(object)).toEqual([]);
  cluster.settle();
  return cluster;
}

const issuesOf = (cluster: Cluster) => cluster.plan(cluster.get('VirtualNetwork', 'shop/web') as VirtualNetwork).issues;
const names = (cluster: Cluster) =>
  (['Vpc', 'Subnet', 'NetworkAttachmentDefinition'] as const).flatMap((kind) =>
    cluster.all(kind).map(({ metadata }) => `${kind} ${keyOf(metadata)}`),
  );

test('Subnet and attachment bear the name of the network; its VPC, which may not be a namesake of a subnet, is for its namespace', () => {
  const cluster = settled(network());
  expect(names(cluster)).toEqual(['Vpc web.shop.vpc', 'Subnet web', 'NetworkAttachmentDefinition shop/web']);
  expect(cluster.get('Vpc', 'web.shop.vpc')!.spec).toEqual({ namespaces: ['shop'] });
});

test('what Harvester wants first comes first: VPC and attachment before the Subnet, which goes before the attachment', () => {
  const cluster = new Cluster();
  expect(cluster.put(network())).toEqual([]);
  const steps = () =>
    cluster
      .plan(cluster.get('VirtualNetwork', 'shop/web') as VirtualNetwork)
      .steps.map(({ verb, kind }) => `${verb} ${kind}`);
  expect(steps()).toEqual(['create Vpc', 'create NetworkAttachmentDefinition', 'create Subnet']);
  cluster.settle();
  cluster.delete('VirtualNetwork', 'shop/web');
  expect(steps()).toEqual(['delete Subnet', 'delete Vpc']);
  cluster.delete('Subnet', 'web');
  expect(steps()).toEqual(['delete NetworkAttachmentDefinition', 'delete Vpc']);
});

test('the cluster network goes to Subnet and attachment; mgmt chooses nothing, and is what the label says after a choice', () => {
  const cluster = settled(network({ clusterNetwork: 'data3' }));
  const said = () => [
    (cluster.get('Subnet', 'web') as Subnet).spec!.nodeNetwork,
    cluster.get('NetworkAttachmentDefinition', 'shop/web')!.metadata.labels!['network.harvesterhci.io/clusternetwork'],
  ];
  expect(said()).toEqual(['data3', 'data3']);
  for (const clusterNetwork of ['mgmt', 'data2', undefined]) {
    const { metadata } = cluster.get('VirtualNetwork', 'shop/web')!;
    expect(cluster.put({ ...network(clusterNetwork ? { clusterNetwork } : {}), metadata })).toEqual([]);
    cluster.settle();
    expect(said()).toEqual(clusterNetwork === 'data2' ? ['data2', 'data2'] : [undefined, 'mgmt']);
  }
});

test('networks of the same name in two namespaces: the second Subnet carries its namespace', () => {
  const cluster = settled(network(), network({}, 'web', 'play'));
  expect(cluster.all('Subnet').map(({ metadata }) => metadata.name)).toEqual(['web', 'web.play']);
  // and keeps it when the first one is gone
  cluster.delete('VirtualNetwork', 'shop/web');
  cluster.settle();
  expect(cluster.all('Subnet').map(({ metadata }) => metadata.name)).toEqual(['web.play']);
});

test('a VPC, and the names that Kube-OVN keeps for itself, are no names of Subnets', () => {
  expect(settled(vpc('web'), network()).get('Subnet', 'web.shop')).toBeDefined();
  expect(settled(network({}, 'join')).get('Subnet', 'join.shop')).toBeDefined();
});

test('the three objects of the proposal, where the attachment names the Subnet, become parts as they are', () => {
  const config = { cniVersion: '0.3.1', type: 'kube-ovn', ipam: { type: 'kube-ovn', subnet: 'net1' } };
  const byHand = [
    vpc('test-vpc-1'),
    subnet('net1', { vpc: 'test-vpc-1', cidrBlock: '10.0.0.0/24' }),
    attachment(config),
  ];
  const cluster = settled(...byHand, network({ vpc: 'test-vpc-1' }));
  expect(issuesOf(cluster)).toEqual([]);
  expect(names(cluster)).toEqual(['Vpc test-vpc-1', 'Subnet net1', 'NetworkAttachmentDefinition shop/web']);
  expect(cluster.get('Subnet', 'net1')!.spec).toMatchObject({ provider: 'ovn', enableDHCP: true });
  const { ipam } = JSON.parse(
    (cluster.get('NetworkAttachmentDefinition', 'shop/web')!.spec as { config: string }).config,
  );
  expect(ipam).toEqual(config.ipam);
});

test('a Subnet that other attachments name too is nobody’s to take', () => {
  const config = { cniVersion: '0.3.1', type: 'kube-ovn', ipam: { type: 'kube-ovn', subnet: 'net1' } };
  const cluster = new Cluster();
  for (const object of [
    vpc('red'),
    subnet('net1', { vpc: 'red', cidrBlock: '10.0.0.0/24' }),
    attachment(config),
    attachment(config, { namespace: 'play' }),
  ])
    expect(cluster.put(object)).toEqual([]);
  expect(cluster.put(network({ vpc: 'red' })).join()).toContain('names subnet net1, not web');
});

test('an attachment of another type is left alone, and keeps the network out', () => {
  const cluster = new Cluster();
  cluster.put(attachment({ type: 'bridge', bridge: 'br0' }));
  expect(cluster.put(network())).toEqual([
    'metadata.name: cannot be had: NetworkAttachmentDefinition shop/web is there already and is not of type kube-ovn: make the two agree, and it becomes part of this network; or delete it',
  ]);
});

test('a Subnet that serves the attachment with other prefixes is left alone, and keeps the network out', () => {
  const cluster = new Cluster();
  cluster.put(subnet('byhand', { provider: 'web.shop.ovn', cidrBlock: '10.9.0.0/24', vpc: 'web.shop.vpc' }));
  expect(cluster.put(network())).toEqual([
    'metadata.name: cannot be had: Subnet byhand is there already and has cidrBlock "10.9.0.0/24", not "10.0.0.0/24", and has gateway "10.9.0.1", not "10.0.0.1": make the two agree, and it becomes part of this network; or delete it',
  ]);
});

test('objects that belong to somebody else are not touched: neither for another network, nor for another controller', () => {
  const controller = { apiVersion: 'apps/v1', kind: 'Operator', name: 'one', uid: 'u', controller: true };
  const cluster = new Cluster();
  cluster.put(attachment({ type: 'kube-ovn', provider: 'web.shop.ovn' }, { ownerReferences: [controller] }));
  expect(cluster.put(network())).toEqual([
    'metadata.name: cannot be had: NetworkAttachmentDefinition shop/web belongs to Operator one: rename this network, or delete that object',
  ]);
  const labels = {
    'network.harvesterhci.io/virtual-network': 'db',
    'network.harvesterhci.io/virtual-network-namespace': 'shop',
  };
  const other = new Cluster();
  other.put(vpc('web.shop.vpc', { labels }));
  expect(other.put(network())).toEqual([
    'metadata.name: cannot be had: Vpc web.shop.vpc belongs to VirtualNetwork shop/db: rename this network, or delete that object',
  ]);
});

test('what somebody takes away or changes against its network comes back', () => {
  const cluster = settled(network({ isolation: 'subnet' }));
  const made = cluster.get('Subnet', 'web')!;
  cluster.put({ ...made, spec: { ...(made.spec as object), private: false, mtu: 1200 } });
  cluster.delete('NetworkAttachmentDefinition', 'shop/web');
  cluster.settle();
  expect(issuesOf(cluster)).toEqual([]);
  expect(cluster.get('Subnet', 'web')!.spec).toMatchObject({ private: true, mtu: 1200 });
  expect(cluster.get('NetworkAttachmentDefinition', 'shop/web')).toBeDefined();
});

test('an adopted VPC with subnets of others in it is let go at once', () => {
  const cluster = settled(
    vpc('web.shop.vpc'),
    subnet('byhand', { cidrBlock: '10.9.0.0/24', vpc: 'web.shop.vpc', provider: 'ovn' }),
    network(),
  );
  cluster.delete('VirtualNetwork', 'shop/web');
  cluster.settle();
  expect(cluster.all('VirtualNetwork')).toEqual([]);
  expect(names(cluster)).toEqual(['Vpc web.shop.vpc', 'Subnet byhand']);
  expect(cluster.get('Vpc', 'web.shop.vpc')!.metadata.labels).toEqual({});
});

test('its own VPC with subnets of others in it waits for them, and says so', () => {
  const cluster = settled(
    network(),
    subnet('byhand', { cidrBlock: '10.9.0.0/24', vpc: 'web.shop.vpc', provider: 'ovn' }),
  );
  cluster.delete('VirtualNetwork', 'shop/web');
  cluster.settle();
  expect(issuesOf(cluster)).toEqual([
    {
      reason: 'StillUsed',
      message: 'Vpc web.shop.vpc of this network is still used by subnets byhand: it goes when they are gone',
    },
  ]);
  cluster.delete('Subnet', 'byhand');
  cluster.settle();
  expect(names(cluster)).toEqual([]);
});

test('moved to another VPC before anybody uses it, it takes its own along', () => {
  const cluster = settled(vpc('red'), network());
  expect(
    cluster.put({ ...network({ vpc: 'red' }), metadata: cluster.get('VirtualNetwork', 'shop/web')!.metadata }),
  ).toEqual([]);
  cluster.settle();
  expect(cluster.get('Subnet', 'web')!.spec).toMatchObject({ vpc: 'red' });
  expect(cluster.all('Vpc').map(({ metadata }) => metadata.name)).toEqual(['red']);
});

test('internet: nat connects its own VPC and translates; taken back, both go, and what users said themselves stays', () => {
  const cluster = settled(network({ internet: 'nat' }));
  expect(cluster.get('Vpc', 'web.shop.vpc')!.spec).toMatchObject({ enableExternal: true });
  expect(cluster.get('Subnet', 'web')!.spec).toMatchObject({ natOutgoing: true });
  cluster.put(network({ internet: 'none' }));
  cluster.settle();
  expect(cluster.get('Vpc', 'web.shop.vpc')!.spec).not.toHaveProperty('enableExternal');
  expect(cluster.get('Subnet', 'web')!.spec).not.toHaveProperty('natOutgoing');
  const byHand = settled(network(), { ...vpc('web.shop.vpc'), spec: { enableExternal: true } });
  expect(byHand.get('Vpc', 'web.shop.vpc')!.spec).toMatchObject({ enableExternal: true });
});
