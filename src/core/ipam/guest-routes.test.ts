import { expect, test } from 'vitest';
import type { Subnet, SubnetSpec } from '../../kinds/subnet.ts';
import type { StaticRoute } from '../../kinds/vpc.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { parseIp } from '../../lib/netaddr/ip.ts';
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
/** the router of the VPC is the gateway */
const routersOf = ({ spec }: Subnet) => ({
  gateways: (spec?.gateway ?? '').split(',').flatMap((text) => attempt(() => parseIp(text)) ?? []),
  inner: [],
});
const STATIC = [
  { cidr: '172.16.0.0/12', nextHopIP: '10.0.0.9' },
  { cidr: '10.1.0.0/16', nextHopIP: '10.0.0.9' },
  { cidr: '0.0.0.0/0', nextHopIP: '10.0.0.9' },
  { cidr: '10.0.7.0/24', nextHopIP: '10.0.0.9', policy: 'policyDst' as const },
  { cidr: '10.7.0.0/16', nextHopIP: '10.0.0.9', policy: 'policySrc' as const },
];
const BOTH = ['10.1.0.7', 'fd00:1::7'].map(parseIp);
const told = (routes: ReturnType<typeof guestRoutes>) => routes.map(({ dst, gw }) => `${dst} ${gw}`);
const routes = (name: string, families: (4 | 6)[] = [], addresses = BOTH, statics: readonly StaticRoute[] = STATIC) => {
  const own = ALL.find(({ metadata }) => metadata.name === name)!;
  const guest = { addresses, defaultFor: new Set(families), routers: routersOf(own) };
  return told(guestRoutes(own, ALL.values(), { staticRoutes: statics }, guest));
};

