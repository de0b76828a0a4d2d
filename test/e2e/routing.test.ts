/** Routing inside a VPC with real packets, in both families: what gets through, and what must not. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { machine, network, subnet } from '../support/objects.ts';
import { addresses, beyond, BEYOND, HOP1, HOP2, pair, RoutingLab, SUBNETS } from '../support/routing-lab.ts';

let at: RoutingLab;

beforeAll(async () => {
  at = await RoutingLab.make('r');
}, 180_000);

afterAll(async () => {
  await at?.remove();
});

/** one route for each family */
const routesTo = (hop: { readonly v4: string; readonly v6: string }, more: object = {}) => [
  { cidr: '192.0.2.0/24', nextHopIP: hop.v4, ...more },
  { cidr: '2001:db8::/32', nextHopIP: hop.v6, ...more },
];

test('subnets of a VPC reach each other, nobody reaches another VPC', async () => {
  await at.all([...pair('a', 'b'), ...pair('b', 'a'), ...pair('c', 'd')], 'reached');
  await at.all([...pair('a', 'c'), ...pair('c', 'a'), ...pair('t', 'b'), ...beyond('a')], 'not reached');
});

test('the default VPC is made for its subnets, routes between them, and is apart from the others', async () => {
  const named = { 'def-a': '10.8.1.0/24,fd00:8:1::/64', 'def-b': '10.8.2.0/24,fd00:8:2::/64' };
  await at.lab.declare(
    ...Object.entries(named).map(([name, cidr]) => subnet(name, '', cidr)),
    ...Object.keys(named).map((name) => network(name, name)),
    ...Object.keys(named).map((name) => machine(name, name)),
  );
  for (const name of Object.keys(named)) await at.lab.running(`default/${name}`);
  const { stdout } = await at.lab.kubectl('get', 'vmi', 'def-b', '-o', 'jsonpath={.status.interfaces[0].ipAddresses}');
  const theirs = JSON.parse(stdout) as readonly string[];
  expect(theirs).toHaveLength(2);
  for (const address of theirs) {
    await at.lab.reaches('default/def-a', address);
    expect((await at.lab.guest('default/a', 'ping', '-c', '3', '-i', '0.2', '-W', '1', address)).code).toBe(1);
  }
  for (const address of Object.values(addresses('a')))
    expect((await at.lab.guest('default/def-a', 'ping', '-c', '3', '-i', '0.2', '-W', '1', address)).code).toBe(1);
});

test('a machine of a namespace that a VPC is not for is refused, and who is in goes on', async () => {
  await at.declareVpc('twin', { namespaces: ['elsewhere'] });
  const stranger = machine('stranger', 'twin-a');
  const { code, stderr } = await at.lab.applyObject(stranger);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/VPC twin, which is for namespaces elsewhere/)]);
  await at.all([{ from: 't', to: '10.1.1.1' }], 'reached');
  await at.declareVpc('twin', {});
});

test('a routed TCP stream is carried in packets that fit', async () => {
  const tooLarge = async () => (await at.lab.guest('default/a', 'nstat', '-asz', 'IcmpInDestUnreachs')).stdout;
  const before = await tooLarge();
  expect(before).toMatch(/IcmpInDestUnreachs\s+\d+/);
  await at.lab.guest('default/b', 'sh', '-c', 'iperf3 -s -1 -D >/dev/null 2>&1');
  const { code, stdout } = await at.lab.guest('default/a', 'iperf3', '-c', addresses('b').v4, '-n', '20M', '-J');
  expect(code).toBe(0);
  const { end } = JSON.parse(stdout) as { readonly end: { readonly sum_received: { readonly bytes: number } } };
  expect(end.sum_received.bytes).toBeGreaterThan(15_000_000);
  expect(await tooLarge()).toBe(before);
});

describe('static routes', () => {
  test('by destination', async () => {
    await at.declareVpc('red', { staticRoutes: routesTo(HOP1) });
    await at.all([...beyond('a'), ...beyond('b')], 'reached');
    await at.all([...beyond('c'), ...beyond('t')], 'not reached');
    expect(await at.names('a', BEYOND.v4, 4)).toEqual({ hop1: 4 });
    expect(await at.names('a', BEYOND.v6, 4)).toEqual({ hop1: 4 });
  });

  test('by source: for what leaves the VPC, and never instead of its own subnets', async () => {
    await at.declareVpc('red', {
      staticRoutes: [
        { cidr: '10.1.1.0/24', nextHopIP: HOP2.v4, policy: 'policySrc' },
        { cidr: 'fd00:1:1::/64', nextHopIP: HOP2.v6, policy: 'policySrc' },
      ],
    });
    await at.all([...beyond('a'), ...pair('a', 'b'), ...pair('b', 'a')], 'reached');
    await at.all(beyond('b'), 'not reached');
    expect(await at.names('a', BEYOND.v4, 4)).toEqual({ hop2: 4 });
    expect(await at.names('a', BEYOND.v6, 4)).toEqual({ hop2: 4 });
  });

  test('the longest source wins', async () => {
    await at.declareVpc('red', {
      staticRoutes: [
        { cidr: '10.1.0.0/16', nextHopIP: HOP1.v4, policy: 'policySrc' },
        { cidr: addresses('a').v4, nextHopIP: HOP2.v4, policy: 'policySrc' },
        { cidr: 'fd00:1::/32', nextHopIP: HOP1.v6, policy: 'policySrc' },
        { cidr: addresses('a').v6, nextHopIP: HOP2.v6, policy: 'policySrc' },
      ],
    });
    await at.all([...beyond('a'), ...beyond('b')], 'reached');
    for (const to of Object.values(BEYOND)) {
      expect(await at.names('a', to, 4)).toEqual({ hop2: 4 });
      expect(await at.names('b', to, 4)).toEqual({ hop1: 4 });
    }
  });

  test('of a route table: for the subnets that use it', async () => {
    await at.lab.declare(subnet('red-a', ...SUBNETS['red-a'], { routeTable: 'guests' }));
    await at.declareVpc('red', { staticRoutes: routesTo(HOP1, { routeTable: 'guests' }) });
    await at.all([...beyond('a'), ...pair('a', 'b'), ...pair('b', 'a')], 'reached');
    await at.all(beyond('b'), 'not reached');
    await at.lab.declare(subnet('red-a', ...SUBNETS['red-a'], { routeTable: '' }));
    await at.all(beyond('a'), 'not reached');
  });

  test('taken out, nothing is left of them', async () => {
    await at.declareVpc('red', { staticRoutes: [] });
    await at.all([...beyond('a'), ...beyond('b')], 'not reached');
    expect(await at.lab.nbctl('lr-route-list', 'red')).toBe('');
  });

  test('an unreachable next hop is said, and the other routes work', async () => {
    await at.declareVpc('red', {
      staticRoutes: [...routesTo(HOP1), { cidr: '198.51.100.0/24', nextHopIP: '10.9.9.9' }],
    });
    await at.says(['vpc', 'red'], /^Ready=False NextHopUnreachable .*spec\.staticRoutes\[2\]\.nextHopIP: 10\.9\.9\.9/);
    await at.all(beyond('a'), 'reached');
  });
});

