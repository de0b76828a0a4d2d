import { expect, test } from 'vitest';
import type { IpObject } from '../../kinds/ip.ts';
import type { KubeObject } from '../../kinds/object.ts';
import { addressFindings, type Books, type Port } from './address-findings.ts';

const ip = (
  name: string,
  v4IpAddress: string,
  more: object = {},
  labels: Record<string, string> = { 'ovn.kubernetes.io/ip_reserved': 'false' },
): IpObject => ({
  apiVersion: 'kubeovn.io/v1',
  kind: 'IP',
  metadata: { name, uid: `uid-${name}`, labels, creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: {
    podName: name.split('.')[0]!,
    namespace: 'ns',
    subnet: 'net',
    podType: 'VirtualMachine',
    ipAddress: v4IpAddress,
    v4IpAddress,
    macAddress: '02:00:00:00:00:01',
    ...more,
  },
});
const machine = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'VirtualMachine',
  metadata: { name, namespace: 'ns' },
});
const port = (name: string, more: Partial<Port> = {}): Port => ({
  uuid: `uuid-${name}`,
  name,
  switch: 'net',
  type: '',
  addresses: ['02:00:00:00:00:09 10.0.0.9'],
  externalIds: {},
  ...more,
});
const launcher = (vm: string, address: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: `launcher-${vm}`,
    namespace: 'ns',
    annotations: {
      'blue.ns.ovn.kubernetes.io/allocated': 'true',
      'blue.ns.ovn.kubernetes.io/ip_address': address,
      'blue.ns.ovn.kubernetes.io/mac_address': '02:00:00:00:00:01',
      'blue.ns.ovn.kubernetes.io/virtualmachine': vm,
    },
  },
});
const SUBNETS = [{ apiVersion: 'v1', kind: 'Subnet', metadata: { name: 'net' } }];
const found = (books: Partial<Books>) =>
  addressFindings({ ips: [], subnets: SUBNETS, machines: [], pods: [], ports: [], ...books }).map(
    ({ what, why, repair }) => `${what}: ${why} -> ${repair?.act}`,
  );

test('books in order: nothing', () => {
  expect(
    found({
      ips: [
        ip('a.ns.blue.ns.ovn', '10.0.0.2'),
        // a router's, in a VLAN
        ip('u2o-interconnection.red.net', '10.0.0.9', { podName: '', namespace: '', podType: '' }),
        ip('later.ns', '10.0.0.3', {}, { 'ovn.kubernetes.io/ip_reserved': 'true' }),
      ],
      machines: [machine('a')],
      pods: [launcher('a', '10.0.0.2')],
      ports: [
        port('a.ns.blue.ns.ovn', { externalIds: { 'weft-owner': 'IP/a.ns.blue.ns.ovn' } }),
        port('net-red', { type: 'router' }),
        port('foreign', { switch: 'not-ours' }),
      ],
    }),
  ).toEqual([]);
});

test('an object for nobody, of no subnet, with a name that is not its owner’s', () => {
  const ips = [
    ip('gone.ns', '10.0.0.2'),
    ip('a.ns', '10.0.0.3', { subnet: 'none' }),
    ip('a.ns.blue.ns.ovn', '10.0.0.4', { podName: 'other' }),
  ];
  expect(found({ ips, machines: [machine('a'), machine('other')] })).toEqual([
    'IP object gone.ns: its owner VirtualMachine/ns/gone does not exist, so it holds 10.0.0.2 for nobody -> delete-ip',
    'IP object a.ns: its subnet "none" does not exist -> delete-ip',
    'IP object a.ns.blue.ns.ovn: it says that it belongs to VirtualMachine/ns/other, whose interfaces are called other.ns.* -> delete-ip',
  ]);
});

test('one address twice: the older keeps it', () => {
  const younger = ip('b.ns', '10.0.0.2');
  const ips = [
    { ...younger, metadata: { ...younger.metadata, creationTimestamp: '2026-01-02T00:00:00Z' } },
    ip('a.ns', '10.0.0.2'),
  ];
  expect(found({ ips, machines: [machine('a'), machine('b')] })).toEqual([
    'IP object b.ns: it has 10.0.0.2 of subnet net, which the older a.ns has too -> delete-ip',
  ]);
});

test('an object that says something else than its guest uses', () => {
  const books = {
    ips: [ip('a.ns.blue.ns.ovn', '10.0.0.77')],
    machines: [machine('a')],
    pods: [launcher('a', '10.0.0.2')],
  };
  expect(found(books)).toEqual([
    expect.stringMatching(/it says 10.0.0.77 .*, pod ns\/launcher-a uses 10.0.0.2 .* -> delete-ip/),
  ]);
});

test('a port that no object owns', () => {
  expect(found({ ports: [port('ghost')] })).toEqual([
    'port ghost on the switch of subnet net: it has 02:00:00:00:00:09 10.0.0.9 in OVN, and no IP object owns it: somebody made it by hand -> delete-port',
  ]);
});