test('to the other subnets of the VPC and to what its static routes lead to, in the families that both have; the default route where asked for', () => {
  expect(routes('a', [4, 6])).toEqual(['10.1.0.0/16 10.0.0.1', '172.16.0.0/12 10.0.0.1', '0.0.0.0/0 10.0.0.1']);
  expect(routes('b', [6])).toEqual([
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
    guestRoutes(subnet('x', { vpc: 'red', cidrBlock: 'x', gateway: 'y' }), ALL, undefined, {
      addresses: BOTH,
      defaultFor: new Set([4] as const),
      routers: { gateways: [], inner: [] },
    }),
  ).toEqual([]);
});

test('an interface that has addresses of one family has no routes of the other', () => {
  expect(routes('b', [6], [parseIp('fd00:1::7')], [])).toEqual(['fd00:2::/64 fd00:1::1', '::/0 fd00:1::1']);
});

test('a next hop gets no route to what is behind it, also when others lead there too: it would send packets in a circle', () => {
  const hops = ['10.0.0.9', '10.0.0.10'].map((nextHopIP) => ({ cidr: '172.16.0.0/12', nextHopIP }));
  const others = { cidr: '192.0.2.0/24', nextHopIP: '10.0.0.10' };
  const of = (address: string) => routes('a', [], [parseIp(address)], [...hops, others]);
  expect(of('10.0.0.9')).toEqual(['10.1.0.0/16 10.0.0.1', '192.0.2.0/24 10.0.0.1']);
  expect(of('10.0.0.10')).toEqual(['10.1.0.0/16 10.0.0.1']);
  expect(of('10.0.0.11')).toContain('172.16.0.0/12 10.0.0.1');
});

test('routes of the table that the subnet uses, and of no other', () => {
  const said = [
    { cidr: '172.16.0.0/12', nextHopIP: '10.0.0.9' },
    { cidr: '192.0.2.0/24', nextHopIP: '10.0.0.9', routeTable: 'guests' },
  ];
  const guests = subnet('g', { vpc: 'red', cidrBlock: '10.3.0.0/24', gateway: '10.3.0.1', routeTable: 'guests' });
  const found = guestRoutes(
    guests,
    [],
    { staticRoutes: said },
    { addresses: [parseIp('10.3.0.7')], defaultFor: new Set(), routers: routersOf(guests) },
  );
  expect(found).toEqual([{ dst: '192.0.2.0/24', gw: '10.3.0.1' }]);
  expect(routes('a', [], BOTH, said)).toEqual(['10.1.0.0/16 10.0.0.1', '172.16.0.0/12 10.0.0.1']);
});

test('a machine that policies or routes by source send packets to gets no route to what routes lead to', () => {
  const staticRoutes = [{ cidr: '172.16.0.0/12', nextHopIP: '10.0.0.9' }];
  const subnets = [ALL[0]!, ALL[1]!];
  const own = { addresses: [parseIp('10.0.0.8')], defaultFor: new Set<4 | 6>(), routers: routersOf(ALL[0]!) };
  const policy = { priority: 1, match: 'ip4', action: 'reroute' as const, nextHopIP: '10.0.0.7, 10.0.0.8' };
  const toldOf = (vpc: Parameters<typeof guestRoutes>[2]) =>
    guestRoutes(ALL[0]!, subnets, vpc, own).map(({ dst }) => dst);
  expect(toldOf({ staticRoutes })).toEqual(['10.1.0.0/16', '172.16.0.0/12']);
  expect(toldOf({ staticRoutes, policyRoutes: [policy] })).toEqual(['10.1.0.0/16']);
  expect(toldOf({ staticRoutes, policyRoutes: [{ ...policy, action: 'allow' }] })).toEqual([
    '10.1.0.0/16',
    '172.16.0.0/12',
  ]);
  const bySource = { cidr: '10.1.0.0/16', nextHopIP: '10.0.0.8', policy: 'policySrc' as const };
  expect(toldOf({ staticRoutes: [...staticRoutes, bySource] })).toEqual(['10.1.0.0/16']);
});

test('on a VLAN: nothing of a VPC behind a physical gateway; the VPC by its router where that is connected, beside the gateway or instead of it', () => {
  const site = { vpc: 'red', vlan: 'v', cidrBlock: '172.20.0.0/24', gateway: '172.20.0.1' };
  const addresses = [parseIp('172.20.0.9')];
  const of = (spec: SubnetSpec, gateway: string, inner: readonly string[]) =>
    told(
      guestRoutes(subnet('floor', { ...site, ...spec }), [ALL[0]!, ALL[1]!], undefined, {
        addresses,
        defaultFor: new Set([4] as const),
        routers: { gateways: [parseIp(gateway)], inner: inner.map(parseIp) },
      }),
    );
  expect(of({}, '172.20.0.1', [])).toEqual(['0.0.0.0/0 172.20.0.1']);
  expect(of({ logicalGateway: true }, '172.20.0.1', [])).toEqual([
    '10.0.0.0/16 172.20.0.1',
    '10.1.0.0/16 172.20.0.1',
    '0.0.0.0/0 172.20.0.1',
  ]);
  const inner = ['10.0.0.0/16 172.20.0.20', '10.1.0.0/16 172.20.0.20'];
  expect(of({ u2oInterconnection: true }, '172.20.0.20', ['172.20.0.20'])).toEqual([...inner, '0.0.0.0/0 172.20.0.20']);
  expect(of({ u2oInterconnection: true }, '172.20.0.1', ['172.20.0.20'])).toEqual([...inner, '0.0.0.0/0 172.20.0.1']);
  // a VLAN of the same VPC that its router is not in is not behind it
  const apart = subnet('apart', { ...site, cidrBlock: '172.21.0.0/24', gateway: '172.21.0.1' });
  const guest = { addresses: [parseIp('10.0.0.9')], defaultFor: new Set<4 | 6>(), routers: routersOf(ALL[0]!) };
  expect(guestRoutes(ALL[0]!, [apart], undefined, guest)).toEqual([]);
});
