/** Out and in by translation, in both families: which address the far end sees, who is reached, and who must not be. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { InternetLab } from '../support/internet-lab.ts';
import { subnet, vpc } from '../support/objects.ts';

const OUTSIDE = { v4: '203.0.113.10', v6: '2001:db8:203::10' };
const PHYS1 = '172.20.200.10';
const PHYSICAL = {
  vlan: 'vlan200',
  cidrBlock: '172.20.200.0/24,2001:db8:200::/64',
  gateway: '172.20.200.1,2001:db8:200::1',
  excludeIps: ['172.20.200.1..172.20.200.19', '2001:db8:200::1..2001:db8:200::1f'],
};

let at: InternetLab;
/** the router of VPC red outside */
let router: { readonly v4: string; readonly v6: string };

beforeAll(async () => {
  at = await InternetLab.make('i', '--ip', 'dual');
  await at.lab.declare(
    vpc('red', { enableExternal: true }),
    vpc('blue', { enableExternal: true }),
    subnet('red-a', 'red', '10.1.1.0/24,fd00:1:1::/64', { natOutgoing: true }),
    subnet('red-b', 'red', '10.1.2.0/24,fd00:1:2::/64'),
    subnet('blue-a', 'blue', '10.1.1.0/24,fd00:1:1::/64'),
  );
  // twin of a: the same addresses in another VPC
  await at.machines({
    a: ['red-a', 'node1'],
    b: ['red-b', 'node2'],
    f: ['red-a', 'node3'],
    twin: ['blue-a', 'node1'],
  });
  router = await at.addressesOf('red-external');
}, 180_000);

afterAll(() => at?.lab.remove());

/** the kernel takes the tag off what comes in, and what goes out has it still (pcap-filter(7)) */
const either = (filter: string) => `(${filter}) or (vlan and ${filter})`;

const ipOf = (name: string, net: string) => `${name}.default.${net}.default.ovn`;
const internal = async (name: string) => ({
  v4: await at.field('ip', ipOf(name, 'red-a'), '{.spec.v4IpAddress}'),
  v6: await at.field('ip', ipOf(name, 'red-a'), '{.spec.v6IpAddress}'),
});

describe('out', () => {
  test.each(['v4', 'v6'] as const)(
    'a subnet with natOutgoing leaves by the address of the router (%s)',
    async (family) => {
      await at.answers('a', OUTSIDE[family], `internet ${router[family]}`);
    },
  );

  test('a subnet that nobody translates does not leave, not even with its own address', async () => {
    const seen = await at.lab.capture('tor', 'vlan100', 'net 10.1.2.0/24 or net fd00:1:2::/64', async () => {
      await at.silent('b', OUTSIDE.v4);
      await at.silent('b', OUTSIDE.v6);
    });
    expect(seen).toBe('');
  });

  test('an OvnSnatRule of the subnet takes over, an edit of it is applied, and without it the router is back', async () => {
    const [one, two] = [await at.eip('snat-1'), await at.eip('snat-2')];
    await at.declare('OvnSnatRule', 's', { ovnEip: 'snat-1', vpcSubnet: 'red-a' });
    await at.answers('a', OUTSIDE.v4, `internet ${one.v4}`);
    await at.answers('a', OUTSIDE.v6, `internet ${one.v6}`);
    await at.declare('OvnSnatRule', 's', { ovnEip: 'snat-2', vpcSubnet: 'red-a' });
    await at.answers('a', OUTSIDE.v4, `internet ${two.v4}`);
    await at.lab.kubectl('delete', 'osnat', 's');
    await at.answers('a', OUTSIDE.v4, `internet ${router.v4}`);
  });

  test('one machine, a prefix, or the machines of a namespace leave by an address of their own', async () => {
    const mine = await at.eip('mine');
    await at.declare('OvnSnatRule', 'one', { ovnEip: 'mine', ipName: ipOf('b', 'red-b') });
    await at.answers('b', OUTSIDE.v4, `internet ${mine.v4}`);
    await at.declare('OvnSnatRule', 'one', { ovnEip: 'mine', ipName: null, vpc: 'red', v4IpCidr: '10.1.2.0/24' });
    await at.answers('b', OUTSIDE.v4, `internet ${mine.v4}`);
    await at.lab.kubectl('delete', 'osnat', 'one');
    await at.declare(
      'OvnSnatRule',
      'all',
      { ovnEip: 'mine', vpc: 'red' },
      { 'network.harvesterhci.io/snat-namespace': 'default' },
    );
    await at.answers('b', OUTSIDE.v4, `internet ${mine.v4}`);
    // of the VPC that is named, not of the namespace's other machines
    await at.silent('twin', OUTSIDE.v4);
    await at.lab.kubectl('delete', 'osnat', 'all');
    await vi.waitFor(() => at.silent('b', OUTSIDE.v4), { timeout: 10_000 });
  });
});

