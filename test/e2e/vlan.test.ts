/** Machines on physical VLANs: with hosts outside of the cluster, with each other, and with nobody else. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { InternetLab } from '../support/internet-lab.ts';
import { machineOn } from '../support/objects.ts';

const PHYS1 = { v4: '172.20.200.10', v6: '2001:db8:200::10' };
const INTERNET = { v4: '203.0.113.10', v6: '2001:db8:203::10' };
const SOON = { timeout: 20_000, interval: 200 };

/** what a router of the VLAN says (RFC 4861, 4.2): the prefix, and that DHCPv6 has the addresses; arguments: device, prefix */
const ADVERTISE = `
import socket, struct, sys, time
device, prefix = sys.argv[1:]
index = socket.if_nametoindex(device)
wire = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
wire.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
wire.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
body = struct.pack('!BBHBBHII', 134, 0, 0, 64, 0x80, 0, 0, 0)
body += struct.pack('!BBBBIII', 3, 4, 64, 0x80, 86400, 14400, 0) + socket.inet_pton(socket.AF_INET6, prefix)
while True:
    wire.sendto(body, ('ff02::1', 0, 0, index))
    time.sleep(1)
`;

let at: InternetLab;

/** a subnet of a VLAN of the lab, apart from the addresses of its hosts */
const onVlan = (number: number, more: object = {}) => ({
  vlan: `vlan${number}`,
  cidrBlock: `172.20.${number}.0/24,2001:db8:${number}::/64`,
  gateway: `172.20.${number}.1,2001:db8:${number}::1`,
  excludeIps: [`172.20.${number}.1..172.20.${number}.19`, `2001:db8:${number}::1..2001:db8:${number}::1f`],
  enableDHCP: true,
  ...more,
});

beforeAll(async () => {
  at = await InternetLab.make('v', '--ip', 'dual');
  const start = 'python3 -c "$0" "$1" "$2" >/dev/null 2>&1 </dev/null &';
  await at.run('phys1', 'sh', '-c', start, ADVERTISE, 'eth0', '2001:db8:200::');
  await at.declare('Vlan', 'plain', { id: 0, provider: 'phys' });
  await at.declare('Subnet', 'two', onVlan(200));
  await at.declare('Subnet', 'untagged', {
    vlan: 'plain',
    cidrBlock: '10.99.0.0/24',
    gateway: '10.99.0.1',
    enableDHCP: true,
  });
  await at.machines({
    a: ['two', 'node1'],
    b: ['two', 'node2'],
    u: ['untagged', 'node1'],
    w: ['untagged', 'node3'],
    x: ['external', 'node1'],
  });
}, 180_000);

afterAll(() => at?.lab.remove());

const addressesOf = async (name: string, net: string) => {
  const [v4 = '', v6 = ''] = (
    await at.field('ip', `${name}.default.${net}.default.ovn`, '{.spec.v4IpAddress} {.spec.v6IpAddress}')
  ).split(' ');
  return { v4, v6 };
};

describe('machines on VLANs', () => {
  test.each(['v4', 'v6'] as const)(
    'are reached with their own address, and reach whom they want (%s)',
    async (family) => {
      const [a, b] = [await addressesOf('a', 'two'), await addressesOf('b', 'two')];
      await at.answers('phys1', a[family], `a ${PHYS1[family]}`);
      await at.answers('a', PHYS1[family], `phys1 ${a[family]}`);
      await at.answers('b', a[family], `a ${b[family]}`);
    },
  );

  test('the way out is the physical router, which DHCP told', async () => {
    const a = await addressesOf('a', 'two');
    const routes = (await at.run('a', 'ip', 'route', 'show', 'default')).stdout;
    expect(routes).toContain('172.20.200.1');
    expect(await at.pings('a', '172.20.200.1')).toBe(true);
    // another VLAN of the same uplink, by the router outside
    const x = await addressesOf('x', 'external');
    await at.answers('a', x.v4, `x ${a.v4}`);
  });

  test('the MTU is that of the uplink', async () => {
    const device = (await at.run('a', 'ip', 'link', 'show', 'dev', 'eth0')).stdout;
    expect(device).toContain('mtu 1500');
    const large = await at.run('a', 'ping', '-M', 'do', '-s', '1472', '-c', '1', '-W', '2', PHYS1.v4);
    expect(large.code).toBe(0);
  });

  test('without a tag they reach each other, and nobody with one', async () => {
    const [u, w] = [await addressesOf('u', 'untagged'), await addressesOf('w', 'untagged')];
    await at.answers('u', w.v4, `w ${u.v4}`);
    const seen = await at.lab.capture('phys1', 'eth0', 'net 10.99.0.0/24', async () => {
      await at.answers('w', u.v4, `u ${w.v4}`);
      await at.run('u', 'ip', 'route', 'replace', '172.20.200.0/24', 'dev', 'eth0');
      await at.silent('u', PHYS1.v4);
    });
    expect(seen).toBe('');
  });

  test('nobody takes the address of another', async () => {
    const b = await addressesOf('b', 'two');
    await at.run('a', 'ip', 'addr', 'add', '172.20.200.66/24', 'dev', 'eth0');
    expect((await at.run('a', 'ping', '-I', '172.20.200.66', '-c', '1', '-W', '1', PHYS1.v4)).code).not.toBe(0);
    await at.run('a', 'ip', 'addr', 'del', '172.20.200.66/24', 'dev', 'eth0');
    await at.answers('a', b.v4, /^b /);
  });
});

