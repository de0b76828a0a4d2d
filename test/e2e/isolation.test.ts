/** Who may talk, with real packets: what passes and what does not, in both families, for every field that says so. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Subnet, SubnetSpec } from '../../src/kinds/subnet.ts';
import type { VirtualMachineInstance } from '../../src/kinds/virtual-machine.ts';
import { KubeClient } from '../../src/lib/kube/client.ts';
import { readKubeconfig } from '../../src/lib/kube/kubeconfig.ts';
import { AccessObserver } from '../support/access-observer.ts';
import { accessEdits, startFlows } from '../support/edits-beside-flows.ts';
import { machineOn, network, R, subnet, vpc } from '../support/objects.ts';
import { TestLab } from '../support/test-lab.ts';
import { type Answer, probe, type Protocol, serve, type Target, udpFlow } from '../support/traffic.ts';

/**
 *   vpc red:  inner 10.1/24, fd00:1::/64: a on node1, b on node2     the subnet with the rules
 *             outer 10.2/24, fd00:2::/64: c on node2
 *             third 10.3/24, fd00:3::/64: d on node1
 *   vpc blue: far   10.4/24, fd00:4::/64: p on node2                 a peer of red
 */
const GUESTS = { a: 'inner', b: 'inner', c: 'outer', d: 'third', p: 'far' } as const;
type Guest = keyof typeof GUESTS;
const PORTS = [22, 80] as const;

let lab: TestLab;
let client: KubeClient;
/** IPv4 and IPv6 address of each guest */
const at = {} as Record<Guest, readonly [string, string]>;

beforeAll(async () => {
  lab = await TestLab.make('i');
  await lab.up('--nodes', '2');
  client = new KubeClient(readKubeconfig(lab.kubeconfig));
  const link = (remoteVpc: string, own: string) => [{ remoteVpc, localConnectIP: own }];
  const routes = (end: string, sixth: string, ...cidrs: readonly string[]) =>
    cidrs.map((cidr) => ({ cidr, nextHopIP: cidr.includes(':') ? sixth : end, policy: 'policyDst' as const }));
  await lab.declare(
    vpc('red', {
      vpcPeerings: link('blue', '169.254.0.1/30,fd00:ff::1/64'),
      staticRoutes: routes('169.254.0.2', 'fd00:ff::2', '10.0.4.0/24', 'fd00:4::/64'),
    }),
    vpc('blue', {
      vpcPeerings: link('red', '169.254.0.2/30,fd00:ff::2/64'),
      staticRoutes: routes('169.254.0.1', 'fd00:ff::1', '10.0.0.0/22', 'fd00::/30'),
    }),
    subnet('inner', 'red', '10.0.1.0/24,fd00:1::/64', { enableDHCP: true }),
    subnet('outer', 'red', '10.0.2.0/24,fd00:2::/64'),
    subnet('third', 'red', '10.0.3.0/24,fd00:3::/64'),
    subnet('far', 'blue', '10.0.4.0/24,fd00:4::/64'),
    ...['inner', 'outer', 'third', 'far'].map((name) => network(name, name)),
    ...Object.entries(GUESTS).map(([name, net]) => machineOn(name, net, 'ad'.includes(name) ? 'node1' : 'node2')),
  );
  for (const name of Object.keys(GUESTS) as Guest[]) {
    await lab.running(`default/${name}`);
    const { status } = await client.get<VirtualMachineInstance>(R.vmis, 'default', name);
    at[name] = status!.interfaces![0]!.ipAddresses as unknown as readonly [string, string];
    await serve(lab, `default/${name}`, ...PORTS);
  }
  for (const [from, to] of [
    ['a', 'b'],
    ['c', 'a'],
    ['d', 'a'],
    ['p', 'a'],
  ] as const)
    for (const address of at[to]) await lab.reaches(`default/${from}`, address);
}, 180_000);

afterAll(async () => {
  await client?.close();
  await lab?.remove();
});

