/** What a Subnet may say of its VLAN: who the gateway is, how it is connected, and whether Weft gives addresses there. */
import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../kinds/object.ts';
import type { SubnetSpec } from '../../kinds/subnet.ts';
import { type KindName, World } from '../compile/world.ts';
import { admit } from './admit.ts';

const object = (kind: string, name: string, spec?: object): KubeObject =>
  ({ apiVersion: 'kubeovn.io/v1', kind, metadata: { name }, ...(spec ? { spec } : {}) }) as KubeObject;

const FLOOR: SubnetSpec = {
  vpc: 'red',
  vlan: 'v200',
  cidrBlock: '172.20.200.0/24',
  gateway: '172.20.200.1',
  excludeIps: ['172.20.200.1'],
};
const floor = (more: SubnetSpec = {}, without: readonly (keyof SubnetSpec)[] = []) =>
  object(
    'Subnet',
    'floor',
    Object.fromEntries(Object.entries({ ...FLOOR, ...more }).filter(([key]) => !without.includes(key as never))),
  );
const U2O = { u2oInterconnection: true };
const MAC_ONLY = ['cidrBlock', 'gateway', 'excludeIps'] as const;

/** VPC red with subnet net1 and an external subnet; a machine on the floor */
function neighbours(...more: readonly KubeObject[]): World {
  const world = new World();
  for (const one of [
    object('Vpc', 'red', { extraExternalSubnets: ['street'] }),
    object('Vpc', 'blue', {}),
    object('Vlan', 'v200', { id: 200, provider: 'phys' }),
    object('Subnet', 'net1', { vpc: 'red', cidrBlock: '10.0.0.0/16', gateway: '10.0.0.1' }),
    object('IP', 'vm1.ns.f.ns.ovn', {
      subnet: 'floor',
      podName: 'vm1',
      namespace: 'ns',
      v4IpAddress: '172.20.200.9',
      macAddress: '02:00:00:00:00:09',
    }),
    ...more,
  ])
    world.apply({ kind: one.kind as KindName, key: one.metadata.name, object: one } as never);
  return world;
}

const verdict = (one: KubeObject, old?: KubeObject, world = neighbours()) => {
  const { errors, warnings } = admit(one, old, world);
  return [...errors.map(({ path, detail }) => `${path}: ${detail}`), ...warnings.map((text) => `warning ${text}`)];
};

test.each<[what: string, one: KubeObject, old?: KubeObject]>([
  ['the router of the VPC as the gateway', floor({ logicalGateway: true })],
  ['the router beside the gateway', floor(U2O)],
  ['with an address that it shall have', floor({ ...U2O, u2oInterconnectionIP: '172.20.200.8' })],
  ['for the overlay only', floor({ ...U2O, u2oFeatures: { overlayOnlyRouting: true } })],
  ['connected while machines use it', floor(U2O), floor()],
  ['connected no more', floor(), floor({ ...U2O })],
  ['MAC addresses only', floor({}, MAC_ONLY)],
  ['the same again', floor({ acls: [] }, MAC_ONLY), floor({}, MAC_ONLY)],
])('let in: %s', (_, one, old) => {
  expect(verdict(one, old)).toEqual([]);
});

