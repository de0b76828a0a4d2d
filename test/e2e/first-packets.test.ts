/** The proposal's stories 1 to 4 with real packets, from the guests' side: what must pass, and what must not. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { tracesOf } from '../support/weft.ts';
import { TestLab } from '../support/test-lab.ts';

let lab: TestLab;

interface DemoResult {
  readonly ok: boolean;
  readonly checks: readonly {
    readonly from: string;
    readonly to: string;
    readonly expect: string;
    readonly got: string;
    readonly ok: boolean;
    readonly why: string;
  }[];
}

let demo: DemoResult;

beforeAll(async () => {
  lab = await TestLab.make('p');
  const { code, stdout, stderr } = await lab.weft(
    'demo',
    '--name',
    lab.name,
    '--engine',
    process.env['WEFT_ENGINE_ROOT']!,
    '-o',
    'json',
  );
  if (stdout === '') throw new Error(`demo ended with ${code}: ${stderr}`);
  demo = JSON.parse(stdout) as DemoResult;
}, 180_000);

afterAll(async () => {
  await lab?.remove();
});

test('the demo: every pair is as it should be', () => {
  expect(demo.checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(demo.ok).toBe(true);
  expect(demo.checks.length).toBeGreaterThanOrEqual(16);
  expect(demo.checks.filter((check) => check.expect === 'blocked').length).toBeGreaterThanOrEqual(5);
});

test('vm list says what OVN says', async () => {
  const list = JSON.parse(await lab.ok('vm', 'list', '-o', 'json')) as {
    namespace: string;
    name: string;
    phase: string;
    node: string;
    nics: Record<string, unknown>[];
  }[];
  expect(list.find(({ name }) => name === 'web-3')).toMatchObject({
    namespace: 'demo',
    phase: 'Running',
    node: 'node2',
    nics: [{ subnet: 'net1', vpc: 'test-vpc-1', ips: ['10.0.100.9'], up: true, chassis: 'node2' }],
  });
  expect(list.find(({ name }) => name === 'both-1')?.nics[0]?.['ips']).toHaveLength(2);
  expect(list.every(({ nics }) => nics.every((nic) => nic['up'] === true))).toBe(true);
});

describe('on the wire', () => {
  test('Geneve between the node addresses, and the guests’ packets inside', async () => {
    const seen = await lab.capture('node1', 'eth2', 'udp port 6081', () =>
      lab.guest('demo/web-1', 'ping', '-c', '3', '-i', '0.2', '10.0.100.9'),
    );
    expect(seen).toMatch(/192\.168\.1\.11\.\d+ > 192\.168\.1\.12\.6081: Geneve/);
    expect(seen).toContain('10.0.100.9: ICMP echo request');
  });

  test('nothing of the guests goes over the management network or the other underlay', async () => {
    const seen = await Promise.all(
      ['eth0', 'eth3'].map((device) =>
        lab.capture('node1', device, 'udp port 6081 or icmp', () =>
          lab.guest('demo/web-1', 'ping', '-c', '3', '-i', '0.2', '10.0.100.9'),
        ),
      ),
    );
    // nodes ask each other by ICMP how much passes; guests' packets have guests' addresses
    for (const text of seen) expect(text).not.toMatch(/Geneve|10\.0\.100\.9/);
  });
});

describe('MTU', () => {
  test('the largest packet passes, one byte more is refused by the guest itself', async () => {
    expect(
      (await lab.guest('demo/web-1', 'ping', '-c', '2', '-i', '0.2', '-M', 'do', '-s', '1414', '10.0.100.9')).code,
    ).toBe(0);
    const { code, stdout, stderr } = await lab.guest(
      'demo/web-1',
      'ping',
      '-c',
      '2',
      '-i',
      '0.2',
      '-M',
      'do',
      '-s',
      '1415',
      '10.0.100.9',
    );
    expect([code, stdout + stderr]).toEqual([1, expect.stringContaining('Message too long')]);
  });

  test('from a guest set to 1500, routed: an ICMP too-big comes back, and the guest learns', async () => {
    await lab.guest('demo/web-1', 'ip', 'link', 'set', 'eth0', 'mtu', '1500');
    try {
      const target = await lab.address('demo/db-1');
      const { stdout } = await lab.guest(
        'demo/web-1',
        'ping',
        '-c',
        '3',
        '-i',
        '0.2',
        '-M',
        'do',
        '-s',
        '1460',
        target,
      );
      expect(stdout).toMatch(/From 10\.0\.0\.1 icmp_seq=1 Frag needed and DF set \(mtu = 1442\)/);
    } finally {
      await lab.guest('demo/web-1', 'ip', 'link', 'set', 'eth0', 'mtu', '1442');
    }
  });
});

describe('port security', () => {
  const ping = (target: string, ...flags: string[]) =>
    lab.guest('demo/web-2', 'ping', '-c', '2', '-i', '0.2', '-W', '1', ...flags, target);

  test('a guest that takes a foreign address gets nothing through, also one that somebody has', async () => {
    const target = await lab.address('demo/web-1');
    for (const foreign of ['10.0.77.77', '10.0.100.9', '10.1.0.77']) {
      await lab.guest('demo/web-2', 'ip', 'addr', 'add', `${foreign}/32`, 'dev', 'eth0');
      try {
        expect((await ping(target, '-I', foreign)).code).toBe(1);
        // nor can it answer for that address
        if (foreign === '10.0.77.77')
          expect((await lab.guest('demo/web-1', 'ping', '-c', '2', '-i', '0.2', '-W', '1', foreign)).code).toBe(1);
      } finally {
        await lab.guest('demo/web-2', 'ip', 'addr', 'del', `${foreign}/32`, 'dev', 'eth0');
      }
    }
    expect((await ping(target)).code).toBe(0);
  });

  test('a guest that takes a foreign MAC gets nothing through, and everything with its own', async () => {
    const target = await lab.address('demo/web-1');
    const mac = (await lab.guest('demo/web-2', 'cat', '/sys/class/net/eth0/address')).stdout.trim();
    const become = async (address: string) => {
      const routes = (await lab.guest('demo/web-2', 'ip', 'route')).stdout
        .split('\n')
        .filter((line) => line.includes(' via '));
      await lab.guest('demo/web-2', 'ip', 'link', 'set', 'eth0', 'address', address);
      for (const route of routes) await lab.guest('demo/web-2', 'ip', 'route', 'replace', ...route.trim().split(/\s+/));
    };
    await become('02:00:00:00:00:77');
    try {
      expect((await ping(target)).code).toBe(1);
    } finally {
      await become(mac);
    }
    expect((await ping(target)).code).toBe(0);
  });
});

describe('equal addresses in two VPCs', () => {
  test('ARP for an address is answered by its own VPC only', async () => {
    const own = await lab.address('demo/web-2');
    const twin = await lab.address('demo/twin-2');
    const answered = async (guest: string, address: string) =>
      (await lab.guest(guest, 'arping', '-c', '2', '-w', '2', '-I', 'eth0', address)).stdout;
    expect(await answered('demo/web-1', own)).toContain('reply from');
    expect(await answered('demo/web-1', twin)).not.toContain('reply from');
    expect(await answered('demo/twin-1', twin)).toContain('reply from');
  });
});

describe('plain kubectl', () => {
  test('every manifest of the proposal applies unchanged, twice', async () => {
    for (const round of [1, 2]) {
      for (const file of lab.proposal) {
        const { code, stdout, stderr } = await lab.kubectl('apply', '-f', file);
        expect([round, file, code, stdout + stderr]).toEqual([
          round,
          file,
          0,
          expect.stringMatching(/created|configured|unchanged/),
        ]);
      }
    }
  });

  test("get has Kube-OVN's columns", async () => {
    const head = async (kind: string) => (await lab.kubectl('get', kind)).stdout.split('\n')[0]!.split(/\s{2,}/);
    expect(await head('vpc')).toEqual(
      expect.arrayContaining([
        'NAME',
        'ENABLEEXTERNAL',
        'ENABLEBFD',
        'STANDBY',
        'SUBNETS',
        'EXTRAEXTERNALSUBNETS',
        'NAMESPACES',
        'DEFAULTSUBNET',
      ]),
    );
    expect(await head('subnet')).toEqual(
      expect.arrayContaining([
        'NAME',
        'PROVIDER',
        'VPC',
        'VLAN',
        'PROTOCOL',
        'CIDR',
        'PRIVATE',
        'NAT',
        'DEFAULT',
        'GATEWAYTYPE',
        'V4USED',
        'V4AVAILABLE',
        'V6USED',
        'V6AVAILABLE',
        'EXCLUDEIPS',
        'U2OINTERCONNECTIONIP',
      ]),
    );
    expect(await head('ips')).toEqual(expect.arrayContaining(['NAME', 'V4IP', 'V6IP', 'MAC', 'NODE', 'SUBNET']));
    expect((await lab.kubectl('get', 'vpc,subnet,ips,vm,vmi,pods,net-attach-def,nodes', '-A')).code).toBe(0);
  });

  test('computed fields are stored; wait, describe, explain, labels and patch do what they do', async () => {
    expect(JSON.parse((await lab.kubectl('get', 'subnet', 'net1', '-o', 'json')).stdout)).toMatchObject({
      spec: { protocol: 'IPv4', gateway: '10.0.0.1', excludeIps: ['10.0.0.1'], provider: 'ovn' },
    });
    expect((await lab.kubectl('wait', '--for=condition=Ready', 'subnet/net2', '--timeout=20s')).stdout).toContain(
      'condition met',
    );
    const described = (await lab.kubectl('describe', 'subnet', 'my-subnet')).stdout;
    expect(described).toMatch(/nat-gw: +external/);
    expect(described).toMatch(/Message: +in force/);
    expect(await lab.nbctl('lr-nat-list', 'my-vpc')).toMatch(/snat .*172\.20\.100\.\d+ .*192\.168\.1\.0\/24/);
    expect((await lab.kubectl('explain', 'subnet.spec.cidrBlock')).stdout).toContain('dual stack');
    expect((await lab.kubectl('label', 'subnet', 'net2', 'tier=db')).code).toBe(0);
    expect((await lab.kubectl('get', 'subnet', '-l', 'tier=db', '-o', 'name')).stdout.trim()).toBe(
      'subnet.kubeovn.io/net2',
    );
    expect((await lab.kubectl('patch', 'subnet', 'net2', '--type=merge', '-p', '{"spec":{"mtu":1300}}')).code).toBe(0);
    await vi.waitFor(async () =>
      expect((await lab.nbctl('get', 'Logical_Router_Port', 'test-vpc-1-net2', 'options:gateway_mtu')).trim()).toBe(
        '"1300"',
      ),
    );
    expect((await lab.kubectl('patch', 'subnet', 'net2', '--type=merge', '-p', '{"spec":{"mtu":null}}')).code).toBe(0);
  });

  test.each([
    [
      'a bad prefix',
      'Subnet',
      { vpc: 'test-vpc-1', cidrBlock: '10.300.0.0/16' },
      /spec\.cidrBlock: Invalid value.*octet 300/,
    ],
    [
      'a gateway outside',
      'Subnet',
      { vpc: 'test-vpc-1', cidrBlock: '10.9.0.0/16', gateway: '10.8.0.1' },
      /spec\.gateway: Invalid value.*outside of 10\.9\.0\.0\/16/,
    ],
    ['an overlap', 'Subnet', { vpc: 'test-vpc-1', cidrBlock: '10.0.64.0/24' }, /overlaps subnet net1/],
    ['an unknown field', 'Subnet', { vpc: 'test-vpc-1', cidrBlok: '10.9.0.0/16' }, /unknown field "spec\.cidrBlok"/],
    [
      'a bad next hop',
      'Vpc',
      { staticRoutes: [{ cidr: '10.0.0.0/8', nextHopIP: 'router' }] },
      /spec\.staticRoutes\[0\]\.nextHopIP: Invalid value: "router"/,
    ],
  ])('%s is answered at apply, and the good objects beside it work on', async (_, kind, spec, answer) => {
    const { code, stderr } = await lab.applyObject({
      apiVersion: 'kubeovn.io/v1',
      kind,
      metadata: { name: 'mistake' },
      spec,
    });
    expect([code, stderr]).toEqual([1, expect.stringMatching(answer)]);
    expect(await lab.nbctl('--bare', '--columns=name', 'find', 'Logical_Switch', 'name=mistake')).toBe('');
  });

  test('host bits are normalised with a warning', async () => {
    const { stderr } = await lab.applyObject({
      apiVersion: 'kubeovn.io/v1',
      kind: 'Subnet',
      metadata: { name: 'bits' },
      spec: { vpc: 'other-vpc', cidrBlock: '10.44.3.2/16' },
    });
    expect(stderr).toMatch(/Warning: .*host bits of 10\.44\.3\.2\/16 are cleared/);
    expect((await lab.kubectl('get', 'subnet', 'bits', '-o', 'jsonpath={.spec.cidrBlock}')).stdout).toBe(
      '10.44.0.0/16',
    );
    expect((await lab.kubectl('delete', 'subnet', 'bits')).code).toBe(0);
  });
});

describe('the life of a machine', () => {
  const address = () => lab.address('demo/web-2');

  test('stop, start and restart keep address and MAC', async () => {
    const before = (await lab.kubectl('get', 'ips', 'web-2.demo.net1.demo.ovn', '-o', 'jsonpath={.spec}')).stdout;
    const ip = await address();
    await lab.ok('vm', 'stop', '-n', 'demo', 'web-2');
    expect((await lab.guest('demo/web-1', 'ping', '-c', '2', '-i', '0.2', '-W', '1', ip)).code).toBe(1);
    expect((await lab.kubectl('get', 'vmi', '-n', 'demo', 'web-2')).code).toBe(1);
    await lab.ok('vm', 'start', '-n', 'demo', 'web-2');
    expect((await lab.guest('demo/web-1', 'ping', '-c', '3', '-i', '0.2', '-W', '1', ip)).code).toBe(0);
    await lab.ok('vm', 'restart', '-n', 'demo', 'web-2');
    expect((await lab.guest('demo/web-1', 'ping', '-c', '3', '-i', '0.2', '-W', '1', ip)).code).toBe(0);
    expect((await lab.kubectl('get', 'ips', 'web-2.demo.net1.demo.ovn', '-o', 'jsonpath={.spec}')).stdout).toBe(before);
  });

  test('an independent reader agrees with the compiler', async () => {
    await lab.expectInSync();
  });
});

test('deleting everything with kubectl leaves no row, no address, no namespace, no process', async () => {
  const guests = await lab.guestPids();
  expect(guests.length).toBeGreaterThan(5);
  // the wrong way round: networks first
  for (const kind of ['vpc', 'subnet', 'net-attach-def -A', 'vm -A'])
    expect((await lab.kubectl('delete', ...kind.split(' '), '--all', '--wait=false')).code).toBe(0);
  await vi.waitFor(
    async () => {
      expect((await lab.kubectl('get', 'vpc,subnet,ips,vm,vmi,pods,net-attach-def', '-A', '-o', 'name')).stdout).toBe(
        '',
      );
      for (const table of [
        'Logical_Router',
        'Logical_Router_Port',
        'Logical_Router_Static_Route',
        'Logical_Switch',
        'Logical_Switch_Port',
      ])
        expect([table, await lab.nbctl('--bare', '--columns=_uuid', 'list', table)]).toEqual([table, '']);
      expect((await lab.guestPids()).length).toBe(0);
    },
    { timeout: 60_000, interval: 500 },
  );
  for (const node of ['node1', 'node2', 'node3'])
    expect(
      (
        await lab.exec(
          node,
          'ovs-vsctl',
          '--bare',
          '--columns=name',
          'find',
          'interface',
          'external_ids:vendor=kube-ovn',
        )
      ).stdout.trim(),
    ).toBe('');
  expect(tracesOf(lab.home.directory, 'no-such-lab', guests)).toEqual([]);
});
