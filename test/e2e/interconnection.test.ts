/** VLANs that are a part of a VPC: the router as their gateway, or beside the physical one; who reaches whom, by which way, and who does not. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { InternetLab } from '../support/internet-lab.ts';
import { machineOn, pod } from '../support/objects.ts';
import { COUNT, SEND, STORE, STREAM } from '../support/wire-programs.ts';

const PHYS1 = { v4: '172.20.200.10', v6: '2001:db8:200::10' };
const INTERNET = '203.0.113.10';
const SOON = { timeout: 20_000, interval: 200 };

let at: InternetLab;
/** the router of red on the floor */
let router: { readonly v4: string; readonly v6: string };

const addressesOf = async (name: string, net: string) => {
  const path = '{.spec.v4IpAddress} {.spec.v6IpAddress}';
  const [v4 = '', v6 = ''] = (await at.field('ip', `${name}.default.${net}.default.ovn`, path)).split(' ');
  return { v4, v6 };
};

const patch = (subnet: string, spec: object) =>
  at.lab.kubectl('patch', 'subnet', subnet, '--type=merge', '-p', JSON.stringify({ spec }));

const outside = (...command: readonly string[]) => at.run('phys1', ...command);

/** a route of a guest, which DHCP tells it */
const isTold = (name: string, route: string, by: string) =>
  vi.waitFor(
    async () => expect((await at.run(name, 'ip', 'route', 'show', route)).stdout).toContain(`via ${by} `),
    SOON,
  );

beforeAll(async () => {
  at = await InternetLab.make('o', '--ip', 'dual');
  await at.declare('Vpc', 'red', { enableExternal: true });
  await at.declare('Vpc', 'blue', {});
  await at.declare('Subnet', 'cloud', { vpc: 'red', cidrBlock: '10.50.0.0/24,fd00:50::/64', enableDHCP: true });
  await at.declare('Subnet', 'inner', { vpc: 'red', cidrBlock: '10.51.0.0/24', enableDHCP: true });
  await at.declare('Subnet', 'other', { vpc: 'blue', cidrBlock: '10.60.0.0/24', enableDHCP: true });
  await at.declare('Subnet', 'floor', {
    vpc: 'red',
    vlan: 'vlan200',
    cidrBlock: '172.20.200.0/24,2001:db8:200::/64',
    gateway: '172.20.200.1,2001:db8:200::1',
    excludeIps: ['172.20.200.1..172.20.200.19', '2001:db8:200::1..2001:db8:200::1f'],
    enableDHCP: true,
    u2oInterconnection: true,
    u2oInterconnectionIP: '172.20.200.77,2001:db8:200::77',
  });
  await at.declare('Subnet', 'hall', {
    vpc: 'red',
    vlan: 'vlan200',
    cidrBlock: '10.77.0.0/24,fd00:77::/64',
    excludeIps: ['10.77.0.1..10.77.0.19', 'fd00:77::1..fd00:77::1f'],
    enableDHCP: true,
    enableIPv6RA: true,
    logicalGateway: true,
    natOutgoing: true,
  });
  await at.machines({
    c1: ['cloud', 'node1'],
    c2: ['cloud', 'node2'],
    i3: ['inner', 'node3'],
    f1: ['floor', 'node1'],
    f3: ['floor', 'node3'],
    h1: ['hall', 'node1'],
    h2: ['hall', 'node2'],
    b1: ['other', 'node1'],
  });
  router = { v4: '172.20.200.77', v6: '2001:db8:200::77' };
  // a second network on the same wire, whose gateway is the router of red
  await outside('ip', 'addr', 'add', '10.77.0.10/24', 'dev', 'eth0');
  await outside('ip', '-6', 'addr', 'add', 'fd00:77::10/64', 'dev', 'eth0', 'nodad');
  await outside('ip', 'route', 'add', '10.50.0.0/23', 'via', router.v4);
  await outside('ip', '-6', 'route', 'add', 'fd00:50::/64', 'via', router.v6, 'src', PHYS1.v6);
  await outside('ip', 'route', 'add', '10.60.0.0/24', 'via', router.v4);
}, 240_000);