describe('refused, or warned of', () => {
  test.each<[what: string, one: KubeObject, says: RegExp, old?: KubeObject | undefined, world?: World]>([
    [
      'two gateways',
      floor({ ...U2O, logicalGateway: true }),
      /^spec\.u2oInterconnection: contradicts spec\.logicalGateway/,
    ],
    [
      'the overlay only, of a VLAN that is not connected',
      floor({ u2oFeatures: { overlayOnlyRouting: true } }),
      /^spec\.u2oFeatures\.overlayOnlyRouting: is about a VLAN that is connected with a VPC/,
    ],
    [
      'an address elsewhere',
      floor({ ...U2O, u2oInterconnectionIP: '172.20.201.8' }),
      /^spec\.u2oInterconnectionIP: 172\.20\.201\.8 is outside of 172\.20\.200\.0\/24/,
    ],
    [
      'the address of the gateway',
      floor({ ...U2O, u2oInterconnectionIP: '172.20.200.1' }),
      /^spec\.u2oInterconnectionIP: 172\.20\.200\.1 is the physical gateway/,
    ],
    [
      'the broadcast address',
      floor({ ...U2O, u2oInterconnectionIP: '172.20.200.255' }),
      /^spec\.u2oInterconnectionIP: 172\.20\.200\.255 is the network or broadcast address/,
    ],
    [
      'an address that a machine has',
      floor({ ...U2O, u2oInterconnectionIP: '172.20.200.9' }),
      /^spec\.u2oInterconnectionIP: 172\.20\.200\.9 is in use by vm1\.ns\.f\.ns\.ovn/,
    ],
    [
      'two addresses of one family',
      floor({ ...U2O, u2oInterconnectionIP: '172.20.200.7,172.20.200.8' }),
      /^spec\.u2oInterconnectionIP: has two IPv4 addresses/,
    ],
    [
      'an address of nothing',
      floor({ u2oInterconnectionIP: '172.20.200.8' }),
      /^warning spec\.u2oInterconnectionIP: is cleared/,
    ],
    [
      'a prefix that the VPC has',
      floor({ ...U2O, cidrBlock: '10.0.7.0/24', gateway: '10.0.7.1', excludeIps: [] }),
      /^spec\.cidrBlock: overlaps subnet net1 \(10\.0\.0\.0\/16\) of the same VPC red/,
    ],
    [
      'a gateway where no VLAN is',
      floor({ logicalGateway: true }, ['vlan']),
      /^warning spec\.logicalGateway: has no effect without spec\.vlan/,
    ],
    [
      'the external subnet of a VPC',
      object('Subnet', 'street', { ...FLOOR, ...U2O }),
      /^spec\.u2oInterconnection: it is an external subnet of VPC red: a VLAN is outside of VPCs, or a part of one/,
    ],
    [
      'translation where machines leave by a physical gateway',
      floor({ natOutgoing: true }),
      /^warning spec\.natOutgoing: has no effect/,
    ],
    [
      'a private VLAN that the VPC is connected with',
      floor({ ...U2O, private: true }),
      /^warning spec\.private: is about machines of the cluster/,
    ],
    ['MAC addresses only, and a gateway', floor({}, ['cidrBlock', 'excludeIps']), /^spec\.gateway: must be empty/],
    [
      'MAC addresses only, and addresses that are excluded',
      floor({}, ['cidrBlock', 'gateway']),
      /^spec\.excludeIps: must be empty/,
    ],
    ['MAC addresses only, and virtual ones', floor({ vips: ['1.2.3.4'] }, MAC_ONLY), /^spec\.vips: must be empty/],
    [
      'MAC addresses only, and one of the router',
      floor({ u2oInterconnectionIP: '1.2.3.4' }, MAC_ONLY),
      /^spec\.u2oInterconnectionIP: must be empty/,
    ],
    ['MAC addresses only, connected', floor(U2O, MAC_ONLY), /^spec\.u2oInterconnection: needs spec\.cidrBlock/],
    ['MAC addresses only, private', floor({ private: true }, MAC_ONLY), /^spec\.private: needs spec\.cidrBlock/],
    [
      'MAC addresses only, with DHCP',
      floor({ enableDHCP: true }, MAC_ONLY),
      /^warning spec\.enableDHCP: has no effect without spec\.cidrBlock/,
    ],
    ['addresses that go', floor({}, MAC_ONLY), /^spec\.cidrBlock: cannot go/, floor()],
    ['addresses that come', floor(), /^spec\.cidrBlock: cannot come/, floor({}, MAC_ONLY)],
    ['no prefix in the overlay', floor({}, [...MAC_ONLY, 'vlan']), /^spec\.cidrBlock: a prefix such as/],
    [
      'an OvnEip in a VLAN of a VPC',
      object('OvnEip', 'e', { externalSubnet: 'hall' }),
      /^spec\.externalSubnet: is a part of VPC red \(logicalGateway or u2oInterconnection\)/,
      undefined,
      neighbours(object('Subnet', 'hall', { ...FLOOR, logicalGateway: true })),
    ],
  ])('%s', (_, one, says, old, world) => {
    expect(verdict(one, old, world)).toEqual([expect.stringMatching(says)]);
  });
});
