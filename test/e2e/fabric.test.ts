/** The network outside of a lab's nodes: tor, the internet, VLANs on the nodes' trunks; what reaches what, and what does not. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { TestLab } from '../support/test-lab.ts';

const SOON = { timeout: 30_000, interval: 200 };

/** FRR on a node, as little of it as makes a neighbour of whoever advertises himself on br-phys; arguments: AS, prefix */
const SPEAKER = `
  printf '%s\\n' "router bgp $1" ' no bgp ebgp-requires-policy' ' no bgp network import-check' \\
    ' neighbor br-phys interface remote-as external' ' neighbor br-phys bfd' ' neighbor br-phys timers connect 1' \\
    ' address-family ipv4 unicast' "  network $2" >/etc/frr/bgpd.conf
  # the others run already
  /usr/lib/frr/bgpd -d -A 127.0.0.1 -f /etc/frr/bgpd.conf >/dev/null 2>&1 </dev/null
  while ! [ -S /run/frr/bgpd.vty ]; do sleep 0.1; done`;

let lab: TestLab;

beforeAll(async () => {
  lab = await TestLab.make('fabric');
  await lab.up('--nodes', '2', '--ip', 'dual');
  // the kernel makes sure for a second that nobody else has the address of the new bridge
  for (const node of ['node1', 'node2'])
    await vi.waitFor(async () => expect(await answers(node, 'fe80::1%br-phys')).toBe(true), SOON);
});

afterAll(() => lab.remove());

async function answers(from: string, to: string): Promise<boolean> {
  return (await lab.exec(from, 'ping', '-c', '1', '-W', '1', to)).code === 0;
}

const vtysh = async (box: string, command: string) => (await lab.exec(box, 'vtysh', '-c', command)).stdout;

describe('what is reached', () => {
  test.each([
    ['tor', '203.0.113.10'],
    ['tor', '2001:db8:203::10'],
    ['tor', '172.20.200.10'],
    ['phys1', '172.20.200.1'],
    ['phys1', '2001:db8:200::1'],
    ['phys1', '203.0.113.10'],
    ['internet', '2001:db8:200::10'],
    ['tor', '172.30.0.11'],
    ['node1', 'fe80::1%br-phys'],
    ['node1', 'fe80::77:65ff:fe00:10c%br-phys'],
  ])('%s reaches %s', async (from, to) => {
    expect(await answers(from, to)).toBe(true);
  });

  test('VLANs are apart: a host in VLAN 200 hears nobody of VLAN 100, nor of the native one', async () => {
    const ask = (device: string, address: string) =>
      lab.exec('phys1', 'arping', '-q', '-c', '1', '-w', '1', '-I', device, address);
    expect((await ask('eth0', '172.20.200.1')).code).toBe(0);
    expect((await ask('eth0', '172.20.100.1')).code).toBe(1);
    expect((await lab.exec('phys1', 'ping', '-c', '1', '-W', '1', 'fe80::77:65ff:fe00:10b%eth0')).code).toBe(1);
  });

  test('the internet has no way to a tenant: tor does not know where that would be', async () => {
    const { code, stdout } = await lab.exec('internet', 'ping', '-c', '1', '-W', '1', '10.0.0.5');
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining('From 203.0.113.1 icmp_seq=1 Destination Net Unreachable'),
    ]);
  });

  test('a frame with a tag reaches the VLAN that it names', async () => {
    const run = (...command: readonly string[]) => lab.exec('node2', ...command);
    await run('ovs-vsctl', 'add-port', 'br-phys', 'leg', 'tag=200', '--', 'set', 'interface', 'leg', 'type=internal');
    try {
      await vi.waitFor(async () => {
        await run('sh', '-c', 'ip link set leg up && ip addr replace 172.20.200.77/24 dev leg');
        expect(await answers('phys1', '172.20.200.77')).toBe(true);
      }, SOON);
      expect(await answers('node2', '172.20.200.1')).toBe(true);
    } finally {
      await run('ovs-vsctl', 'del-port', 'br-phys', 'leg');
    }
  });
});