afterAll(() => at?.lab.remove());

describe('a VLAN beside its physical gateway', () => {
  test('the router has an address there that was asked for, which counts and is said', async () => {
    const said = await at.field('subnet', 'floor', '{.status.u2oInterconnectionIP} {.status.u2oInterconnectionVPC}');
    expect(said).toBe(`${router.v4},${router.v6} red`);
    expect(await at.field('ip', 'u2o-interconnection.red.floor', '{.spec.v4IpAddress}')).toBe(router.v4);
    expect(await at.field('subnet', 'floor', '{.status.v4usingIPs}')).toBe('3');
    expect((await at.lab.weft('status')).stdout).toMatch(/red +floor +node\d +it leads/);
  });

  test('machines of the VLAN and of the overlay reach each other, wherever they are, with their own addresses', async () => {
    const [c1, c2, f1, f3] = [
      await addressesOf('c1', 'cloud'),
      await addressesOf('c2', 'cloud'),
      await addressesOf('f1', 'floor'),
      await addressesOf('f3', 'floor'),
    ];
    await isTold('f1', 'default', router.v4);
    await at.answers('f1', c1.v4, `c1 ${f1.v4}`);
    await at.answers('f3', c1.v4, `c1 ${f3.v4}`);
    await at.answers('f3', c2.v4, `c2 ${f3.v4}`);
    await at.answers('c1', f1.v4, `f1 ${c1.v4}`);
    await at.answers('c2', f1.v4, `f1 ${c2.v4}`);
    await at.answers('c2', f3.v4, `f3 ${c2.v4}`);
  });

  test.each(['v4', 'v6'] as const)(
    'hosts outside reach the overlay by that address, and are reached (%s)',
    async (family) => {
      const [c1, c2] = [await addressesOf('c1', 'cloud'), await addressesOf('c2', 'cloud')];
      await at.answers('phys1', c1[family], `c1 ${PHYS1[family]}`);
      await at.answers('phys1', c2[family], `c2 ${PHYS1[family]}`);
      await at.answers('c1', PHYS1[family], `phys1 ${c1[family]}`);
      await at.answers('c2', PHYS1[family], `phys1 ${c2[family]}`);
    },
  );

  test('one node answers for the address, and everything from the router comes with one MAC address', async () => {
    const mac = await at.field('subnet', 'floor', '{.status.u2oInterconnectionMAC}');
    await outside('ip', 'neigh', 'flush', 'dev', 'eth0');
    const [c1, c2] = [await addressesOf('c1', 'cloud'), await addressesOf('c2', 'cloud')];
    const seen = await at.lab.capture('phys1', 'eth0', `arp src host ${router.v4}`, async () => {
      await at.answers('phys1', c1.v4, /^c1/);
      await at.answers('phys1', c2.v4, /^c2/);
      await at.answers('c2', PHYS1.v4, /^phys1/);
    });
    const replies = seen.split('\n').filter((line) => line.includes('Reply'));
    expect(replies).toHaveLength(1);
    expect(replies[0]).toContain(`is-at ${mac}`);
  });

  test('everything else leaves by the physical gateway, though the VPC has a way out of its own', async () => {
    const [f1, f3] = [await addressesOf('f1', 'floor'), await addressesOf('f3', 'floor')];
    await at.answers('f1', INTERNET, `internet ${f1.v4}`);
    await at.answers('f3', INTERNET, `internet ${f3.v4}`);
    await at.answers('internet', f3.v4, /^f3 /);
    expect(await at.pings('f1', '172.20.200.1')).toBe(true);
  });
});

describe('packets of any size', () => {
  test('what is too big for the overlay is answered with the size that fits', async () => {
    const c2 = await addressesOf('c2', 'cloud');
    for (const from of ['phys1', 'f1'])
      expect((await at.run(from, 'ping', '-M', 'do', '-s', '1472', '-c', '2', '-W', '2', c2.v4)).stdout).toMatch(
        /Frag needed and DF set \(mtu = 1442\)/,
      );
  });

  test('a stream arrives whole, from outside and from machines of the VLAN', async () => {
    const c1 = await addressesOf('c1', 'cloud');
    await at.run('c1', 'sh', '-c', 'python3 -c "$0" >/dev/null 2>&1 </dev/null &', COUNT);
    for (const from of ['phys1', 'f3'])
      await vi.waitFor(async () => {
        const { stdout } = await at.run(from, 'python3', '-c', STREAM, c1.v4, '3000000');
        expect(stdout.trim()).toBe('3000000');
      }, SOON);
  });
});