describe('in', () => {
  let floating: { readonly v4: string; readonly v6: string };

  test.each([
    ['centralized', 'central', 'a'],
    ['distributed', 'fip', 'f'],
  ] as const)('a floating IP works both ways (%s)', async (type, eip, name) => {
    floating = await at.eip(eip);
    await at.declare('OvnFip', name, { ovnEip: eip, ipName: ipOf(name, 'red-a'), type });
    await at.says('ofip', name, /^True Ready: in force/);
    for (const family of ['v4', 'v6'] as const) {
      await at.answers('internet', floating[family], `${name} ${OUTSIDE[family]}`);
      await at.answers(name, OUTSIDE[family], `internet ${floating[family]}`);
    }
  });

  test('it may change between both, and whoever is outside learns the other MAC address', async () => {
    for (const type of ['centralized', 'distributed']) {
      await at.declare('OvnFip', 'f', { ovnEip: 'fip', ipName: ipOf('f', 'red-a'), type });
      await at.answers('internet', floating.v4, `f ${OUTSIDE.v4}`);
    }
    await at.lab.kubectl('delete', 'ofip', 'a');
  });

  test('distributed, traffic enters at the node of the machine', async () => {
    await vi.waitFor(
      async () => {
        const seen = await at.lab.capture('node3', 'eth1', either(`icmp and host ${floating.v4}`), () =>
          at.pings('internet', floating.v4),
        );
        expect(seen).toMatch(/echo request/);
        expect(seen).toMatch(/echo reply/);
      },
      { timeout: 15_000 },
    );
  });

  test('hairpin: machines of the VPC, of another VPC, and the machine itself reach the floating IP', async () => {
    await at.answers('a', floating.v4, /^f /);
    await at.answers('a', floating.v6, /^f /);
    await at.answers('f', floating.v4, /^f /);
    const own = await at.eip('twin');
    await at.declare('OvnFip', 'twin', { ovnEip: 'twin', ipName: ipOf('twin', 'blue-a') });
    await at.answers('twin', floating.v4, `f ${own.v4}`);
  });

  test('who has no floating IP does not answer, whatever routes somebody outside makes up', async () => {
    const { v4, v6 } = await internal('a');
    const attempts = async () => {
      for (const address of [v4, v6]) {
        await at.silent('internet', address);
        expect(await at.pings('internet', address)).toBe(false);
      }
    };
    await attempts();
    await at.run('tor', 'ip', 'route', 'add', '10.1.1.0/24', 'via', router.v4);
    await at.run('tor', 'ip', '-6', 'route', 'add', 'fd00:1:1::/64', 'via', router.v6);
    try {
      const seen = await at.lab.capture('node1', 'eth1', either(`host ${v4} or host ${v6}`), attempts);
      // they come as far as the node, and nothing goes back
      expect(seen).not.toMatch(/echo reply/);
    } finally {
      await at.run('tor', 'ip', 'route', 'del', '10.1.1.0/24');
      await at.run('tor', 'ip', '-6', 'route', 'del', 'fd00:1:1::/64');
    }
  });

  test('tenants with the same addresses behind one external network never see each other', async () => {
    const { v4 } = await internal('a');
    const seen = await at.lab.capture('tor', 'vlan100', 'net 10.1.1.0/24 or net fd00:1:1::/64', async () => {
      await at.answers('a', OUTSIDE.v4, `internet ${router.v4}`);
      await at.answers('twin', OUTSIDE.v4, /^internet 172\.20\.100\./);
      expect(await at.ask('internet', (await at.addressesOf('twin')).v4)).toMatch(/^twin /);
      expect(await at.ask('internet', floating.v4)).toMatch(/^f /);
    });
    expect(seen).toBe('');
    // a and its twin have one address, and each is alone with it
    expect(v4).toBe(await at.field('ip', ipOf('twin', 'blue-a'), '{.spec.v4IpAddress}'));
  });

  test('a floating IP does not lead past the rules of its subnet', async () => {
    await at.tells('f', 8080);
    await at.answers('internet', floating.v4, /^f /, 8080);
    const acls = [{ direction: 'to-lport', priority: 1500, match: 'tcp.dst == 8080', action: 'drop' }];
    await at.lab.kubectl('patch', 'subnet', 'red-a', '--type=merge', '-p', JSON.stringify({ spec: { acls } }));
    await vi.waitFor(() => at.silent('internet', floating.v4, 8080), { timeout: 15_000 });
    await at.answers('internet', floating.v4, /^f /);
    await at.lab.kubectl('patch', 'subnet', 'red-a', '--type=merge', '-p', '{"spec":{"acls":[]}}');
  });

  test('ports: one, a range, several machines, tcp and udp; other ports are closed', async () => {
    const { v4, v6 } = await at.eip('ports');
    await at.declare('OvnDnatRule', 'web', {
      ovnEip: 'ports',
      ipName: ipOf('a', 'red-a'),
      protocol: 'tcp',
      externalPort: '8080',
      internalPort: '80',
    });
    await at.answers('internet', v4, `a ${OUTSIDE.v4}`, 8080);
    await at.answers('internet', v6, `a ${OUTSIDE.v6}`, 8080);
    await at.silent('internet', v4, 80);
    await at.tells('b', 9001);
    await at.declare('OvnDnatRule', 'range', {
      ovnEip: 'ports',
      ipName: ipOf('b', 'red-b'),
      externalPort: '9000-9999',
    });
    await at.answers('internet', v4, /^b /, 9001);
    await at.tellsUdp('b', 5000);
    await at.declare('OvnDnatRule', 'udp', {
      ovnEip: 'ports',
      ipName: ipOf('b', 'red-b'),
      protocol: 'udp',
      externalPort: '53',
      internalPort: '5000',
    });
    await vi.waitFor(async () => expect(await at.askUdp('internet', v4, 53)).toBe(`udp ${OUTSIDE.v4}`), {
      timeout: 10_000,
    });
    await at.declare('OvnDnatRule', 'shared', {
      ovnEip: 'ports',
      ipName: `${ipOf('a', 'red-a')},${ipOf('b', 'red-b')}`,
      externalPort: '8000',
      internalPort: '80',
    });
    await vi.waitFor(
      async () => {
        const names = new Set<string>();
        for (let times = 0; times < 12; times += 1) names.add((await at.ask('internet', v4, 8000)).split(' ')[0]!);
        expect([...names].toSorted()).toEqual(['a', 'b']);
      },
      { timeout: 20_000 },
    );
    // one that does not answer is out, and the other has all of it
    await at.fallsSilent('b');
    await vi.waitFor(
      async () => {
        for (let times = 0; times < 8; times += 1) expect(await at.ask('internet', v4, 8000)).toMatch(/^a /);
      },
      { timeout: 20_000 },
    );
    await at.tells('b');
    // from inside, by the way outside
    await at.answers('f', v4, /^a /, 8080);
    await at.answers('b', v4, /^a /, 8080);
    // an edit is applied
    await at.declare('OvnDnatRule', 'web', {
      ovnEip: 'ports',
      ipName: ipOf('f', 'red-a'),
      protocol: 'tcp',
      externalPort: '8081',
      internalPort: '80',
    });
    await at.answers('internet', v4, /^f /, 8081);
    await at.silent('internet', v4, 8080);
  });

  test('sctp is rows that OVN understands', async () => {
    const { v4 } = await at.addressesOf('ports');
    await at.declare('OvnDnatRule', 'sctp', {
      ovnEip: 'ports',
      ipName: ipOf('a', 'red-a'),
      protocol: 'sctp',
      externalPort: '3868',
    });
    await vi.waitFor(
      async () => {
        const mac = await at.field('oeip', 'red-external', '{.spec.macAddress}');
        const flow = `inport=="localnet.external" && eth.src==02:77:65:00:64:01 && eth.dst==${mac} && ip4.src==203.0.113.10 && ip4.dst==${v4} && ip.ttl==64 && sctp && sctp.src==5000 && sctp.dst==3868`;
        const { stdout } = await at.lab.exec('central', 'ovn-trace', '--minimal', '--ct=new', 'external', flow);
        expect(stdout).toContain('output("a.default.red-a.default.ovn")');
      },
      { timeout: 10_000 },
    );
  });
});