/** The rules of subnet inner, in force on all nodes. */
async function rules(spec: Partial<SubnetSpec>): Promise<void> {
  const none = { private: null, allowSubnets: null, acls: null, allowEWTraffic: null };
  await client.patch(R.subnets, { name: 'inner' }, { spec: { ...none, ...spec } });
  await vi.waitFor(
    async () => {
      const { metadata, status } = await client.get<Subnet>(R.subnets, undefined, 'inner');
      const ready = status?.conditions?.find(({ type }) => type === 'Ready');
      expect([ready?.status, ready?.observedGeneration]).toEqual(['True', metadata.generation]);
    },
    { timeout: 10_000, interval: 20 },
  );
  await lab.nbctl('--wait=hv', 'sync');
}

const acl = (direction: 'from-lport' | 'to-lport', priority: number, match: string, action: string) =>
  ({ direction, priority, match, action }) as NonNullable<SubnetSpec['acls']>[number];
const ways = (match: string, action: string, priority = 1500) => [
  acl('from-lport', priority, match, action),
  acl('to-lport', priority, match, action),
];

/** what `from` gets from `to`, by both families and each protocol, as `IPv4 tcp 22: open` */
async function between(
  from: Guest,
  to: Guest,
  asks: readonly (readonly [Protocol, number?])[] = EVERYTHING,
): Promise<string[]> {
  const targets = at[to].flatMap((address) => asks.map(([protocol, port]): Target => [protocol, address, port ?? 0]));
  const answers = await probe(lab, `default/${from}`, targets);
  return answers.map((answer, index) => {
    const [protocol, address, port] = targets[index]!;
    return `${address.includes(':') ? 'IPv6' : 'IPv4'} ${protocol}${port ? ` ${port}` : ''}: ${answer}`;
  });
}

const EVERYTHING = [['tcp', 22], ['udp', 80], ['ping']] as const;
const all = (answer: Answer, families: readonly string[] = ['IPv4', 'IPv6']) =>
  families.flatMap((family) => [
    `${family} tcp 22: ${answer}`,
    `${family} udp 80: ${answer}`,
    `${family} ping: ${answer}`,
  ]);

async function expectBetween(expected: Readonly<Record<string, readonly string[]>>): Promise<void> {
  const pairs = Object.keys(expected);
  const found = await Promise.all(pairs.map((pair) => between(pair[0] as Guest, pair[1] as Guest)));
  expect(Object.fromEntries(pairs.map((pair, index) => [pair, found[index]]))).toEqual(expected);
}

async function expectGateway(guest: Guest): Promise<void> {
  const answers = await probe(lab, `default/${guest}`, [
    ['ping', '10.0.1.1'],
    ['ping', 'fd00:1::1'],
  ]);
  expect(answers).toEqual(['open', 'open']);
}

describe('private', () => {
  test('guests talk to each other and to their gateway, and to nobody else in either direction', async () => {
    await rules({ private: true });
    await expectBetween({
      ab: all('open'),
      ba: all('open'),
      ca: all('silent'),
      ac: all('silent'),
      pa: all('silent'),
      ap: all('silent'),
    });
    await expectGateway('a');
  });

  test('a guest inside cannot open the way for somebody outside by asking him', async () => {
    const [inward, outward] = await Promise.all([
      udpFlow(lab, 'default/c', at.a[0], 9000, 2),
      udpFlow(lab, 'default/a', at.c[0], 9000, 2),
    ]);
    expect([inward.received, outward.received]).toEqual([0, 0]);
    expect(Math.min(inward.sent, outward.sent)).toBeGreaterThan(100);
  });

  test('allowSubnets: one family, both, the text of the proposal, a peer, everything', async () => {
    await rules({ private: true, allowSubnets: ['10.0.2.0/24'] });
    const half = [...all('open', ['IPv4']), ...all('silent', ['IPv6'])];
    await expectBetween({ ca: half, ac: half, da: all('silent'), ad: all('silent') });
    await rules({ private: true, allowSubnets: '10.0.2.0/24, fd00:2::/64' as never });
    await expectBetween({ ca: all('open'), ac: all('open'), da: all('silent'), pa: all('silent') });
    await rules({ private: true, allowSubnets: ['10.0.4.0/24', 'fd00:4::/64'] });
    await expectBetween({ pa: all('open'), ap: all('open'), ca: all('silent') });
    await rules({ private: true, allowSubnets: ['0.0.0.0/0', '10.0.2.0/24', '::/0'] });
    await expectBetween({ ca: all('open'), ad: all('open'), pa: all('open') });
  });
});

