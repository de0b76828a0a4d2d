/** VPCs that are connected, by hand and by VpcPeering, with real packets in both families: what gets through, and what must not. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { VpcSpec } from '../../src/kinds/vpc.ts';
import { subnet } from '../support/objects.ts';
import { addresses, type Machine, pair, RoutingLab, SUBNETS } from '../support/routing-lab.ts';

let at: RoutingLab;

beforeAll(async () => {
  at = await RoutingLab.make('l');
}, 180_000);

afterAll(async () => {
  await at?.remove();
});

describe('links between VPCs, by hand', () => {
  const link = (remoteVpc: string, own: string): VpcSpec => ({
    vpcPeerings: [{ remoteVpc, localConnectIP: own }],
  });
  const redLink = link('blue', '169.254.7.1/30,fd57:7::1/126');
  const blueLink = link('red', '169.254.7.2/30,fd57:7::2/126');

  test('one side alone connects nobody, and both are told', async () => {
    await at.declareVpc('red', { ...redLink, staticRoutes: [{ cidr: '10.2.1.0/24', nextHopIP: '169.254.7.2' }] });
    await at.says(['vpc', 'red'], /PeeringOneSided/);
    await at.says(['vpc', 'blue'], /PeeringOneSided/);
    await at.all(pair('a', 'c'), 'not reached');
  });

  test('both sides with their routes reach what is routed, and nothing else', async () => {
    await at.declareVpc('red', {
      ...redLink,
      staticRoutes: [
        { cidr: '10.2.1.0/24', nextHopIP: '169.254.7.2' },
        { cidr: 'fd00:2:1::/64', nextHopIP: 'fd57:7::2' },
      ],
    });
    await at.declareVpc('blue', {
      ...blueLink,
      staticRoutes: [
        { cidr: '10.1.0.0/16', nextHopIP: '169.254.7.1' },
        { cidr: 'fd00:1::/32', nextHopIP: 'fd57:7::1' },
      ],
    });
    await at.all([...pair('a', 'c'), ...pair('c', 'a'), ...pair('b', 'c')], 'reached');
    await at.all([...pair('a', 'd'), ...pair('a', 'v'), ...pair('t', 'c')], 'not reached');
    await at.says(['vpc', 'red'], /^Ready=True/);
  });

  test('link networks that do not fit are told on both sides', async () => {
    await at.declareVpc('blue', link('red', '169.254.8.2/30'));
    await at.says(['vpc', 'red'], /PeeringLinkMismatch/);
    await at.says(['vpc', 'blue'], /PeeringLinkMismatch/);
    await at.all(pair('a', 'c'), 'not reached');
    for (const name of ['red', 'blue']) await at.declareVpc(name, { vpcPeerings: [], staticRoutes: [] });
  });
});

async function linkAddresses(port: string): Promise<{ readonly v4: string; readonly v6: string }> {
  const text = await at.lab.nbctl('--bare', '--columns=networks', 'find', 'Logical_Router_Port', `name=${port}`);
  const found = text
    .trim()
    .split(/\s+/)
    .map((network) => network.split('/')[0]!);
  return { v4: found.find((ip) => ip.includes('.'))!, v6: found.find((ip) => ip.includes(':'))! };
}

describe('VpcPeering', () => {
  const peering = (name: string, localVpc: string, remoteVpc: string, more: object = {}) => ({
    apiVersion: 'network.harvesterhci.io/v1beta1',
    kind: 'VpcPeering',
    metadata: { name, namespace: 'default' },
    spec: { localVpc, remoteVpc, ...more },
  });

  test('one object connects two VPCs, in both families', async () => {
    await at.lab.declare(peering('red-blue', 'red', 'blue'));
    await at.all([...pair('a', 'c'), ...pair('d', 'b')], 'reached');
    await at.says(['vpcpeerings.network.harvesterhci.io', 'red-blue'], /^Ready=True/);
    const { stdout } = await at.lab.kubectl(
      'get',
      'vpc',
      'red',
      'blue',
      '-o',
      'jsonpath={.items[*].status.vpcPeerings}',
    );
    expect(stdout).toBe('["blue"] ["red"]');
  });

  test('errors that the other router reports arrive: a packet that has gone too far, one that is too large', async () => {
    const said = async (from: Machine, ...ping: string[]) =>
      (await at.lab.guest(`default/${from}`, 'ping', '-n', '-c', '1', '-W', '2', ...ping)).stdout;
    // of IPv6, OVN says it only to its neighbours (ovn-northd(8), IP Input)
    expect(await said('a', '-t', '2', addresses('c').v4)).toContain('Time to live exceeded');
    expect(await said('c', '-t', '2', addresses('a').v4)).toContain('Time to live exceeded');
    for (const [from, to, name] of [
      ['a', 'c', 'blue-a'],
      ['c', 'a', 'red-a'],
    ] as const) {
      const [vpc, cidr] = SUBNETS[name];
      await at.lab.declare(subnet(name, vpc, cidr, { mtu: 1300 }));
      await vi.waitFor(async () => {
        expect(await said(from, '-M', 'do', '-s', '1350', addresses(to).v4)).toMatch(/mtu = 1300/);
        expect(await said(from, '-M', 'do', '-s', '1350', addresses(to).v6)).toMatch(/mtu=1300/);
      }, 10_000);
      await at.lab.declare(subnet(name, vpc, cidr));
    }
  });

  test('a VPC in two peerings joins neither of the others, also when somebody writes a route', async () => {
    await at.lab.declare(peering('blue-violet', 'blue', 'violet'));
    await at.all([...pair('c', 'v'), ...pair('v', 'd'), ...pair('a', 'c')], 'reached');
    await at.all([...pair('a', 'v'), ...pair('v', 'a')], 'not reached');
    const { v4: blue4, v6: blue6 } = await linkAddresses('blue-red');
    await at.declareVpc('red', {
      staticRoutes: [
        { cidr: '10.3.1.0/24', nextHopIP: blue4 },
        { cidr: 'fd00:3:1::/64', nextHopIP: blue6 },
      ],
    });
    const { v4: back4, v6: back6 } = await linkAddresses('blue-violet');
    await at.declareVpc('violet', {
      staticRoutes: [
        { cidr: '10.1.1.0/24', nextHopIP: back4 },
        { cidr: 'fd00:1:1::/64', nextHopIP: back6 },
      ],
    });
    await vi.waitFor(async () => expect(await at.lab.nbctl('lr-route-list', 'violet')).toContain('10.1.1.0/24'));
    await at.all([...pair('a', 'v'), ...pair('v', 'a')], 'not reached');
    for (const name of ['red', 'violet']) await at.declareVpc(name, { staticRoutes: [] });
  });

  test('chosen subnets only', async () => {
    await at.lab.declare(peering('red-blue', 'red', 'blue', { localSubnets: ['red-a'], remoteSubnets: ['blue-b'] }));
    await at.all([...pair('a', 'd'), ...pair('d', 'a')], 'reached');
    await at.all([...pair('a', 'c'), ...pair('b', 'd'), ...pair('b', 'c'), ...pair('c', 'b')], 'not reached');
  });

  test('a VPC with the same prefixes cannot be joined', async () => {
    const { code, stderr } = await at.lab.applyObject(peering('red-twin', 'red', 'twin'));
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/spec\.remoteVpc: .*subnet red-a of VPC red overlaps subnet twin-a of VPC twin/),
    ]);
  });

  test('deleted, the link and its routes are gone', async () => {
    for (const name of ['red-blue', 'blue-violet'])
      expect((await at.lab.kubectl('delete', 'vpcpeerings.network.harvesterhci.io', name)).code).toBe(0);
    await at.all([...pair('a', 'd'), ...pair('c', 'v')], 'not reached');
    for (const router of ['red', 'blue', 'violet']) {
      expect(await at.lab.nbctl('lr-route-list', router)).toBe('');
      expect(await at.lab.nbctl('lr-policy-list', router)).toBe('');
    }
  });
});

test('an independent reader agrees with the compiler', async () => {
  await at.lab.expectInSync();
});