describe('a second external network', () => {
  test('what is translated to its addresses leaves and enters there, the rest by the first', async () => {
    await at.declare('Subnet', 'physical', PHYSICAL);
    await at.declare('Vpc', 'red', { enableExternal: true, extraExternalSubnets: ['external', 'physical'] });
    await at.says('vpc', 'red', /^True Ready/);
    const second = await at.eip('second', { externalSubnet: 'physical' });
    await at.declare('OvnFip', 'second', { ovnEip: 'second', ipName: ipOf('b', 'red-b') });
    await at.answers('phys1', second.v4, /^b 172\.20\.200\.10$/);
    await at.answers('internet', second.v4, `b ${OUTSIDE.v4}`);
    await at.answers('b', PHYS1, `phys1 ${second.v4}`);
    await at.answers('b', OUTSIDE.v4, `internet ${second.v4}`);
    await at.answers('a', OUTSIDE.v4, `internet ${router.v4}`);
  });
});

describe('two ways out', () => {
  const HOPS = { vlan100: '172.20.100.1', vlan200: '172.20.200.1' };
  const tor = (...commands: readonly string[]) =>
    at.run('tor', 'vtysh', ...['configure terminal', 'bfd', ...commands].flatMap((command) => ['-c', command]));
  const sessions = async () => {
    const text = await at.lab.nbctl('--bare', '--columns=status', 'find', 'BFD', 'external_ids:weft-owner="Vpc/red"');
    return text.split(/\s+/).filter(Boolean).toSorted().join(' ');
  };
  const become = (states: string) =>
    vi.waitFor(async () => expect(await sessions()).toBe(states), { timeout: 30_000, interval: 200 });

  test('BFD leaves out the one that does not answer, and takes it in again', async () => {
    await at.declare('Subnet', 'physical', PHYSICAL);
    const staticRoutes = Object.values(HOPS).map((nextHopIP) => ({ cidr: '0.0.0.0/0', nextHopIP }));
    await at.declare('Vpc', 'red', {
      enableExternal: true,
      extraExternalSubnets: ['external', 'physical'],
      enableBfd: true,
      staticRoutes,
    });
    const peers = {
      vlan100: `peer ${router.v4} local-address ${HOPS.vlan100} interface vlan100`,
      vlan200: `peer ${(await at.addressesOf('red-physical')).v4} local-address ${HOPS.vlan200} interface vlan200`,
    };
    for (const peer of Object.values(peers)) await tor(peer, 'transmit-interval 150', 'receive-interval 150');
    await become('up up');
    await at.answers('a', OUTSIDE.v4, /^internet 172\.20\.[12]00\./);
    await tor(peers.vlan200, 'shutdown');
    await become('down up');
    for (let times = 0; times < 8; times += 1) await at.answers('a', OUTSIDE.v4, `internet ${router.v4}`);
    await tor(peers.vlan200, 'no shutdown');
    await become('up up');
    for (const peer of Object.values(peers)) await tor(`no ${peer}`);
    await at.declare('Vpc', 'red', {
      enableExternal: true,
      extraExternalSubnets: ['external', 'physical'],
      enableBfd: null,
      staticRoutes: null,
    });
    await become('');
    await at.answers('a', OUTSIDE.v4, `internet ${router.v4}`);
  });
});