describe('a VLAN whose gateway is the router', () => {
  test('is the way of its machines to the overlay and back, and to the internet with the address of the VPC', async () => {
    const eip = await at.field('oeip', 'red-external', '{.spec.v4Ip}');
    const [c2, h1, h2] = [
      await addressesOf('c2', 'cloud'),
      await addressesOf('h1', 'hall'),
      await addressesOf('h2', 'hall'),
    ];
    await isTold('h1', 'default', '10.77.0.1');
    await at.answers('h1', c2.v4, `c2 ${h1.v4}`);
    await at.answers('c2', h2.v4, `h2 ${c2.v4}`);
    await at.answers('h1', c2.v6, `c2 ${h1.v6}`);
    await at.answers('h1', INTERNET, `internet ${eip}`);
    await at.answers('h2', INTERNET, `internet ${eip}`);
    // 1500 bytes, all the way
    const large = await at.run('h1', 'ping', '-M', 'do', '-s', '1472', '-c', '1', '-W', '2', INTERNET);
    expect(large.code).toBe(0);
  });

  test('is the way of hosts outside too', async () => {
    const [c1, f1, h1] = [
      await addressesOf('c1', 'cloud'),
      await addressesOf('f1', 'floor'),
      await addressesOf('h1', 'hall'),
    ];
    await at.answers('phys1', h1.v4, 'h1 10.77.0.10');
    await at.answers('c1', '10.77.0.10', `phys1 ${c1.v4}`);
    await at.answers('f1', h1.v4, `h1 ${f1.v4}`);
    // the router of the other network answers too
    await outside('ip', 'route', 'replace', '10.50.0.0/23', 'via', '10.77.0.1');
    await at.answers('phys1', c1.v4, /^c1 10\.77\.0\.10/);
    await outside('ip', 'route', 'replace', `${INTERNET}/32`, 'via', '10.77.0.1');
    await at.answers('phys1', INTERNET, `internet ${await at.field('oeip', 'red-external', '{.spec.v4Ip}')}`);
    await outside('ip', 'route', 'del', `${INTERNET}/32`);
    await outside('ip', 'route', 'replace', '10.50.0.0/23', 'via', router.v4);
  });
});

describe('floating IPs', () => {
  test('lead to a machine behind the router, by the gateway node, and to none that leaves by a physical gateway', async () => {
    const eip = await at.eip('of-hall', { externalSubnet: 'external' });
    await at.declare('OvnFip', 'hall', {
      ovnEip: 'of-hall',
      ipName: 'h2.default.hall.default.ovn',
      type: 'distributed',
    });
    await at.answers('internet', eip.v4, /^h2 /);
    await at.answers('h2', INTERNET, `internet ${eip.v4}`);
    await at.says('ofip', 'hall', /it is centralized meanwhile, since the machine is on a VLAN/);
    await at.eip('of-floor', { externalSubnet: 'external' });
    await at.declare('OvnFip', 'floor', { ovnEip: 'of-floor', ipName: 'f1.default.floor.default.ovn' });
    await at.says('ofip', 'floor', /^False TargetNotFound: spec\.ipName: .* a VLAN with a physical gateway/);
  });
});