describe('acls', () => {
  const say = (tcp: Answer, udp: Answer) =>
    ['IPv4', 'IPv6'].flatMap((family) => [
      `${family} tcp 22: ${tcp}`,
      `${family} udp 80: ${udp}`,
      `${family} ping: open`,
    ]);

  test('drop is silence, reject is an answer; nothing else is touched', async () => {
    await rules({
      acls: [acl('to-lport', 1500, 'tcp.dst == 22', 'drop'), acl('to-lport', 1500, 'udp.dst == 80', 'reject')],
    });
    await expectBetween({ ba: say('silent', 'refused'), ca: say('silent', 'refused'), ac: say('silent', 'refused') });
    await rules({
      acls: [acl('from-lport', 1500, 'tcp.dst == 22', 'reject'), acl('from-lport', 1500, 'udp.dst == 80', 'drop')],
    });
    await expectBetween({ ab: say('refused', 'silent'), ac: say('refused', 'silent'), ca: say('refused', 'silent') });
  });

  test('allow and allow-related let connections in, and their answers out, over a rule that drops everything', async () => {
    const outer = 'ip4.src == 10.0.2.0/24 || ip6.src == fd00:2::/64';
    for (const action of ['allow', 'allow-related']) {
      await rules({ acls: [acl('to-lport', 1600, outer, action), acl('to-lport', 1500, '1', 'drop')] });
      await expectBetween({ ca: all('open'), ac: all('silent'), da: all('silent'), ba: all('silent') });
      await rules({
        acls: [acl('from-lport', 1600, outer.replaceAll('src', 'dst'), action), acl('from-lport', 1500, '1', 'drop')],
      });
      await expectBetween({ ac: all('open'), ca: all('silent'), ad: all('silent'), ab: all('silent') });
    }
  });

  test('allow-stateless lets through what it matches, answers only where it matches them too', async () => {
    const there = acl('to-lport', 1600, 'tcp.dst == 22', 'allow-stateless');
    const back = acl('from-lport', 1600, 'tcp.src == 22', 'allow-stateless');
    const drop = ways('ip', 'drop');
    const tcp = async () => (await between('b', 'a', [['tcp', 22]])).map((line) => line.split(': ')[1]);
    const asks = acl('from-lport', 1600, 'tcp.dst == 22', 'allow-stateless');
    const answered = acl('to-lport', 1600, 'tcp.src == 22', 'allow-stateless');
    await rules({ acls: [...drop, there, back, asks, answered] });
    expect(await tcp()).toEqual(['open', 'open']);
    await rules({ acls: [...drop, there, asks, answered] });
    expect(await tcp()).toEqual(['silent', 'silent']);
  });

  test('the highest priority decides, and private is one of the rules', async () => {
    await rules({
      private: true,
      acls: [acl('to-lport', 1500, 'tcp.dst == 22', 'allow-related'), acl('to-lport', 500, 'udp', 'allow')],
    });
    const only = ['IPv4', 'IPv6'].flatMap((family) => [
      `${family} tcp 22: open`,
      `${family} udp 80: silent`,
      `${family} ping: silent`,
    ]);
    await expectBetween({ ca: only, ac: only, ab: all('open') });
  });

  test('allowEWTraffic: inside of the subnet passes, but for rules of a higher priority', async () => {
    await rules({
      allowEWTraffic: true,
      acls: [...ways('1', 'drop'), acl('to-lport', 2000, 'udp.dst == 80', 'reject')],
    });
    await expectBetween({
      ab: say('open', 'refused'),
      ca: all('silent'),
      ac: all('silent').map((line) => line.replace('udp 80: silent', 'udp 80: refused')),
    });
  });
});

