import { expect, test } from 'vitest';
import type { KubeObject } from '../../kinds/object.ts';
import { admit } from './admit.ts';
import { ip, neighbours, subnet } from './testing/neighbours.ts';

const object = (kind: string, name: string, spec: object, metadata: object = {}): KubeObject => ({
  apiVersion: 'kubeovn.io/v1',
  kind,
  metadata: { name, ...metadata },
  spec,
});
const GOING = { deletionTimestamp: '2026-01-01T00:00:00Z' };
const GATEWAY = { vpc: 'red', subnet: 'net1', lanIp: '10.0.0.254', externalSubnets: ['outside', 'second'] };
const vlanSubnet = (name: string, prefix: string) =>
  subnet(name, { vlan: 'vlan100', vpc: '', cidrBlock: `${prefix}.0/24`, gateway: `${prefix}.1` });

const NETWORK: readonly KubeObject[] = [
  {
    ...vlanSubnet('outside', '172.20.100'),
    spec: { ...vlanSubnet('outside', '172.20.100').spec, excludeIps: ['172.20.100.2..172.20.100.9'] },
  },
  vlanSubnet('second', '172.20.200'),
  vlanSubnet('third', '172.20.30'),
  { ...object('Node', 'node1', {}), apiVersion: 'v1', status: { addresses: [{ address: '172.20.100.200' }] } },
  object('VpcNatGateway', 'gw', GATEWAY),
  object('VpcNatGateway', 'going', { vpc: 'red', externalSubnets: ['outside'] }, GOING),
  object('VpcNatGateway', 'blue', { vpc: 'blue', externalSubnets: ['outside'] }),
  object('OvnEip', 'o1', { externalSubnet: 'outside', v4Ip: '172.20.100.20', macAddress: '02:00:00:00:0e:20' }),
  object('IptablesEIP', 'e1', {
    natGwDp: 'gw',
    externalSubnet: 'outside',
    v4ip: '172.20.100.21',
    macAddress: '02:00:00:00:0e:21',
  }),
  object('IptablesEIP', 'e2', {
    natGwDp: 'gw',
    externalSubnet: 'outside',
    v4ip: '172.20.100.22',
    macAddress: '02:00:00:00:0e:22',
  }),
  object('IptablesEIP', 'e3', {
    natGwDp: 'gw',
    externalSubnet: 'outside',
    v4ip: '172.20.100.23',
    macAddress: '02:00:00:00:0e:23',
  }),
  object('IptablesEIP', 'b1', {
    natGwDp: 'blue',
    externalSubnet: 'outside',
    v4ip: '172.20.100.31',
    macAddress: '02:00:00:00:0e:31',
  }),
  object('IptablesEIP', 'gone', { natGwDp: 'gw', externalSubnet: 'outside', v4ip: '172.20.100.24' }, GOING),
  object('IptablesFIPRule', 'f1', { eip: 'e1', internalIp: '10.0.0.5' }),
  object('IptablesDnatRule', 'd1', { eip: 'e2', externalPort: '80', internalIp: '10.0.0.6', protocol: 'tcp' }),
  object('IptablesDnatRule', 's1', {
    eip: 'e2',
    externalPort: '81',
    internalIp: '10.0.0.6',
    protocol: 'tcp',
    type: 'share',
  }),
  object('IptablesSnatRule', 'out', { eip: 'e2', internalCIDR: '10.0.0.0/16' }),
  object('OvnFip', 'o1', { ovnEip: 'o1', ipName: 'vm7.ns.a.ns.ovn' }),
  object('OvnSnatRule', 'net2', { ovnEip: 'o9', vpcSubnet: 'net2' }),
  ip('vm7.ns.a.ns.ovn', 'net1', '10.0.0.7'),
];

function judge(it: KubeObject, old?: KubeObject) {
  const world = neighbours();
  for (const other of NETWORK) world.apply({ kind: other.kind, key: other.metadata.name, object: other } as never);
  const { errors, warnings, object: stored } = admit(it, old, world);
  return { errors: errors.map(({ path, detail }) => `${path}: ${detail}`), warnings, stored };
}