describe('a bad night', () => {
  test('rows that somebody deletes or edits are back', async () => {
    for (const damage of [
      ['lr-nat-del', 'red'],
      ['--', 'lb-del', 'web', '--', 'lb-del', 'shared'],
      ['clear', 'Logical_Router', 'red', 'static_routes'],
      ['lrp-del', 'red-external'],
      ['lsp-del', 'external-red'],
      ['lsp-set-options', 'localnet.external', 'network_name=nowhere'],
      ['clear', 'Logical_Switch', 'external', 'acls'],
      ['set', 'HA_Chassis', '.', 'priority=1'],
    ]) {
      if (damage[0] === 'set') {
        const [row = ''] = (await at.lab.nbctl('--bare', '--columns=_uuid', 'find', 'HA_Chassis')).split(/\s+/);
        await at.lab.nbctl('set', 'HA_Chassis', row, 'priority=1');
      } else await at.lab.nbctl(...damage);
      await at.lab.expectInSync();
    }
    await at.answers('a', OUTSIDE.v4, `internet ${router.v4}`);
  });

  test('a controller that starts again changes nothing', async () => {
    const pid = await at.lab.pidOf('central', 'controller');
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(async () => expect(await at.lab.pidOf('central', 'controller')).not.toBe(pid), {
      timeout: 20_000,
    });
    await at.lab.expectInSync();
    await vi.waitFor(async () => expect(await at.lab.transactions()).toBe(0), { timeout: 20_000 });
    await at.answers('a', OUTSIDE.v4, `internet ${router.v4}`);
  });

  test('an OvnEip in use waits for its users, and says for whom', async () => {
    await at.lab.kubectl('delete', 'oeip', 'fip', '--wait=false');
    await at.says('oeip', 'fip', /^False Deleting: .*OvnFip\/f/);
    await at.answers('internet', (await at.addressesOfLeaving('fip')).v4, /^f /);
    const { stderr } = await at.lab.applyObject({
      apiVersion: 'kubeovn.io/v1',
      kind: 'OvnSnatRule',
      metadata: { name: 'late' },
      spec: { ovnEip: 'fip', vpcSubnet: 'red-b' },
    });
    expect(stderr).toMatch(/OvnEip fip is being deleted/);
    await at.lab.kubectl('delete', 'ofip', 'f');
    await vi.waitFor(async () => expect(await at.field('oeip', 'fip', '{.metadata.name}')).toBe(''), {
      timeout: 10_000,
    });
  });
});