describe('what does not get through', () => {
  test('another VPC: neither from there to the VLAN, nor from the VLAN to there', async () => {
    const [b1, f1, c1] = [
      await addressesOf('b1', 'other'),
      await addressesOf('f1', 'floor'),
      await addressesOf('c1', 'cloud'),
    ];
    for (const address of [f1.v4, PHYS1.v4, c1.v4, router.v4]) await at.silent('b1', address);
    await at.silent('phys1', b1.v4);
    await at.silent('f1', b1.v4);
  });

  test('the rules of the overlay hold against the VLAN, machines and hosts', async () => {
    const [c1, f1] = [await addressesOf('c1', 'cloud'), await addressesOf('f1', 'floor')];
    await patch('cloud', { private: true });
    await vi.waitFor(() => at.silent('phys1', c1.v4), SOON);
    await at.silent('f1', c1.v4);
    await at.silent('c1', f1.v4);
    await at.silent('c1', PHYS1.v4);
    await patch('cloud', { allowSubnets: ['172.20.200.0/24'] });
    await at.answers('phys1', c1.v4, /^c1 /);
    await at.answers('f1', c1.v4, /^c1 /);
    await at.answers('c1', f1.v4, /^f1 /);
    await patch('cloud', { private: false, allowSubnets: [] });
  });

  test('the rules of the VLAN hold against the overlay', async () => {
    const [c1, f1, f3] = [
      await addressesOf('c1', 'cloud'),
      await addressesOf('f1', 'floor'),
      await addressesOf('f3', 'floor'),
    ];
    await patch('floor', { private: true });
    await vi.waitFor(() => at.silent('c1', f1.v4), SOON);
    await at.silent('c1', f3.v4);
    await at.silent('f1', c1.v4);
    await at.answers('phys1', f1.v4, /^f1 /);
    await at.answers('f3', f1.v4, /^f1 /);
    await patch('floor', {
      private: false,
      acls: [
        { direction: 'to-lport', priority: 2000, match: `ip4.src == ${c1.v4} && ip4.dst == ${f1.v4}`, action: 'drop' },
      ],
    });
    await vi.waitFor(() => at.answers('f3', c1.v4, /^c1 /), SOON);
    await at.silent('c1', f1.v4);
    await at.answers('f1', c1.v4, /^c1 /);
    await patch('floor', { acls: [] });
    await at.answers('c1', f1.v4, /^f1 /);
  });

  test('who says that he is of the overlay, or sends for others', async () => {
    const [c1, i3] = [await addressesOf('c1', 'cloud'), await addressesOf('i3', 'inner')];
    await patch('cloud', { private: true, allowSubnets: ['10.51.0.0/24', '172.20.200.0/24'] });
    await at.answers('i3', c1.v4, /^c1 /);
    await at.run('c1', 'sh', '-c', 'python3 -c "$0" 5000 /tmp/heard >/dev/null 2>&1 </dev/null &', STORE);
    const send = (source: string) => outside('python3', '-c', SEND, source, c1.v4, '5000');
    const heard = async () => (await at.run('c1', 'sh', '-c', 'cat /tmp/heard 2>/dev/null')).stdout;
    await vi.waitFor(async () => {
      await send(PHYS1.v4);
      expect(await heard()).toContain(PHYS1.v4);
    }, SOON);
    await send(i3.v4);
    await send(PHYS1.v4);
    await vi.waitFor(async () => expect((await heard()).trim().split('\n').length).toBeGreaterThan(1), SOON);
    expect(await heard()).not.toContain(i3.v4);
    await patch('cloud', { private: false, allowSubnets: [] });
    // a stranger's packets to the internet are nothing that the router carries
    await outside('ip', 'route', 'replace', `${INTERNET}/32`, 'via', '10.77.0.1');
    const strangers = await at.lab.capture('internet', 'eth0', 'host 198.18.0.1', async () => {
      await outside('python3', '-c', SEND, '198.18.0.1', INTERNET, '5000');
      await at.answers('h1', INTERNET, /^internet /);
    });
    expect(strangers).toBe('');
    await outside('ip', 'route', 'del', `${INTERNET}/32`);
  });
});