const known = (kind: string, name: string) => NETWORK.find((it) => it.kind === kind && it.metadata.name === name)!;

test('an IptablesEIP that says its gateway only is of the first external subnet of that, and that is written', () => {
  const { errors, stored } = judge(object('IptablesEIP', 'new', { natGwDp: 'gw' }));
  expect(errors).toEqual([]);
  expect(stored.spec).toEqual({ natGwDp: 'gw', externalSubnet: 'outside' });
  expect(stored.metadata.finalizers).toEqual(['kubeovn.io/kube-ovn-controller']);
});

test.each<[string, object, RegExp]>([
  ['of no gateway', { externalSubnet: 'outside' }, /^spec.natGwDp: the VpcNatGateway whose VPC uses the address$/],
  [
    'of a gateway that is not there',
    { natGwDp: 'nobody', externalSubnet: 'outside' },
    /^spec.natGwDp: there is no such VpcNatGateway: create it/,
  ],
  ['of a gateway that goes', { natGwDp: 'going' }, /VpcNatGateway going is being deleted/],
  [
    'of another external subnet',
    { natGwDp: 'gw', externalSubnet: 'third' },
    /none of the external subnets of VpcNatGateway gw and its VPC \(outside, second\)/,
  ],
  ['that an OvnEip has', { natGwDp: 'gw', v4ip: '172.20.100.20' }, /^spec.v4ip: it is in use by OvnEip o1/],
  ['that an IptablesEIP has', { natGwDp: 'blue', v4ip: '172.20.100.21' }, /^spec.v4ip: it is in use by IptablesEIP e1/],
  ['of a node', { natGwDp: 'gw', v4ip: '172.20.100.200' }, /it is in use by node node1/],
  ['that is excluded', { natGwDp: 'gw', v4ip: '172.20.100.5' }, /172.20.100.5 is excluded/],
  ['of the gateway outside', { natGwDp: 'gw', v4ip: '172.20.100.1' }, /is the gateway of subnet outside/],
  ['in the wrong field', { natGwDp: 'gw', v6ip: '172.20.100.40' }, /^spec.v6ip: is IPv4/],
  [
    'with the MAC of another',
    { natGwDp: 'gw', macAddress: '02:00:00:00:0e:20' },
    /^spec.macAddress: it is in use by OvnEip o1/,
  ],
])('an external address %s is refused', (_, spec, why) => {
  expect(judge(object('IptablesEIP', 'new', spec)).errors).toEqual([expect.stringMatching(why)]);
});

test('an OvnEip cannot have what an IptablesEIP has', () => {
  expect(judge(object('OvnEip', 'new', { externalSubnet: 'outside', v4Ip: '172.20.100.21' })).errors).toEqual([
    expect.stringMatching(/it is in use by IptablesEIP e1/),
  ]);
});

test('an IptablesEIP stays with its gateway, and keeps what it was given', () => {
  const old = known('IptablesEIP', 'e1');
  expect(judge(object('IptablesEIP', 'e1', { natGwDp: 'gw' }), old)).toMatchObject({
    errors: [],
    stored: { spec: old.spec },
  });
  expect(judge(object('IptablesEIP', 'e1', { natGwDp: 'blue' }), old).errors).toEqual([
    'spec.natGwDp: cannot change from gw to blue: make a new object',
  ]);
});

const port = (spec: object) =>
  object('IptablesDnatRule', 'new', { eip: 'e3', externalPort: '80', internalIp: '10.0.0.6', ...spec });