describe('what keeps a network alive passes under rules that drop everything', () => {
  test('neighbours and the gateway, found anew', async () => {
    await rules({ acls: ways('1', 'drop', 32767) });
    await expectBetween({ ab: all('silent'), ca: all('silent') });
    await lab.guest('default/a', 'ip', 'neigh', 'flush', 'all');
    await expectGateway('a');
    expect((await lab.guest('default/a', 'arping', '-c', '1', '-w', '3', '-I', 'eth0', at.b[0])).code).toBe(0);
  });

  test('a machine that starts gets address, routes and router by DHCP, DHCPv6 and advertisement', async () => {
    await lab.ok('vm', 'restart', '-n', 'default', 'b');
    await vi.waitFor(
      async () => {
        const lease = (await lab.guest('default/b', 'dhcpcd', '-U', 'eth0')).stdout;
        for (const protocol of ['dhcp', 'dhcp6', 'ra'])
          expect(lease).toMatch(new RegExp(`^protocol=${protocol}$`, 'm'));
        expect(lease).toContain(`ip_address=${at.b[0]}`);
        expect((await lab.guest('default/b', 'ip', '-6', 'addr', 'show', 'eth0')).stdout).toContain(`${at.b[1]}/128`);
      },
      { timeout: 40_000, interval: 300 },
    );
    await expectGateway('b');
    await rules({});
    await serve(lab, 'default/b', ...PORTS);
    await expectBetween({ ab: all('open') });
  });
});

describe('edits', () => {
  test('200 of them beside a flow: nothing of it is lost, nothing that is blocked passes, and nobody sees a state between', async () => {
    const base = { private: true, allowSubnets: ['10.0.2.0/24', 'fd00:2::/64'] };
    await rules(base);
    await using observer = await AccessObserver.start((await lab.status()).ovn.nb, 'inner');
    const end = (guest: Guest) => ({ guest: `default/${guest}`, v4: at[guest][0], v6: at[guest][1] });
    const flows = startFlows(lab, { inside: end('a'), allowed: end('c'), outsider: end('d') }, 45);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    for (const { spec, annotations } of accessEdits(base.allowSubnets, 200)) {
      observer.declare({ ...base, ...spec }, annotations);
      await client.patch(R.subnets, { name: 'inner' }, { metadata: { annotations }, spec });
      await observer.seen();
    }
    expect(flows.ended()).toBe(false);
    const { passed, lost, blocked, leaked, streamed, spoilt } = await flows.seen;
    expect(observer.strange).toEqual([]);
    expect(observer.transactions).toBe(200);
    expect({ lost, leaked, spoilt }).toEqual({ lost: 0, leaked: 0, spoilt: 0 });
    expect(Math.min(passed, blocked, streamed / 1000)).toBeGreaterThan(2000);
    await rules(base);
  }, 120_000);

  test('a connection that was there before the rule that forbids it ends', async () => {
    await rules({});
    const flow = udpFlow(lab, 'default/c', at.a[0], 9004, 8);
    const answers = udpFlow(lab, 'default/a', at.c[0], 9004, 8);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await rules({ private: true });
    for (const { sent, received } of await Promise.all([flow, answers])) {
      expect(received).toBeGreaterThan(100);
      expect(received).toBeLessThan(sent * 0.75);
    }
  });

  test('a rule that somebody deletes or turns round is put right', async () => {
    await rules({ private: true });
    const private_ = async () =>
      (await lab.nbctl('--bare', '--columns=action', 'find', 'ACL', 'name="inner/private"'))
        .split(/\s+/)
        .filter(Boolean);
    expect(await private_()).toEqual(['drop', 'drop']);
    const uuid = (await lab.nbctl('--bare', '--columns=_uuid', 'find', 'ACL', 'name="inner/private"', 'tier=2')).trim();
    await lab.nbctl('set', 'ACL', uuid, 'action=allow', 'match="0"');
    await vi.waitFor(async () => expect(await private_()).toEqual(['drop', 'drop']), { timeout: 5000 });
    await lab.nbctl('acl-del', 'inner');
    await vi.waitFor(async () => expect(await private_()).toEqual(['drop', 'drop']), { timeout: 5000 });
    await lab.nbctl('--wait=hv', 'sync');
    await expectBetween({ ca: all('silent'), ab: all('open') });
  });
});

