import { expect, test } from 'vitest';
import type { Subnet, SubnetSpec } from '../../kinds/subnet.ts';
import { guestRoutes } from './guest-routes.ts';

const subnet = (name: string, spec: SubnetSpec): Subnet => ({
  apiVersion: 'kubeovn.io/v1',
  kind: 'Subnet',
  metadata: { name },
  spec,
});

const ALL = [
  subnet('a', { vpc: 'red', cidrBlock: '10.0.0.0/16', gateway: '10.0.0.1' }),
  subnet('b', { vpc: 'red', cidrBlock: '10.1.0.0/16,fd00:1::/64', gateway: '10.1.0.1,fd00:1::1' }),
  subnet('c', { vpc: 'red', cidrBlock: 'fd00:2::/64', gateway: 'fd00:2::1' }),
  subnet('other', { vpc: 'blue', cidrBlock: '10.9.0.0/16', gateway: '10.9.0.1' }),
];
const STATIC = [
  { cidr: '172.16.0.0/12', nextHopIP: '10.0.0.9' },
  { cidr: '10.1.0.0/16', nextHopIP: '10.0.0.9' },
  { cidr: '0.0.0.0/0', nextHopIP: '10.0.0.9' },
  { cidr: '10.0.7.0/24', nextHopIP: '10.0.0.9', policy: 'policyDst' as const },
  { cidr: '10.7.0.0/16', nextHopIP: '10.0.0.9', policy: 'policySrc' as const },
];
const BOTH = new Set([4, 6] as const);
const routes = (name: string, ...families: (4 | 6)[]) =>
  guestRoutes(ALL.find(({ metadata }) => metadata.name === name)!, ALL.values(), STATIC, {
    families: BOTH,
    defaultFor: new Set(families),
  }).map(({ dst, gw }) => `${dst} ${gw}`);

test('to the other subnets of the VPC and to what its static routes lead to, in the families that both have; the default route where asked for', () => {
  expect(routes('a', 4, 6)).toEqual(['10.1.0.0/16 10.0.0.1', '172.16.0.0/12 10.0.0.1', '0.0.0.0/0 10.0.0.1']);
  expect(routes('b', 6)).toEqual([
    '10.0.0.0/16 10.1.0.1',
    '10.0.7.0/24 10.1.0.1',
    '172.16.0.0/12 10.1.0.1',
    'fd00:2::/64 fd00:1::1',
    '::/0 fd00:1::1',
  ]);
  expect(routes('c')).toEqual(['fd00:1::/64 fd00:2::1']);
});

test('a subnet that cannot be read gives no route', () => {
  expect(
    guestRoutes(subnet('x', { vpc: 'red', cidrBlock: 'x', gateway: 'y' }), ALL, [], {
      families: BOTH,
      defaultFor: new Set([4] as const),
    }),
  ).toEqual([]);
});

test('an interface that has addresses of one family has no routes of the other', () => {
  const [subnetB] = ALL.filter(({ metadata }) => metadata.name === 'b');
  const only6 = new Set([6] as const);
  expect(guestRoutes(subnetB!, ALL, [], { families: only6, defaultFor: only6 })).toEqual([
    { dst: 'fd00:2::/64', gw: 'fd00:1::1' },
    { dst: '::/0', gw: 'fd00:1::1' },
  ]);
});