test.each<[string, KubeObject, RegExp]>([
  [
    'a floating IP of an address with ports',
    object('IptablesFIPRule', 'new', { eip: 'e2', internalIp: '10.0.0.9' }),
    /^spec.eip: is in use by IptablesSnatRule out, IptablesDnatRule d1/,
  ],
  ['ports of a floating IP', port({ eip: 'e1' }), /^spec.eip: is in use by IptablesFIPRule f1/],
  [
    'SNAT to a floating IP',
    object('IptablesSnatRule', 'new', { eip: 'e1', internalCIDR: '10.0.1.0/24' }),
    /IptablesFIPRule f1/,
  ],
  ['an address that is not there', port({ eip: 'nobody' }), /^spec.eip: there is no such IptablesEIP: create it first/],
  ['an address that goes', port({ eip: 'gone' }), /IptablesEIP gone is being deleted/],
  [
    'a second floating IP of a machine',
    object('IptablesFIPRule', 'new', { eip: 'e3', internalIp: '10.0.0.5' }),
    /^spec.internalIp: has a floating IP already, IptablesFIPRule f1/,
  ],
  [
    'one beside an OvnFip',
    object('IptablesFIPRule', 'new', { eip: 'e3', internalIp: '10.0.0.7' }),
    /has a floating IP already, OvnFip o1/,
  ],
  [
    'an OvnFip beside one',
    object('OvnFip', 'new', { ovnEip: 'o8', vpc: 'red', v4Ip: '10.0.0.5' }),
    /has a floating IP already, IptablesFIPRule f1/,
  ],
  [
    'the router’s own address',
    object('IptablesFIPRule', 'new', { eip: 'e3', internalIp: '10.0.0.1' }),
    /is the router's own address in subnet net1/,
  ],
  ['nobody', object('IptablesFIPRule', 'new', { eip: 'e3' }), /^spec.internalIp: the address of a machine/],
  ['nonsense', object('IptablesFIPRule', 'new', { eip: 'e3', internalIp: '10.0.0.5; drop' }), /^spec.internalIp: /],
  [
    'two of one family',
    object('IptablesFIPRule', 'new', { eip: 'e3', internalIp: '10.0.0.8,10.0.0.9' }),
    /names several of one family/,
  ],
  [
    'a port twice',
    port({ eip: 'e2' }),
    /IptablesDnatRule d1 forwards tcp port 80 of IptablesEIP e2 already: use other ports, or let both have spec.type share/,
  ],
  ['a port that others share', port({ eip: 'e2', externalPort: '81' }), /IptablesDnatRule s1 forwards tcp port 81/],
  ['a port that others do not share', port({ eip: 'e2', type: 'share' }), /IptablesDnatRule d1 forwards tcp port 80/],
  ['another protocol', port({ protocol: 'sctp' }), /^spec.protocol: must be tcp or udp$/],
  ['no port', port({ externalPort: '0' }), /^spec.externalPort: is no port/],
  [
    'a prefix twice',
    object('IptablesSnatRule', 'new', { eip: 'e3', internalCIDR: '10.0.0.0/16' }),
    /IptablesSnatRule out says by which address the same leaves/,
  ],
  [
    'a prefix of an OvnSnatRule',
    object('IptablesSnatRule', 'new', { eip: 'e3', internalCIDR: '10.1.0.0/16' }),
    /OvnSnatRule net2 says/,
  ],
  [
    'a subnet of an IptablesSnatRule',
    object('OvnSnatRule', 'new', { ovnEip: 'o9', vpcSubnet: 'net1' }),
    /IptablesSnatRule out says/,
  ],
  [
    'a prefix that is none',
    object('IptablesSnatRule', 'new', { eip: 'e3', internalCIDR: '10.0.0.0/33' }),
    /^spec.internalCIDR: /,
  ],
  ['no prefix', object('IptablesSnatRule', 'new', { eip: 'e3' }), /^spec.internalCIDR: the prefix or address/],
])('a rule that wants %s is refused', (_, rule, why) => {
  expect(judge(rule).errors).toEqual([expect.stringMatching(why)]);
});

test.each<[string, KubeObject]>([
  ['the same prefix in another VPC', object('IptablesSnatRule', 'new', { eip: 'b1', internalCIDR: '10.0.0.0/16' })],
  ['the same internal address in another VPC', object('IptablesFIPRule', 'new', { eip: 'b1', internalIp: '10.0.0.5' })],
  ['the same port by another protocol', port({ eip: 'e2', protocol: 'UDP' })],
  ['a port that it shares', port({ eip: 'e2', externalPort: '81', type: 'share' })],
  [
    'a single address in a prefix that leaves',
    object('IptablesSnatRule', 'new', { eip: 'e3', internalCIDR: '10.0.0.9' }),
  ],
  ['SNAT and ports of one address', object('IptablesSnatRule', 'new', { eip: 'e2', internalCIDR: '10.0.3.0/24' })],
])('a rule that wants %s is let in', (_, rule) => {
  expect(judge(rule).errors).toEqual([]);
});

