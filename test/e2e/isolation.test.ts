/** Who may talk, with real packets: what passes and what does not, in both families, for every field that says so. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { AccessObserver } from '../support/access-observer.ts';
import { accessEdits, startFlows } from '../support/edits-beside-flows.ts';
import { acl, all, type Guest, IsolationLab, ways } from '../support/isolation-lab.ts';
import { R } from '../support/objects.ts';
import { type Answer, tcpStream, udpFlow } from '../support/traffic.ts';

let on: IsolationLab;

beforeAll(async () => {
  on = await IsolationLab.make('i');
}, 180_000);

afterAll(async () => {
  await on?.remove();
});

describe('private', () => {
  test('guests talk to each other and to their gateway, and to nobody else in either direction', async () => {
    await on.rules({ private: true });
    await on.expectBetween({
      ab: all('open'),
      ba: all('open'),
      ca: all('silent'),
      ac: all('silent'),
      pa: all('silent'),
      ap: all('silent'),
    });
    await on.expectGateway('a');
  });

  test('a guest inside cannot open the way for somebody outside by asking him', async () => {
    const [inward, outward] = await Promise.all([
      udpFlow(on.lab, 'default/c', on.at.a[0], 9000, 2),
      udpFlow(on.lab, 'default/a', on.at.c[0], 9000, 2),
    ]);
    expect([inward.received, outward.received]).toEqual([0, 0]);
    expect(Math.min(inward.sent, outward.sent)).toBeGreaterThan(100);
  });

  test('what always passes is no way in from other subnets, nor out', async () => {
    const flows = await Promise.all([
      udpFlow(on.lab, 'default/c', on.at.a[0], 67, 2, 68),
      udpFlow(on.lab, 'default/a', on.at.c[0], 68, 2, 67),
      udpFlow(on.lab, 'default/c', on.at.a[1], 547, 2, 546),
      udpFlow(on.lab, 'default/a', on.at.c[1], 546, 2, 547),
    ]);
    expect(flows.map(({ received }) => received)).toEqual([0, 0, 0, 0]);
    expect(Math.min(...flows.map(({ sent }) => sent))).toBeGreaterThan(100);
  });

  test('allowSubnets: one family, both, the text of the proposal, a peer, everything', async () => {
    await on.rules({ private: true, allowSubnets: ['10.0.2.0/24'] });
    const half = [...all('open', ['IPv4']), ...all('silent', ['IPv6'])];
    await on.expectBetween({ ca: half, ac: half, da: all('silent'), ad: all('silent') });
    await on.rules({ private: true, allowSubnets: '10.0.2.0/24, fd00:2::/64' as never });
    await on.expectBetween({ ca: all('open'), ac: all('open'), da: all('silent'), pa: all('silent') });
    await on.rules({ private: true, allowSubnets: ['10.0.4.0/24', 'fd00:4::/64'] });
    await on.expectBetween({ pa: all('open'), ap: all('open'), ca: all('silent') });
    await on.rules({ private: true, allowSubnets: ['0.0.0.0/0', '10.0.2.0/24', '::/0'] });
    await on.expectBetween({ ca: all('open'), ad: all('open'), pa: all('open') });
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
    await on.rules({
      acls: [acl('to-lport', 1500, 'tcp.dst == 22', 'drop'), acl('to-lport', 1500, 'udp.dst == 80', 'reject')],
    });
    await on.expectBetween({
      ba: say('silent', 'refused'),
      ca: say('silent', 'refused'),
      ac: say('silent', 'refused'),
    });
    await on.rules({
      acls: [acl('from-lport', 1500, 'tcp.dst == 22', 'reject'), acl('from-lport', 1500, 'udp.dst == 80', 'drop')],
    });
    await on.expectBetween({
      ab: say('refused', 'silent'),
      ac: say('refused', 'silent'),
      ca: say('refused', 'silent'),
    });
  });

  test('allow and allow-related let connections in, and their answers out, over a rule that drops everything', async () => {
    const outer = 'ip4.src == 10.0.2.0/24 || ip6.src == fd00:2::/64';
    for (const action of ['allow', 'allow-related']) {
      await on.rules({ acls: [acl('to-lport', 1600, outer, action), acl('to-lport', 1500, '1', 'drop')] });
      await on.expectBetween({ ca: all('open'), ac: all('silent'), da: all('silent'), ba: all('silent') });
      await on.rules({
        acls: [acl('from-lport', 1600, outer.replaceAll('src', 'dst'), action), acl('from-lport', 1500, '1', 'drop')],
      });
      await on.expectBetween({ ac: all('open'), ca: all('silent'), ad: all('silent'), ab: all('silent') });
    }
  });

  test('allow-stateless lets through what it matches, answers only where it matches them too', async () => {
    const there = acl('to-lport', 1600, 'tcp.dst == 22', 'allow-stateless');
    const back = acl('from-lport', 1600, 'tcp.src == 22', 'allow-stateless');
    const drop = ways('ip', 'drop');
    const tcp = async () => (await on.between('b', 'a', [['tcp', 22]])).map((line) => line.split(': ')[1]);
    const asks = acl('from-lport', 1600, 'tcp.dst == 22', 'allow-stateless');
    const answered = acl('to-lport', 1600, 'tcp.src == 22', 'allow-stateless');
    await on.rules({ acls: [...drop, there, back, asks, answered] });
    expect(await tcp()).toEqual(['open', 'open']);
    await on.rules({ acls: [...drop, there, asks, answered] });
    expect(await tcp()).toEqual(['silent', 'silent']);
  });

  test('the highest priority decides, and private is one of the rules', async () => {
    await on.rules({
      private: true,
      acls: [acl('to-lport', 1500, 'tcp.dst == 22', 'allow-related'), acl('to-lport', 500, 'udp', 'allow')],
    });
    const only = ['IPv4', 'IPv6'].flatMap((family) => [
      `${family} tcp 22: open`,
      `${family} udp 80: silent`,
      `${family} ping: silent`,
    ]);
    await on.expectBetween({ ca: only, ac: only, ab: all('open') });
  });

  test('allowEWTraffic: inside of the subnet passes, but for rules of a higher priority', async () => {
    await on.rules({
      allowEWTraffic: true,
      acls: [...ways('1', 'drop'), acl('to-lport', 2000, 'udp.dst == 80', 'reject')],
    });
    await on.expectBetween({
      ab: say('open', 'refused'),
      ca: all('silent'),
      ac: all('silent').map((line) => line.replace('udp 80: silent', 'udp 80: refused')),
    });
  });
});

describe('what keeps a network alive passes under rules that drop everything', () => {
  test('neighbours and the gateway, found anew', async () => {
    await on.rules({ acls: ways('1', 'drop', 32767) });
    await on.expectBetween({ ab: all('silent'), ca: all('silent') });
    await on.lab.guest('default/a', 'ip', 'neigh', 'flush', 'all');
    await on.expectGateway('a');
    expect((await on.lab.guest('default/a', 'arping', '-c', '1', '-w', '3', '-I', 'eth0', on.at.b[0])).code).toBe(0);
  });

  test('a machine that starts gets address, routes and router by DHCP, DHCPv6 and advertisement', async () => {
    await on.lab.ok('vm', 'restart', '-n', 'default', 'b');
    await vi.waitFor(
      async () => {
        const lease = (await on.lab.guest('default/b', 'dhcpcd', '-U', 'eth0')).stdout;
        for (const protocol of ['dhcp', 'dhcp6', 'ra'])
          expect(lease).toMatch(new RegExp(`^protocol=${protocol}$`, 'm'));
        expect(lease).toContain(`ip_address=${on.at.b[0]}`);
        expect((await on.lab.guest('default/b', 'ip', '-6', 'addr', 'show', 'eth0')).stdout).toContain(
          `${on.at.b[1]}/128`,
        );
      },
      { timeout: 40_000, interval: 300 },
    );
    await on.expectGateway('b');
    await on.rules({});
    await on.serve('b');
    await on.expectBetween({ ab: all('open') });
  });
});

describe('edits', () => {
  test('200 of them beside a flow: nothing of it is lost, nothing that is blocked passes, and nobody sees a state between', async () => {
    const base = { private: true, allowSubnets: ['10.0.2.0/24', 'fd00:2::/64'] };
    await on.rules(base);
    await using observer = await AccessObserver.start((await on.lab.status()).ovn.nb, 'inner');
    const end = (guest: Guest) => ({ guest: `default/${guest}`, v4: on.at[guest][0], v6: on.at[guest][1] });
    const flows = startFlows(on.lab, { inside: end('a'), allowed: end('c'), outsider: end('d') }, 45);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    for (const { spec, annotations } of accessEdits(base.allowSubnets, 200)) {
      observer.declare({ ...base, ...spec }, annotations);
      await on.client.patch(R.subnets, { name: 'inner' }, { metadata: { annotations }, spec });
      await observer.seen();
    }
    expect(flows.ended()).toBe(false);
    const { passed, lost, blocked, leaked, streamed, spoilt } = await flows.seen;
    expect(observer.strange).toEqual([]);
    expect(observer.transactions).toBe(200);
    expect({ lost, leaked, spoilt }).toEqual({ lost: 0, leaked: 0, spoilt: 0 });
    expect(Math.min(passed, blocked, streamed / 1000)).toBeGreaterThan(2000);
    await on.rules(base);
  }, 120_000);

  test('the first rule of a subnet, and the last, come and go beside flows that they do not concern', async () => {
    await on.rules({});
    await using observer = await AccessObserver.start((await on.lab.status()).ovn.nb, 'inner');
    const seconds = 15;
    const flows = Promise.all([
      udpFlow(on.lab, 'default/c', on.at.a[0], 9005, seconds),
      udpFlow(on.lab, 'default/a', on.at.c[0], 9005, seconds),
      tcpStream(on.lab, 'default/c', { guest: 'default/a', address: on.at.a[1], port: 9006 }, seconds),
    ]);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    for (let edit = 0; edit < 20; edit += 1) {
      const acls = edit % 2 ? [] : ways('tcp.dst == 23', 'drop');
      observer.declare({ acls }, {});
      await on.client.patch(R.subnets, { name: 'inner' }, { spec: { acls } });
      await observer.seen();
      await on.lab.nbctl('--wait=hv', 'sync');
    }
    const [there, back, stream] = await flows;
    expect([observer.strange, observer.transactions]).toEqual([[], 20]);
    expect([there.lost, back.lost]).toEqual([0, 0]);
    expect(Math.min(there.received, back.received)).toBeGreaterThan(1000);
    expect(stream).toEqual({ sent: stream.sent, received: stream.sent, wrong: 0 });
  });

  test('a connection that was there before the rule that forbids it ends', async () => {
    await on.rules({});
    const flow = udpFlow(on.lab, 'default/c', on.at.a[0], 9004, 8);
    const answers = udpFlow(on.lab, 'default/a', on.at.c[0], 9004, 8);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await on.rules({ private: true });
    for (const { sent, received } of await Promise.all([flow, answers])) {
      expect(received).toBeGreaterThan(100);
      expect(received).toBeLessThan(sent * 0.75);
    }
  });

  test('a rule that somebody deletes or turns round is put right', async () => {
    await on.rules({ private: true });
    const private_ = async () =>
      (await on.lab.nbctl('--bare', '--columns=action', 'find', 'ACL', 'name="inner/private"'))
        .split(/\s+/)
        .filter(Boolean);
    expect(await private_()).toEqual(['drop', 'drop']);
    const uuid = (
      await on.lab.nbctl('--bare', '--columns=_uuid', 'find', 'ACL', 'name="inner/private"', 'tier=2')
    ).trim();
    await on.lab.nbctl('set', 'ACL', uuid, 'action=allow', 'match="0"');
    await vi.waitFor(async () => expect(await private_()).toEqual(['drop', 'drop']), { timeout: 5000 });
    await on.lab.nbctl('acl-del', 'inner');
    await vi.waitFor(async () => expect(await private_()).toEqual(['drop', 'drop']), { timeout: 5000 });
    await on.lab.nbctl('--wait=hv', 'sync');
    await on.expectBetween({ ca: all('silent'), ab: all('open') });
  });
});

describe('the log', () => {
  test('names subnet and rule, with as many packets a second as asked for', async () => {
    await on.rules({ private: true });
    const annotations = { 'ovn.kubernetes.io/enable_log': 'true', 'ovn.kubernetes.io/acl_log_meter_rate': '5' };
    await on.client.patch(R.subnets, { name: 'inner' }, { metadata: { annotations } });
    await vi.waitFor(async () => expect(await on.lab.nbctl('list', 'Meter')).toContain('inner_acl_log'), {
      timeout: 5000,
    });
    await on.lab.nbctl('--wait=hv', 'sync');
    const file = `${on.lab.home.directory}/labs/${on.lab.name}/logs/node1/ovn-controller.log`;
    const lines = async () =>
      (await readFile(file, 'utf8'))
        .split('\n')
        .filter((line) => line.includes('udp_dst=9100') || line.includes('tp_dst=9100'));
    const { sent } = await udpFlow(on.lab, 'default/c', on.at.a[0], 9100, 3);
    const found = await lines();
    expect(found[0]).toMatch(/acl_log.*name="inner\/private", verdict=drop, severity=warning, direction=to-lport/);
    expect(sent).toBeGreaterThan(300);
    // three seconds, a burst of five, and the second in which it began
    expect(found.length).toBeLessThanOrEqual(25);
    await on.client.patch(
      R.subnets,
      { name: 'inner' },
      { metadata: { annotations: { 'ovn.kubernetes.io/enable_log': null } } },
    );
    await vi.waitFor(async () => expect(await on.lab.nbctl('list', 'Meter')).toBe(''), { timeout: 5000 });
  });
});

describe('mistakes', () => {
  const patch = (kind: string, name: string, spec: object) =>
    on.lab.kubectl('patch', kind, name, '--type=merge', '-p', JSON.stringify({ spec }));

  test('are answered by kubectl with the column; what is in force stays in force', async () => {
    await on.rules({ private: true });
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
    await on.expectBetween({ ca: all('silent'), ab: all('open') });
  });

  test('what does nothing is accepted with a warning', async () => {
    const { code, stderr } = await patch('subnet', 'inner', {
      acls: [acl('to-lport', 9, 'tcp', 'drop'), acl('from-lport', 9, 'arp', 'drop')],
    });
    expect(code).toBe(0);
    expect(stderr).toMatch(/Warning: spec\.acls\[0\]: it never decides: spec\.private has a higher priority/);
    expect(stderr).toMatch(/Warning: spec\.acls\[1\]: it changes nothing: ARP always passes/);
    await on.lab.expectInSync();
  });
});