describe('tor', () => {
  test('runs its daemons, which come back when they die, with their configuration', async () => {
    const names = (await lab.status()).processes.filter(({ box }) => box === 'tor').map(({ name }) => name);
    expect(names).toEqual(['mgmtd', 'zebra', 'bfdd', 'bgpd']);
    process.kill(await lab.pidOf('tor', 'bgpd'), 'SIGKILL');
    await vi.waitFor(
      async () => expect(await vtysh('tor', 'show bgp summary')).toContain('local AS number 65000'),
      SOON,
    );
    expect(await vtysh('tor', 'show bgp summary')).toContain('fe80::77:65ff:fe00:10b');
  });

  test('takes what nodes announce by unnumbered BGP on the native VLAN, and answers their BFD', async () => {
    await Promise.all([
      lab.exec('node1', 'sh', '-c', SPEAKER, 'sh', '65001', '198.51.100.1/32'),
      lab.exec('node2', 'sh', '-c', SPEAKER, 'sh', '65002', '198.51.100.2/32'),
    ]);
    await vi.waitFor(async () => {
      const { stdout } = await lab.exec('tor', 'ip', 'route', 'show', 'proto', 'bgp');
      expect(
        stdout
          .replaceAll(/ nhid \d+/g, '')
          .replaceAll(' \n', '\n')
          .trim()
          .split('\n'),
      ).toEqual([
        '198.51.100.1 via inet6 fe80::77:65ff:fe00:10b dev native metric 20',
        '198.51.100.2 via inet6 fe80::77:65ff:fe00:10c dev native metric 20',
      ]);
    }, SOON);
    // each knows tor alone as its neighbour, though they hang on one wire
    for (const node of ['node1', 'node2'])
      expect(await vtysh(node, 'show bgp summary json')).toMatch(/"br-phys":\{[^}]*"remoteAs":65000/);
    await vi.waitFor(async () => {
      const peers = JSON.parse(await vtysh('tor', 'show bfd peers json')) as readonly {
        peer: string;
        status: string;
      }[];
      expect(Object.fromEntries(peers.map(({ peer, status }) => [peer, status]))).toEqual({
        'fe80::77:65ff:fe00:10b': 'up',
        'fe80::77:65ff:fe00:10c': 'up',
      });
    }, SOON);
  });

  test('advertises itself on the trunk alone: no node takes it for its way out', async () => {
    for (const box of ['node1', 'internet', 'phys1']) {
      const { stdout } = await lab.exec(box, 'ip', '-6', 'route', 'show', 'proto', 'ra');
      expect([box, stdout]).toEqual([box, '']);
    }
    expect((await lab.exec('node1', 'ip', '-6', 'addr', 'show', 'dev', 'eth0')).stdout).not.toContain('dynamic');
  });

  test('knows a node that is added', async () => {
    await lab.ok('lab', 'node', 'add');
    // its own link-local address is checked for a second
    await vi.waitFor(async () => expect(await answers('node3', 'fe80::1%br-phys')).toBe(true), SOON);
    expect(await vtysh('tor', 'show bgp summary')).toContain('fe80::77:65ff:fe00:10d');
    expect(await vtysh('tor', 'show bfd peers')).toContain('peer fe80::77:65ff:fe00:10d');
  });
});

describe.each([
  ['eth1', 'fe80::1%br-phys'],
  ['eth2', '192.168.1.12'],
])('%s of node1', (device, neighbour) => {
  test('silent: frames vanish, the carrier stays, status says so; up again heals it', async () => {
    const carrier = async () => (await lab.exec('node1', 'cat', `/sys/class/net/${device}/carrier`)).stdout;
    expect(await answers('node1', neighbour)).toBe(true);
    await lab.ok('lab', 'link', 'down', '--silent', `node1:${device}`);
    try {
      expect([await answers('node1', neighbour), await carrier()]).toEqual([false, '1']);
      expect((await lab.status()).problems.map(({ what }) => what)).toContain(`link node1:${device} carries nothing`);
    } finally {
      await lab.ok('lab', 'link', 'up', `node1:${device}`);
    }
    await vi.waitFor(async () => expect(await answers('node1', neighbour)).toBe(true), SOON);
  });
});

test('the API has the physical network', async () => {
  const { stdout } = await lab.kubectl('get', 'provider-networks,vlans,subnets', '-o', 'name');
  expect(stdout.split('\n')).toEqual([
    'providernetwork.kubeovn.io/phys',
    'vlan.kubeovn.io/vlan100',
    'vlan.kubeovn.io/vlan200',
    'subnet.kubeovn.io/external',
  ]);
});
