import { expect, test } from 'vitest';
import type { KubeObject } from '../../kinds/object.ts';
import { admit } from './admit.ts';
import { neighbours, subnet } from './testing/neighbours.ts';

const object = (kind: string, name: string, spec: object, metadata: object = {}): KubeObject => ({
  apiVersion: 'kubeovn.io/v1',
  kind,
  metadata: { name, ...metadata },
  spec,
});
const eip = (name: string, spec: object = {}, metadata: object = {}) => object('OvnEip', name, spec, metadata);

const NETWORK: readonly KubeObject[] = [
  object('ProviderNetwork', 'phys', { defaultInterface: 'eth1' }),
  object('Vlan', 'vlan100', { id: 100, provider: 'phys' }),
  subnet('external', {
    vlan: 'vlan100',
    vpc: 'ovn-cluster',
    cidrBlock: '172.20.100.0/24,2001:db8:100::/64',
    gateway: '172.20.100.1,2001:db8:100::1',
    excludeIps: ['172.20.100.1..172.20.100.19'],
  }),
  {
    ...object('Node', 'node1', {}),
    apiVersion: 'v1',
    status: { addresses: [{ type: 'InternalIP', address: '172.20.100.200' }] },
  },
  eip('e1', { externalSubnet: 'external', v4Ip: '172.20.100.21', macAddress: '02:00:00:00:0e:21', type: 'nat' }),
  eip('e2', { externalSubnet: 'external', v4Ip: '172.20.100.22', macAddress: '02:00:00:00:0e:22', type: 'nat' }),
  eip('r1', { externalSubnet: 'external', v4Ip: '172.20.100.23', macAddress: '02:00:00:00:0e:23', type: 'lrp' }),
  eip('gone', { externalSubnet: 'external', v4Ip: '172.20.100.24' }, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
  object('OvnFip', 'f1', { ovnEip: 'e1', ipName: 'vm1.ns.a.ns.ovn' }),
  object('OvnDnatRule', 'd1', { ovnEip: 'e2', ipName: 'vm1.ns.a.ns.ovn', externalPort: '8000-8010', protocol: 'tcp' }),
  object('OvnSnatRule', 's1', { ovnEip: 'e2', vpcSubnet: 'net1' }),
];

function judge(it: KubeObject, old?: KubeObject) {
  const world = neighbours();
  for (const other of NETWORK) world.apply({ kind: other.kind, key: other.metadata.name, object: other } as never);
  const { errors, warnings, object: stored } = admit(it, old, world);
  return { errors: errors.map(({ path, detail }) => `${path}: ${detail}`), warnings, spec: stored.spec };
}

const errors = (it: KubeObject, old?: KubeObject) => judge(it, old).errors;

test('an OvnEip that says nothing is of the default external subnet, and that is written', () => {
  const { spec, errors: found } = judge(eip('new'));
  expect(found).toEqual([]);
  expect(spec).toEqual({ externalSubnet: 'external' });
});

test.each([
  ['taken by an OvnEip', { v4Ip: '172.20.100.21' }, /it is in use by OvnEip e1: choose another address/],
  ['taken by a router', { v4Ip: '172.20.100.23' }, /it is in use by OvnEip r1/],
  ['of a node', { v4Ip: '172.20.100.200' }, /it is in use by node node1/],
  ['in the range of the nodes', { v4Ip: '172.20.100.11' }, /172.20.100.11 is excluded .* choose another one$/],
  ['of the gateway', { v4Ip: '172.20.100.1' }, /is the gateway of subnet external/],
  ['of another network', { v4Ip: '10.0.0.9' }, /is outside of subnet external/],
  ['IPv6 in the wrong field', { v4Ip: '2001:db8:100::30' }, /is IPv6/],
  ['misspelt', { v6Ip: '2001:DB8:100::30' }, /must be spelled 2001:db8:100::30/],
  ['nonsense', { v4Ip: '172.20.100.30; drop' }, /spec.v4Ip: /],
  ['with a MAC that is taken', { macAddress: '02:00:00:00:0e:21' }, /spec.macAddress: it is in use by OvnEip e1/],
  ['of an overlay subnet', { externalSubnet: 'net1' }, /is not on a VLAN/],
  ['of no subnet', { externalSubnet: 'nowhere' }, /create the subnet first, on a VLAN/],
])('an address %s is refused', (_, spec, why) => {
  expect(errors(eip('new', spec))).toEqual([expect.stringMatching(why)]);
});

test('what an OvnEip was given stays when it is replaced by what was written once; it may be changed on purpose', () => {
  const old = NETWORK.find(({ metadata }) => metadata.name === 'e1')!;
  expect(judge(eip('e1', {}), old)).toMatchObject({ errors: [], spec: old.spec! });
  expect(judge(eip('e1', { ...(old.spec as object), v4Ip: '172.20.100.40' }), old)).toMatchObject({
    errors: [],
    spec: { v4Ip: '172.20.100.40' },
  });
  expect(errors(eip('e1', { ...(old.spec as object), v4Ip: '172.20.100.22' }), old)).toEqual([
    expect.stringMatching(/in use by OvnEip e2/),
  ]);
  expect(errors(eip('e1', { ...(old.spec as object), type: 'lrp' }), old)).toEqual([
    expect.stringMatching(/spec.type: cannot change from nat to lrp/),
  ]);
});

const free = { ovnEip: 'e9', ipName: 'vm2.ns' };
test.each<[string, KubeObject, RegExp]>([
  ['an OvnEip twice', object('OvnFip', 'f2', { ...free, ovnEip: 'e1' }), /is in use by OvnFip f1/],
  ['an OvnEip with ports', object('OvnFip', 'f2', { ...free, ovnEip: 'e2' }), /OvnSnatRule s1, OvnDnatRule d1/],
  ['the address of a router', object('OvnFip', 'f2', { ...free, ovnEip: 'r1' }), /of a router itself/],
  ['an OvnEip that goes', object('OvnFip', 'f2', { ...free, ovnEip: 'gone' }), /is being deleted/],
  ['a second one for a machine', object('OvnFip', 'f2', { ovnEip: 'e9', ipName: 'vm1.ns.a.ns.ovn' }), /OvnFip f1/],
  ['two machines', object('OvnFip', 'f2', { ovnEip: 'e9', ipName: 'a.ns,b.ns' }), /names several/],
  ['no machine', object('OvnFip', 'f2', { ovnEip: 'e9' }), /say where it leads/],
  ['an address without VPC', object('OvnFip', 'f2', { ovnEip: 'e9', v4Ip: '10.0.0.9' }), /the VPC of the addresses/],
  ['no OvnEip', object('OvnFip', 'f2', { ipName: 'vm2.ns' }), /spec.ovnEip: the OvnEip whose address/],
  ['SNAT to a floating IP', object('OvnSnatRule', 's2', { ovnEip: 'e1', vpcSubnet: 'net2' }), /in use by OvnFip f1/],
  ['SNAT of nothing', object('OvnSnatRule', 's2', { ovnEip: 'e9' }), /say what leaves/],
  ['SNAT of two things', object('OvnSnatRule', 's2', { ovnEip: 'e9', vpcSubnet: 'net2', ipName: 'x.ns' }), /keep one/],
  ['SNAT of a subnet twice', object('OvnSnatRule', 's2', { ovnEip: 'e9', vpcSubnet: 'net1' }), /OvnSnatRule s1/],
  ['SNAT of nonsense', object('OvnSnatRule', 's2', { ovnEip: 'e9', vpc: 'red', v4IpCidr: '10.0.0.0/33' }), /v4IpCidr/],
  ['a port to a floating IP', object('OvnDnatRule', 'd2', { ...free, ovnEip: 'e1', externalPort: '1' }), /OvnFip f1/],
  [
    'a port twice',
    object('OvnDnatRule', 'd2', { ...free, ovnEip: 'e2', externalPort: '8005' }),
    /d1 forwards tcp port 8005/,
  ],
  ['a port that is none', object('OvnDnatRule', 'd2', { ...free, externalPort: '80 || 1' }), /is no port/],
  [
    'ranges of different lengths',
    object('OvnDnatRule', 'd2', { ...free, externalPort: '80-81', internalPort: '80' }),
    /externalPort has 2 ports, internalPort has 1/,
  ],
])('a rule that wants %s is refused', (_, rule, why) => {
  expect(errors(rule)).toEqual([expect.stringMatching(why)]);
});

test('what is not there yet is said, not refused', () => {
  expect(judge(object('OvnFip', 'f2', free))).toMatchObject({
    errors: [],
    warnings: [
      expect.stringMatching(/there is no OvnEip e9 yet/),
      expect.stringMatching(/there is no IP object vm2.ns yet/),
    ],
  });
  expect(errors(object('OvnDnatRule', 'd2', { ...free, ovnEip: 'e2', externalPort: '8005', protocol: 'udp' }))).toEqual(
    [],
  );
});

test('a VLAN ID belongs to one Vlan; the name of a ProviderNetwork fits a bridge; older words are understood', () => {
  expect(errors(object('Vlan', 'v2', { id: 100, provider: 'phys' }))).toEqual([
    expect.stringMatching(/Vlan vlan100 is VLAN 100 of ProviderNetwork phys/),
  ]);
  expect(judge(object('Vlan', 'v2', { vlanId: 7, providerInterfaceName: 'phys' })).spec).toMatchObject({
    id: 7,
    provider: 'phys',
  });
  expect(errors(object('ProviderNetwork', 'a-name-of-13c', { defaultInterface: 'eth1' }))).toEqual([
    expect.stringMatching(/at most 12 characters/),
  ]);
  const custom = [
    { interface: 'eth2', nodes: ['a'] },
    { interface: 'eth3', nodes: ['b', 'a'] },
  ];
  expect(errors(object('ProviderNetwork', 'p', { defaultInterface: 'eth1', customInterfaces: custom }))).toEqual([
    expect.stringMatching(/customInterfaces\[1\].nodes\[1\]: spec.customInterfaces\[0\] says/),
  ]);
});

test('prefixes on one VLAN do not overlap, whatever VPC they name; those of VPCs are another matter', () => {
  const other = (spec: object) =>
    errors(subnet('more', { cidrBlock: '172.20.100.128/25', gateway: '172.20.100.129', ...spec }));
  expect(other({ vlan: 'vlan100' })).toEqual([
    expect.stringMatching(/overlaps subnet external .* of the same Vlan vlan100/),
  ]);
  expect(other({ vlan: 'vlan200' })).toEqual([]);
  expect(other({ vpc: 'red' })).toEqual([]);
});