describe('equal-cost paths', () => {
  const both = [...routesTo(HOP1), ...routesTo(HOP2)];

  async function bothAreUsed(): Promise<void> {
    for (const to of Object.values(BEYOND)) {
      const heard = await at.names('a', to, 60);
      expect(Object.keys(heard)).toEqual(['hop1', 'hop2']);
      expect(Math.min(...Object.values(heard))).toBeGreaterThanOrEqual(5);
    }
  }

  test('both next hops get their share', async () => {
    await at.declareVpc('red', { staticRoutes: both });
    await at.all(beyond('a'), 'reached');
    await bothAreUsed();
  });

  test('the one whose port goes down is left out, and said; back again, it gets its share', async () => {
    await at.lab.ok('vm', 'stop', 'hop2');
    await at.says(['vpc', 'red'], /^Warning=True NextHopDown .*10\.1\.2\.22 \(IP object hop2\.default/);
    await at.all(beyond('a'), 'reached');
    for (const to of Object.values(BEYOND)) expect(await at.names('a', to, 30)).toEqual({ hop1: 30 });
    await at.lab.ok('vm', 'start', 'hop2');
    await at.lab.running('default/hop2');
    await at.forwards('hop2');
    await vi.waitFor(bothAreUsed, { timeout: 20_000, interval: 500 });
  });
});

describe('policy routes', () => {
  const from = addresses('a');

  test('drop: what it matches, nothing else', async () => {
    await at.declareVpc('red', {
      policyRoutes: [
        { priority: 100, match: `ip4.src == ${from.v4} && ip4.dst == 10.1.2.0/24`, action: 'drop' },
        { priority: 100, match: `ip6.src == ${from.v6} && ip6.dst == fd00:1:2::/64`, action: 'drop' },
      ],
    });
    await at.all(pair('a', 'b'), 'not reached');
    await at.all(pair('b', 'hop1'), 'reached');
  });

  test('allow of higher priority: the rest stays dropped', async () => {
    await at.declareVpc('red', {
      policyRoutes: [
        { priority: 200, match: `ip4.dst == ${addresses('b').v4}`, action: 'allow' },
        { priority: 200, match: `ip6.dst == ${addresses('b').v6}`, action: 'allow' },
        { priority: 100, match: 'ip4.dst == 10.1.2.0/24', action: 'drop' },
        { priority: 100, match: 'ip6.dst == fd00:1:2::/64', action: 'drop' },
      ],
    });
    await at.all(pair('a', 'b'), 'reached');
    await at.all(pair('a', 'hop1'), 'not reached');
  });

  test('reroute: to a next hop that no route names, for the sources that it matches', async () => {
    await at.declareVpc('red', {
      policyRoutes: [
        {
          priority: 50,
          match: 'ip4.src == 10.1.1.0/24 && ip4.dst == 192.0.2.0/24',
          action: 'reroute',
          nextHopIP: HOP2.v4,
        },
        {
          priority: 50,
          match: 'ip6.src == fd00:1:1::/64 && ip6.dst == 2001:db8::/32',
          action: 'reroute',
          nextHopIP: HOP2.v6,
        },
      ],
    });
    await at.all([...beyond('a'), ...pair('a', 'b')], 'reached');
    await at.all(beyond('b'), 'not reached');
    for (const to of Object.values(BEYOND)) expect(await at.names('a', to, 4)).toEqual({ hop2: 4 });
  });

  test('reroute to several: both are used', async () => {
    await at.declareVpc('red', {
      policyRoutes: [
        { priority: 50, match: 'ip4.dst == 192.0.2.0/24', action: 'reroute', nextHopIP: `${HOP1.v4},${HOP2.v4}` },
        { priority: 50, match: 'ip6.dst == 2001:db8::/32', action: 'reroute', nextHopIP: `${HOP1.v6},${HOP2.v6}` },
      ],
    });
    await at.all(beyond('a'), 'reached');
    for (const to of Object.values(BEYOND)) expect(Object.keys(await at.names('a', to, 60))).toEqual(['hop1', 'hop2']);
  });
});

test('an independent reader agrees with the compiler', async () => {
  await at.lab.expectInSync();
});
