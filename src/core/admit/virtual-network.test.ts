/** What keeps a VirtualNetwork out: its own mistakes, and everything for which its parts would be refused, in the network's words. */
import { describe, expect, test } from 'vitest';
import type { VirtualNetwork, VirtualNetworkSpec } from '../../kinds/virtual-network.ts';
import type { Vpc } from '../../kinds/vpc.ts';
import { Cluster } from '../network/testing/cluster.ts';
import { admit } from './admit.ts';
import { errorsOf, ip, neighbours, subnet, vpc } from './testing/neighbours.ts';
import { FINALIZER } from './verdict.ts';

const network = (spec: Partial<VirtualNetworkSpec> = {}, name = 'web', namespace = 'shop'): VirtualNetwork => ({
  apiVersion: 'network.harvesterhci.io/v1beta1',
  kind: 'VirtualNetwork',
  metadata: { name, namespace },
  spec: { cidrs: ['10.0.0.0/24'], ...spec },
});

test('the least is a prefix; what is meant is stored, and the finalizer is on', () => {
  const { object, errors, warnings } = admit(network({ cidrs: ['10.0.0.9/24', 'FD00::/64'] }), undefined, neighbours());
  expect(errors).toEqual([]);
  expect(warnings).toEqual(['spec.cidrs[0]: host bits of 10.0.0.9/24 are cleared: the prefix is 10.0.0.0/24']);
  expect(object.spec).toEqual({ cidrs: ['10.0.0.0/24', 'fd00::/64'] });
  expect(object.metadata.finalizers).toEqual([FINALIZER]);
});

test.each<[string, Partial<VirtualNetworkSpec>, string]>([
  ['no prefix', { cidrs: [] }, 'spec.cidrs: a prefix such as 10.0.0.0/16'],
  ['no prefix that can be read', { cidrs: ['10.0.0.0/33'] }, 'spec.cidrs[0]: '],
  ['two of a family', { cidrs: ['10.0.0.0/24', '10.1.0.0/24'] }, 'spec.cidrs: '],
  ['a prefix for something else', { cidrs: ['127.0.0.0/24'] }, 'spec.cidrs: 127.0.0.0/24 overlaps loopback'],
  ['no room', { cidrs: ['10.0.0.1/32'] }, 'spec.cidrs: '],
  ['a gateway elsewhere', { gateways: ['10.9.0.1'] }, 'spec.gateways[0]: is in none of spec.cidrs (10.0.0.0/24)'],
  [
    'two gateways',
    { gateways: ['10.0.0.1', '10.0.0.2'] },
    'spec.gateways[1]: a network has one gateway of each family',
  ],
  ['the network address as gateway', { gateways: ['10.0.0.0'] }, 'spec.gateways: '],
  ['a DNS server that guests cannot ask', { dhcp: { dnsServers: ['fd00::53'] } }, 'spec.dhcp.dnsServers[0]: is IPv6'],
  ['a search domain that is none', { dhcp: { searchDomains: ['a b'] } }, 'spec.dhcp.searchDomains[0]: '],
  ['an option that is none', { dhcp: { v4Options: 'colour=red' } }, 'spec.dhcp.v4Options: '],
  ['too small packets', { mtu: 60 }, 'spec.mtu: must be at least 576'],
  ['none, and a VPC', { isolation: 'none', vpc: 'red' }, 'spec.isolation: none puts the network into the default VPC'],
  [
    'a route in a VPC of others',
    { vpc: 'blue', routes: [{ destination: '0.0.0.0/0', nextHops: ['10.0.0.9'] }] },
    "spec.routes: VPC blue is not this network's own: put the routes into its spec.staticRoutes",
  ],
  [
    'a route to nowhere',
    { routes: [{ destination: '0.0.0.0/0', nextHops: [] }] },
    'spec.routes[0].nextHops: the address',
  ],
  [
    'a route of two families',
    { routes: [{ destination: '0.0.0.0/0', nextHops: ['10.0.0.9', 'fd00::9'] }] },
    'spec.routes[0].nextHops[1]: is IPv6, the prefix is IPv4',
  ],
  [
    'a route that cannot be read',
    { routes: [{ destination: 'ten/8', nextHops: ['10.0.0.9'] }] },
    'spec.routes[0].destination: ',
  ],
  [
    'a prefix of its VPC that is taken',
    { vpc: 'red' },
    'spec.cidrs: overlaps subnet net1 (10.0.0.0/16) of the same VPC red',
  ],
])('%s is refused', (_, spec, sentence) => {
  const errors = errorsOf(network(spec));
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain(sentence);
});