describe('the log', () => {
  test('names subnet and rule, with as many packets a second as asked for', async () => {
    await rules({ private: true });
    const annotations = { 'ovn.kubernetes.io/enable_log': 'true', 'ovn.kubernetes.io/acl_log_meter_rate': '5' };
    await client.patch(R.subnets, { name: 'inner' }, { metadata: { annotations } });
    await vi.waitFor(async () => expect(await lab.nbctl('list', 'Meter')).toContain('inner_acl_log'), {
      timeout: 5000,
    });
    await lab.nbctl('--wait=hv', 'sync');
    const file = `${lab.home.directory}/labs/${lab.name}/logs/node1/ovn-controller.log`;
    const lines = async () =>
      (await readFile(file, 'utf8'))
        .split('\n')
        .filter((line) => line.includes('udp_dst=9100') || line.includes('tp_dst=9100'));
    const { sent } = await udpFlow(lab, 'default/c', at.a[0], 9100, 3);
    const found = await lines();
    expect(found[0]).toMatch(/acl_log.*name="inner\/private", verdict=drop, severity=warning, direction=to-lport/);
    expect(sent).toBeGreaterThan(300);
    // three seconds, a burst of five, and the second in which it began
    expect(found.length).toBeLessThanOrEqual(25);
    await client.patch(
      R.subnets,
      { name: 'inner' },
      { metadata: { annotations: { 'ovn.kubernetes.io/enable_log': null } } },
    );
    await vi.waitFor(async () => expect(await lab.nbctl('list', 'Meter')).toBe(''), { timeout: 5000 });
  });
});

describe('mistakes', () => {
  const patch = (kind: string, name: string, spec: object) =>
    lab.kubectl('patch', kind, name, '--type=merge', '-p', JSON.stringify({ spec }));

  test('are answered by kubectl with the column; what is in force stays in force', async () => {
    await rules({ private: true });
    const wrong = await patch('subnet', 'inner', { acls: [acl('to-lport', 9, 'ip4 && tcp.dts == 1', 'drop')] });
    expect([wrong.code, wrong.stderr]).toEqual([
      1,
      expect.stringMatching(/spec\.acls\[0\]\.match: Invalid value: .*column 8: tcp\.dts is not a field/),
    ]);
    const route = await patch('vpc', 'red', {
      policyRoutes: [{ priority: 9, match: 'ip4.src == $secret_set', action: 'drop' }],
    });
    expect([route.code, route.stderr]).toEqual([
      1,
      expect.stringMatching(/spec\.policyRoutes\[0\]\.match: .*column 12: \$secret_set is no address set of an IPPool/),
    ]);
    await expectBetween({ ca: all('silent'), ab: all('open') });
  });

  test('what does nothing is accepted with a warning', async () => {
    const { code, stderr } = await patch('subnet', 'inner', {
      acls: [acl('to-lport', 9, 'tcp', 'drop'), acl('from-lport', 9, 'arp', 'drop')],
    });
    expect(code).toBe(0);
    expect(stderr).toMatch(/Warning: spec\.acls\[0\]: it never decides: spec\.private has a higher priority/);
    expect(stderr).toMatch(/Warning: spec\.acls\[1\]: it changes nothing: ARP always passes/);
    await lab.expectInSync();
  });
});