describe('rules of a VLAN subnet hold against the outside', () => {
  const patch = (spec: object) =>
    at.lab.kubectl('patch', 'subnet', 'two', '--type=merge', '-p', JSON.stringify({ spec }));
  const drop = (direction: string, match: string) => ({ direction, priority: 1500, match, action: 'drop' });

  test('private: what is routed to the VLAN stays outside, neighbours pass, and allowSubnets opens', async () => {
    const [a, x] = [await addressesOf('a', 'two'), await addressesOf('x', 'external')];
    await at.answers('x', a.v4, /^a /);
    await patch({ private: true });
    await vi.waitFor(() => at.silent('x', a.v4), SOON);
    await at.silent('a', x.v4);
    await at.answers('phys1', a.v4, /^a /);
    await at.answers('b', a.v4, /^a /);
    expect(await at.pings('a', '172.20.200.1')).toBe(true);
    await patch({ allowSubnets: ['172.20.100.0/24'] });
    await at.answers('x', a.v4, /^a /);
    await at.answers('a', x.v4, /^x /);
    await patch({ private: false, allowSubnets: [] });
  });

  test('a host of the VLAN is not let in, and still answers', async () => {
    const [a, b] = [await addressesOf('a', 'two'), await addressesOf('b', 'two')];
    await patch({ acls: [drop('to-lport', `ip4.src == ${PHYS1.v4} && ip4.dst == ${a.v4}`)] });
    await vi.waitFor(() => at.silent('phys1', a.v4), SOON);
    await at.answers('phys1', b.v4, /^b /);
    await at.answers('a', PHYS1.v4, `phys1 ${a.v4}`);
    expect(await at.pings('a', PHYS1.v4)).toBe(true);
  });

  test('who may not ask still answers, wherever the machine is', async () => {
    const [a, b] = [await addressesOf('a', 'two'), await addressesOf('b', 'two')];
    await patch({ acls: [drop('from-lport', `ip4.src == ${a.v4}`)] });
    await vi.waitFor(() => at.silent('a', PHYS1.v4), SOON);
    await at.silent('a', b.v4);
    await at.answers('phys1', a.v4, /^a /);
    await at.answers('b', a.v4, /^a /);
    await patch({ acls: [] });
  });

  test('where they may not go is dropped at the machine', async () => {
    await patch({ acls: [drop('to-lport', `ip4.dst == ${INTERNET.v4} || ip4.dst == ${PHYS1.v4}`)] });
    const a = await addressesOf('a', 'two');
    await vi.waitFor(() => at.silent('a', PHYS1.v4), SOON);
    await at.answers('phys1', a.v4, /^a /);
    await patch({ acls: [] });
    await at.answers('a', PHYS1.v4, /^phys1 /);
  });
});

describe('what changes', () => {
  test('a machine on a node without the network is told so', async () => {
    await at.lab.kubectl(
      'patch',
      'provider-network',
      'phys',
      '--type=merge',
      '-p',
      '{"spec":{"excludeNodes":["node3"]}}',
    );
    await at.lab.declare(machineOn('lost', 'two', 'node3'));
    await vi.waitFor(async () => {
      const { stdout } = await at.lab.kubectl('get', 'events', '-A', '-o', 'jsonpath={.items[*].message}');
      expect(stdout).toMatch(/node node3 is not on ProviderNetwork phys .* so this interface reaches nobody/);
    }, SOON);
    await at.lab.kubectl('patch', 'provider-network', 'phys', '--type=merge', '-p', '{"spec":{"excludeNodes":[]}}');
    await at.lab.running('default/lost');
    const lost = await addressesOf('lost', 'two');
    await vi.waitFor(async () => expect(await at.pings('phys1', lost.v4)).toBe(true), SOON);
  });

  test('a subnet that moves to another VLAN, and a Vlan that gets another number', async () => {
    const a = await addressesOf('a', 'two');
    await at.declare('Vlan', 'other', { id: 300, provider: 'phys' });
    await at.lab.kubectl('patch', 'subnet', 'two', '--type=merge', '-p', '{"spec":{"vlan":"other"}}');
    await vi.waitFor(async () => expect(await at.pings('phys1', a.v4)).toBe(false), SOON);
    await at.lab.kubectl('delete', 'vlan', 'vlan200');
    await at.lab.kubectl('patch', 'vlan', 'other', '--type=merge', '-p', '{"spec":{"id":200}}');
    await at.answers('phys1', a.v4, /^a /);
    await at.lab.expectInSync();
  });
});
