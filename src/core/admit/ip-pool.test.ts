import { expect, test } from 'vitest';
import type { KubeObject } from '../../kinds/object.ts';
import { admit } from './admit.ts';
import { neighbours } from './testing/neighbours.ts';

const pool = (name: string, subnet: string, ips: readonly string[]): KubeObject => ({
  apiVersion: 'kubeovn.io/v1',
  kind: 'IPPool',
  metadata: { name },
  spec: { subnet, ips },
});
const vip = (name: string, spec: object): KubeObject => ({
  apiVersion: 'kubeovn.io/v1',
  kind: 'Vip',
  metadata: { name },
  spec,
});

function errors(object: KubeObject, old?: KubeObject, others: readonly KubeObject[] = []) {
  const world = neighbours();
  for (const other of others) world.apply({ kind: other.kind, key: other.metadata.name, object: other } as never);
  return admit(object, old, world).errors.map(({ path, detail }) => `${path}: ${detail}`);
}

test('IPPool: addresses of its subnet, in no other pool', () => {
  expect(errors(pool('a', 'net2', ['10.1.0.5..10.1.0.9', 'fd00:1::/96', '10.1.0.20']))).toEqual([]);
  expect(errors(pool('a', 'nowhere', ['10.1.0.5']))).toEqual(['spec.subnet: create the subnet first']);
  expect(errors(pool('a', 'net1', []))).toEqual([expect.stringMatching(/^spec.ips: /)]);
  expect(errors(pool('a', 'net1', ['10.1.0.5', '10.0.0.9..10.0.0.3', '10.0.255.0..10.1.0.1']))).toEqual([
    'spec.ips[0]: is outside of subnet net1 (10.0.0.0/16)',
    expect.stringMatching(/^spec.ips\[1\]: is not a range/),
    'spec.ips[2]: is outside of subnet net1 (10.0.0.0/16)',
  ]);
  const other = pool('b', 'net1', ['10.0.0.0/28']);
  expect(errors(pool('a', 'net1', ['10.0.0.15..10.0.0.16']), undefined, [other])).toEqual([
    'spec.ips[0]: IPPool b has some of it: pools of one subnet must not overlap',
  ]);
  expect(errors(pool('b', 'net1', ['10.0.0.0/29']), other, [other])).toEqual([]);
  expect(errors(pool('b', 'net2', ['10.1.0.5']), other, [other])).toEqual([
    'spec.subnet: cannot change from net1 to net2: make a new pool',
  ]);
});

test('Vip: an address that nobody has, for good once it is given', () => {
  expect(errors(vip('a', { subnet: 'net1' }))).toEqual([]);
  expect(errors(vip('a', { subnet: 'net1', v4ip: '10.0.0.5' }))).toEqual([
    'spec.v4ip: it is in use by vm1.ns.a.ns.ovn: choose another address, or delete that one',
  ]);
  expect(errors(vip('a', { subnet: 'net1', v4ip: '10.7.0.5', v6ip: 'fd00:1::5' }))).toEqual([
    expect.stringMatching(/spec.v4ip: 10.7.0.5 is outside of subnet net1/),
    expect.stringMatching(/spec.v6ip: fd00:1::5 is IPv6, subnet net1 is/),
  ]);
  const given = vip('a', { subnet: 'net1', v4ip: '10.0.0.9', macAddress: '02:00:00:00:00:77' });
  expect(errors(given, given, [given])).toEqual([]);
  expect(
    errors(vip('b', { subnet: 'net1', v4ip: '10.0.0.9', macAddress: '02:00:00:00:00:77' }), undefined, [given]),
  ).toEqual([
    expect.stringMatching(/spec.v4ip: it is in use by Vip a/),
    expect.stringMatching(/spec.macAddress: it is in use by Vip a/),
  ]);
  expect(errors(vip('a', { subnet: 'net1', v4ip: '10.0.0.10' }), given, [given])).toEqual([
    'spec.v4ip: cannot change from 10.0.0.9 to 10.0.0.10: it is given; make a new object',
  ]);
  const holder: KubeObject = {
    apiVersion: 'kubeovn.io/v1',
    kind: 'IP',
    metadata: { name: 'x.ns' },
    spec: { subnet: 'net1', v4IpAddress: '10.0.0.9', macAddress: '02:00:00:00:00:78' },
  };
  expect(errors(holder, undefined, [given])).toEqual([expect.stringMatching(/v4IpAddress: it is in use by Vip a/)]);
});

test('an IP object of a user must fit the interface that will come', () => {
  const reservation = (name: string, spec: object): KubeObject => ({
    apiVersion: 'kubeovn.io/v1',
    kind: 'IP',
    metadata: { name },
    spec: { subnet: 'net1', podName: 'vm', namespace: 'ns', podType: 'VirtualMachine', ...spec },
  });
  expect(errors(reservation('vm.ns.a.ns.ovn', {}))).toEqual([]);
  expect(errors(reservation('foo', {}))).toEqual([
    expect.stringMatching(/^metadata.name: must be the name of the interface, vm\.ns\./),
  ]);
  expect(errors(reservation('vm.ns', { podType: 'VM' }))).toEqual([
    expect.stringMatching(/^spec.podType: must be VirtualMachine/),
  ]);
  const stored = admit(reservation('vm.ns', { ipAddress: '10.0.0.31' }), undefined, neighbours()).object;
  expect(stored.spec).toMatchObject({ v4IpAddress: '10.0.0.31' });
});