test('names: no dots, no more than a label', () => {
  for (const name of ['web.one', 'x'.repeat(64)])
    expect(errorsOf(network({}, name))).toEqual([
      'metadata.name: must be at most 63 of a-z 0-9 and -, without dots: choose another name',
    ]);
});

describe('whose VPC it may join', () => {
  const judge = (object: VirtualNetwork, ...vpcs: readonly Vpc[]) => {
    const world = neighbours();
    for (const one of vpcs) world.apply({ kind: 'Vpc', key: one.metadata.name, object: one });
    const { errors, warnings } = admit(object, undefined, world);
    return [...errors.map(({ path, detail }) => `${path}: ${detail}`), ...warnings];
  };

  test('one that its namespace is listed in, or that lists none', () => {
    expect(judge(network({ vpc: 'mine' }), vpc('mine', { namespaces: ['shop'] }))).toEqual([]);
    expect(judge(network({ vpc: 'blue' }))).toEqual([]);
  });

  test('not one of other namespaces', () => {
    expect(judge(network({ vpc: 'theirs' }), vpc('theirs', { namespaces: ['play'] }))).toEqual([
      'spec.vpc: VPC theirs is for namespaces play: choose another one, or have shop added to its spec.namespaces',
    ]);
  });

  test('not one that a network of another namespace has, or will have', () => {
    const refused = [
      'spec.vpc: VPC web.play.vpc is for namespaces play: choose another one, or have shop added to its spec.namespaces',
    ];
    expect(judge(network({ vpc: 'web.play.vpc' }))).toEqual(refused);
    const theirs = vpc('web.play.vpc', { namespaces: ['play'] });
    const labels = {
      'network.harvesterhci.io/virtual-network': 'web',
      'network.harvesterhci.io/virtual-network-namespace': 'play',
    };
    const made = { ...theirs, metadata: { ...theirs.metadata, labels } };
    expect(judge(network({ vpc: 'web.play.vpc' }), made)).toEqual(refused);
    const open = { ...made, spec: { namespaces: ['play', 'shop'] } };
    expect(judge(network({ vpc: 'web.play.vpc' }), open)).toEqual([]);
  });

  test('one that is not there yet, with a warning', () => {
    expect(judge(network({ vpc: 'later' }))).toEqual([
      'spec.vpc: there is no VPC later yet: machines on this network wait for it',
    ]);
  });
});

test('the default VPC need not be there: it comes with its first network', () => {
  expect(admit(network({ isolation: 'none' }), undefined, neighbours()).warnings).toEqual([]);
});

test('what its Subnet would be warned of, of fields that follow from its own', () => {
  const { errors, warnings } = admit(network({ clusterNetwork: 'data9' }), undefined, neighbours());
  expect(errors).toEqual([]);
  expect(warnings).toEqual([
    'spec.clusterNetwork: no ClusterNetwork is named data9, and no Node has it in annotation ovn.kubernetes.io/node_networks: pods on this network do not start until there is one',
  ]);
});

test('two networks of one VPC that overlap, before either has a Subnet', () => {
  const cluster = new Cluster();
  expect(cluster.put(network({ vpc: 'red' }))).toEqual([]);
  expect(cluster.put(network({ vpc: 'red', cidrs: ['10.0.0.128/25'] }, 'db'))).toEqual([
    'spec.cidrs[0]: overlaps VirtualNetwork shop/web (10.0.0.0/24) of the same VPC red: choose another prefix, or another VPC',
  ]);
  expect(cluster.put(network({ vpc: 'blue', cidrs: ['10.0.0.128/25'] }, 'db'))).toEqual([]);
});