describe('what changes', () => {
  test('a plain pod on the VLAN: with hosts, the overlay, and the way out', async () => {
    await at.lab.declare(pod('p', 'floor', 'node2'));
    const p = await vi.waitFor(async () => {
      const found = await addressesOf('p', 'floor');
      expect(found.v4).not.toBe('');
      return found;
    }, SOON);
    await at.answers('c1', PHYS1.v4, /^phys1 /);
    await vi.waitFor(async () => expect(await at.pings('phys1', p.v4)).toBe(true), SOON);
    expect(await at.pings('c1', p.v4)).toBe(true);
    const record = (await at.run('node2', 'cat', '/run/weft/guests/default_p.json')).stdout;
    const { pause } = JSON.parse(record) as { readonly pause: { readonly pid: number } };
    const inside = (...command: readonly string[]) =>
      at.run('node2', 'nsenter', '-t', `${pause.pid}`, '-n', ...command);
    expect((await inside('ip', 'route')).stdout).toContain(`default via ${router.v4} dev net1`);
    const [c1] = [await addressesOf('c1', 'cloud')];
    for (const address of [PHYS1.v4, PHYS1.v6, c1.v4, c1.v6, INTERNET])
      expect([address, (await inside('ping', '-c', '1', '-W', '2', address)).code]).toEqual([address, 0]);
    // not with the address of another
    await inside('ip', 'addr', 'add', '172.20.200.99/32', 'dev', 'net1');
    expect((await inside('ping', '-I', '172.20.200.99', '-c', '1', '-W', '1', PHYS1.v4)).code).not.toBe(0);
  });

  test('the overlay only: guests leave by the physical gateway themselves', async () => {
    await patch('floor', { u2oFeatures: { overlayOnlyRouting: true } });
    await at.lab.declare(machineOn('o2', 'floor', 'node2'));
    await at.lab.running('default/o2');
    await at.tells('o2');
    const [c1, o2] = [await addressesOf('c1', 'cloud'), await addressesOf('o2', 'floor')];
    await isTold('o2', 'default', '172.20.200.1');
    await isTold('o2', '10.50.0.0/24', router.v4);
    await at.answers('o2', c1.v4, `c1 ${o2.v4}`);
    await at.answers('c1', o2.v4, `o2 ${c1.v4}`);
    await at.answers('o2', INTERNET, `internet ${o2.v4}`);
    // who sends it to the router all the same still gets there
    await at.run('o2', 'ip', 'route', 'replace', `${INTERNET}/32`, 'via', router.v4);
    await at.answers('o2', INTERNET, `internet ${o2.v4}`);
    await patch('floor', { u2oFeatures: null });
  });

  test('the node that carries the router on the VLAN goes: another one does', async () => {
    const carrier = async () => /red +floor +(node\d)/.exec((await at.lab.weft('status')).stdout)?.[1] ?? '';
    const first = await carrier();
    const [c1, c2] = [await addressesOf('c1', 'cloud'), await addressesOf('c2', 'cloud')];
    const works = async () => {
      await at.answers('phys1', first === 'node1' ? c2.v4 : c1.v4, /^c\d /);
      await at.answers(first === 'node1' ? 'c2' : 'c1', PHYS1.v4, /^phys1 /);
    };
    await at.lab.ok('lab', 'link', 'down', `${first}:eth1`);
    await vi.waitFor(async () => expect(await carrier()).not.toBe(first), SOON);
    await works();
    await at.lab.ok('lab', 'link', 'up', `${first}:eth1`);
    await vi.waitFor(async () => expect(await carrier()).toBe(first), SOON);
    await works();
  });

  test('connected no more, and again, with another address', async () => {
    const [c1, f1] = [await addressesOf('c1', 'cloud'), await addressesOf('f1', 'floor')];
    await patch('floor', { u2oInterconnection: false, u2oInterconnectionIP: null });
    await vi.waitFor(
      async () => expect(await at.field('subnet', 'floor', '{.status.u2oInterconnectionIP}')).toBe(''),
      SOON,
    );
    await vi.waitFor(() => at.silent('phys1', c1.v4), SOON);
    await at.answers('phys1', f1.v4, /^f1 /);
    await patch('floor', { u2oInterconnection: true, u2oInterconnectionIP: '172.20.200.78' });
    await vi.waitFor(
      async () =>
        expect(await at.field('subnet', 'floor', '{.status.u2oInterconnectionIP}')).toMatch(/^172\.20\.200\.78,/),
      SOON,
    );
    await outside('ip', 'route', 'replace', '10.50.0.0/23', 'via', '172.20.200.78');
    await at.answers('phys1', c1.v4, `c1 ${PHYS1.v4}`);
    await at.lab.expectInSync();
  });
});