test.each<[string, object, RegExp]>([
  ['of no VPC', { vpc: '', subnet: '', lanIp: '' }, /^spec.vpc: the VPC that the gateway serves$/],
  ['of a VPC that is not there', { vpc: 'nobody', subnet: '', lanIp: '' }, /^spec.vpc: there is no such VPC/],
  ['of a VPC that goes', { vpc: 'leaving', subnet: '', lanIp: '' }, /^spec.vpc: VPC leaving is being deleted/],
  ['in a subnet of another VPC', { subnet: 'b-c', lanIp: '' }, /^spec.subnet: is a subnet of VPC a, not of red/],
  ['in a subnet that is not there', { subnet: 'nobody' }, /^spec.subnet: there is no such subnet/],
  ['at an address without a subnet', { subnet: '' }, /^spec.subnet: the subnet of spec.lanIp/],
  ['at the address of a machine', { lanIp: '10.0.0.5' }, /^spec.lanIp: 10.0.0.5 is in use by vm1.ns.a.ns.ovn/],
  ['at the address of another gateway', { lanIp: '10.0.0.254' }, /is in use by VpcNatGateway gw/],
  ['at the router’s own address', { lanIp: '10.0.0.1' }, /is the gateway of subnet net1/],
  ['outside of its subnet', { lanIp: '10.9.0.1' }, /is outside of subnet net1/],
  [
    'to an external subnet that is not there',
    { externalSubnets: ['nobody'] },
    /^spec.externalSubnets\[0\]: there is no such subnet/,
  ],
  [
    'to an overlay subnet',
    { externalSubnets: ['outside', 'net2'] },
    /^spec.externalSubnets\[1\]: is no subnet of a VLAN/,
  ],
  [
    'to the default external subnet, which is not there',
    { externalSubnets: [] },
    /^spec.externalSubnets: there is no such subnet/,
  ],
  ['on nodes that nobody can find', { selector: ['zone=a'] }, /^spec.selector\[0\]: must be key:value/],
])('a gateway %s is refused', (_, spec, why) => {
  expect(judge(object('VpcNatGateway', 'new', { ...GATEWAY, lanIp: '10.0.0.253', ...spec })).errors).toEqual([
    expect.stringMatching(why),
  ]);
});

test('a gateway stays where it is; what is about pods is let in and said', () => {
  const old = known('VpcNatGateway', 'gw');
  for (const [spec, field] of [
    [{ ...GATEWAY, vpc: 'blue' }, 'spec.vpc'],
    [{ ...GATEWAY, subnet: 'net2' }, 'spec.subnet'],
  ] as const)
    expect(judge(object('VpcNatGateway', 'gw', spec), old).errors).toEqual([
      expect.stringContaining(`${field}: cannot change from`),
    ]);
  const more = {
    replicas: 2,
    bfd: { enabled: true },
    affinity: { nodeAffinity: {} },
    bgpSpeaker: { enabled: true },
    selector: ['zone: a'],
  };
  const { errors, warnings } = judge(object('VpcNatGateway', 'gw', { ...GATEWAY, ...more }), old);
  expect(errors).toEqual([]);
  expect(warnings).toEqual([
    expect.stringMatching(/^spec.replicas is of gateway pods and has no effect/),
    expect.stringMatching(/^spec.affinity is of gateway pods/),
    expect.stringMatching(/^spec.bfd.enabled is of gateway pods/),
    expect.stringMatching(/^spec.bgpSpeaker.enabled is not built yet and has no effect/),
  ]);
});

test('no machine, Vip or IP object gets the lanIp of a gateway', () => {
  expect(judge(object('Vip', 'new', { subnet: 'net1', v4ip: '10.0.0.254' })).errors).toEqual([
    expect.stringMatching(/in use by VpcNatGateway gw/),
  ]);
});
