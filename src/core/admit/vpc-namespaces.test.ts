/** Who may use a VPC, which subnet is a default, and addresses that are the cluster's: told at the door. */
import { expect, test } from 'vitest';
import type { NetworkAttachmentDefinition } from '../../kinds/network-attachment-definition.ts';
import type { VirtualMachine } from '../../kinds/virtual-machine.ts';
import type { World } from '../compile/world.ts';
import { admit } from './admit.ts';
import { neighbours, subnet, vpc } from './testing/neighbours.ts';

const attachment = (name: string, namespace: string, network?: string): NetworkAttachmentDefinition => ({
  apiVersion: 'k8s.cni.cncf.io/v1',
  kind: 'NetworkAttachmentDefinition',
  metadata: { name, namespace },
  spec: { config: JSON.stringify({ type: 'kube-ovn', ...(network ? { ipam: { subnet: network } } : {}) }) },
});

const vm = (namespace: string, network: string): VirtualMachine => ({
  apiVersion: 'kubevirt.io/v1',
  kind: 'VirtualMachine',
  metadata: { name: 'web', namespace, annotations: { 'k8s.v1.cni.cncf.io/networks': network } },
  spec: {},
});

function world(...namespaces: readonly string[]): World {
  const known = neighbours();
  known.apply({ kind: 'Vpc', key: 'red', object: vpc('red', { namespaces: [...namespaces] }) });
  for (const object of [attachment('two', 'shop', 'net2'), attachment('bare', 'shop')])
    known.apply({ kind: 'NetworkAttachmentDefinition', key: `shop/${object.metadata.name}`, object });
  return known;
}

const told = (object: Parameters<typeof admit>[0], old: typeof object | undefined, known: World) => {
  const { errors, warnings } = admit(object, old, known);
  return { errors: errors.map(({ path, type, detail }) => `${path}: ${type}: ${detail}`), warnings };
};

test('a VPC that lists namespaces is for their machines alone', () => {
  expect(told(vm('shop', 'two'), undefined, world('shop')).errors).toEqual([]);
  expect(told(vm('other', 'shop/two'), undefined, world()).errors).toEqual([]);
  expect(told(vm('other', 'shop/two'), undefined, world('shop', 'bank')).errors).toEqual([
    'spec.template.spec.networks: Forbidden: subnet net2 is in VPC red, which is for namespaces shop, bank: choose another network, or add namespace other to spec.namespaces of the VPC',
  ]);
});

test('a machine that has the network already can be edited all the same', () => {
  expect(told(vm('other', 'shop/two'), vm('other', 'shop/two'), world('shop')).errors).toEqual([]);
});

test('a network that names no subnet takes the default of its namespace', () => {
  const known = world('shop');
  const bare = told(vm('other', 'shop/bare'), undefined, known).errors;
  expect(bare).toEqual([]);
  known.apply({ kind: 'Vpc', key: 'red', object: vpc('red', { namespaces: ['shop'], defaultSubnet: 'net2' }) });
  expect(told(vm('other', 'shop/bare'), undefined, known).errors.join()).toMatch(/subnet net2 is in VPC red/);
  // a subnet that is bound to the namespace comes first
  known.apply({
    kind: 'Subnet',
    key: 'b-c',
    object: subnet('b-c', { vpc: 'a', cidrBlock: '10.9.0.0/16', namespaces: ['shop'] }),
  });
  expect(told(vm('other', 'shop/bare'), undefined, known).errors).toEqual([]);
});

test('a namespace has one default subnet', () => {
  const known = world();
  known.apply({
    kind: 'Subnet',
    key: 'net2',
    object: subnet('net2', { vpc: 'red', cidrBlock: '10.1.0.0/16', namespaces: ['shop'] }),
  });
  const second = subnet('new', { vpc: 'red', cidrBlock: '10.2.0.0/16', namespaces: ['bank', 'shop'] });
  expect(told(second, undefined, known).errors).toEqual([
    'spec.namespaces[1]: Invalid: has subnet net2 as its default: a namespace has one',
  ]);
});

test('a default subnet is one of the VPC, and needs namespaces', () => {
  const known = world();
  expect(told(vpc('blue', { namespaces: ['x'], defaultSubnet: 'net1' }), undefined, known).errors).toEqual([
    'spec.defaultSubnet: Invalid: is a subnet of VPC red, not of this one',
  ]);
  expect(told(vpc('red', { defaultSubnet: 'gone' }), undefined, known).warnings).toEqual([
    'spec.defaultSubnet: there is no subnet gone yet',
    'spec.defaultSubnet: has no effect without spec.namespaces: it is the default of those namespaces',
  ]);
});

test('namespaces that leave out who is in are told', () => {
  const known = neighbours();
  const ip = known.get('IP', 'vm1.ns.a.ns.ovn')!;
  known.apply({
    kind: 'IP',
    key: 'vm1.ns.a.ns.ovn',
    object: { ...ip, spec: { ...ip.spec!, namespace: 'ns', podName: 'vm1' } },
  });
  expect(told(vpc('red', { namespaces: ['shop'] }), vpc('red'), known).warnings).toEqual([
    'spec.namespaces: leaves out ns/vm1: they keep their addresses, others of their namespaces get none',
  ]);
  expect(told(vpc('red', { namespaces: ['shop', 'ns'] }), vpc('red'), known).warnings).toEqual([]);
});

test.each([
  ['the join network', '100.64.3.0/24', /overlaps 100\.64\.0\.0\/16, the join network of nodes/],
  ['services', '10.100.0.0/16', /overlaps 10\.96\.0\.0\/12, the addresses of Kubernetes services/],
  ['services, IPv6', 'fd00:10:96::/64', /the addresses of Kubernetes services/],
  ['a node', '172.30.0.0/24', /holds 172\.30\.0\.11 of node node1/],
  ['a tunnel', '192.168.1.0/24', /holds 192\.168\.1\.11 of node node1/],
])('%s: refused in the default VPC, at most a warning elsewhere', (_, cidrBlock, sentence) => {
  const known = neighbours();
  const status = { addresses: [{ type: 'InternalIP', address: '172.30.0.11' }] };
  known.apply({
    kind: 'Node',
    key: 'node1',
    object: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node1' }, status },
  });
  known.apply({ kind: 'NodeUnderlay', key: 'node1', object: { networks: [{ name: '', address: '192.168.1.11' }] } });
  expect(told(subnet('new', { vpc: 'ovn-cluster', cidrBlock }), undefined, known).errors.join()).toMatch(sentence);
  const elsewhere = told(subnet('new', { vpc: 'blue', cidrBlock }), undefined, known);
  expect(elsewhere.errors).toEqual([]);
  if (sentence.source.startsWith('holds')) expect(elsewhere.warnings.join()).toMatch(sentence);
  else expect(elsewhere.warnings).toEqual([]);
});