test('a way out is not built, a next hop in no network waits: both are said', () => {
  const spec = { internet: 'routed' as const, routes: [{ destination: '0.0.0.0/0', nextHops: ['10.77.0.1'] }] };
  const { errors, warnings } = admit(network(spec), undefined, neighbours());
  expect(errors).toEqual([]);
  expect(warnings).toEqual([
    'spec.routes[0].nextHops[0]: 10.77.0.1 is in no network of the VPC: the route is left out until one holds it',
    'spec.internet: routed is not built yet and has no effect: machines have no way out',
  ]);
});

describe('while somebody is on it', () => {
  const used = () => {
    const cluster = new Cluster();
    for (const object of [vpc('blue'), network()]) expect(cluster.put(object)).toEqual([]);
    cluster.settle();
    const address = ip('vm1.shop.web.shop.ovn', 'web', '10.0.0.5');
    const owner = { podName: 'vm1', namespace: 'shop', podType: 'VirtualMachine' };
    expect(cluster.put({ ...address, spec: { ...(address.spec as object), ...owner } })).toEqual([]);
    const change = (spec: Partial<VirtualNetworkSpec>) => {
      const { metadata } = cluster.get('VirtualNetwork', 'shop/web')!;
      return cluster.put({ ...network(spec), metadata });
    };
    return { cluster, change };
  };

  test.each<[string, Partial<VirtualNetworkSpec>, string]>([
    [
      'another prefix',
      { cidrs: ['10.9.0.0/24'] },
      'spec.cidrs: cannot become 10.9.0.0/24: 10.0.0.5 of VirtualMachine shop/vm1',
    ],
    [
      'another gateway',
      { gateways: ['10.0.0.9'] },
      'spec.gateways: cannot change while it is used by VirtualMachine shop/vm1',
    ],
    ['another VPC', { vpc: 'blue' }, 'spec.vpc: cannot change while it is used by VirtualMachine shop/vm1'],
    ['the default VPC', { isolation: 'none' }, 'spec.vpc: cannot change while it is used by VirtualMachine shop/vm1'],
  ])('%s is refused, with its name', (_, spec, sentence) => {
    const { cluster, change } = used();
    const errors = change(spec);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(sentence);
    expect(cluster.get('VirtualNetwork', 'shop/web')!.spec).toEqual({ cidrs: ['10.0.0.0/24'] });
  });

  test('a larger prefix, another family beside it, isolation, MTU and options are not', () => {
    const { cluster, change } = used();
    expect(
      change({
        cidrs: ['10.0.0.0/20', 'fd00::/64'],
        isolation: 'subnet',
        mtu: 1300,
        dhcp: { dnsServers: ['9.9.9.9'], searchDomains: ['shop.test'] },
      }),
    ).toEqual([]);
    cluster.settle();
    expect(cluster.get('Subnet', 'web')!.spec).toMatchObject({
      cidrBlock: '10.0.0.0/20,fd00::/64',
      gateway: '10.0.0.1,fd00::1',
      private: true,
      mtu: 1300,
      dhcpV4Options: 'dns_server={9.9.9.9}, domain_search_list={shop.test}',
      ipv6RAConfigs: 'dnssl={shop.test}',
    });
  });
});

test('a part of the same name that belongs to nobody and says something else keeps it out', () => {
  const cluster = new Cluster();
  cluster.put(subnet('web', { vpc: 'red', cidrBlock: '10.8.0.0/24', provider: 'web.shop.ovn' }));
  expect(cluster.put(network({ vpc: 'red' })).join()).toContain(
    'metadata.name: cannot be had: Subnet web is there already and has cidrBlock "10.8.0.0/24", not "10.0.0.0/24"',
  );
});
