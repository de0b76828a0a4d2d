/** A NIC with addresses and routes of the node's own becomes an uplink and is given back, also by an agent that was killed half way. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { NodeUplink } from '../../src/kinds/node-underlay.ts';
import { TestLab } from '../support/test-lab.ts';

const SOON = { timeout: 30_000, interval: 100 };
const ADDRESSES = ['192.0.2.5/24 brd 192.0.2.255', '198.51.100.5/32', '2001:db8:77::5/64'];
const ROUTES = [
  '0.0.0.0/0 via 192.0.2.1',
  '203.0.113.0/24 via 192.0.2.1 table 7',
  '2001:db8:99::/48 via 2001:db8:77::1',
];

let lab: TestLab;

beforeAll(async () => {
  lab = await TestLab.make('uplink');
  await lab.up('--nodes', '1', '--ip', 'dual');
  // it goes when nothing is on it
  await lab.kubectl('delete', 'subnet/external', 'vlan/vlan100', 'vlan/vlan200', 'provider-network/phys');
  await untilPlain();
  await ip(
    'link set eth1 mtu 1400',
    ...ADDRESSES.map((address) => `addr add ${address} dev eth1`),
    ...ROUTES.map((route) => `route add ${route} dev eth1`),
  );
  await vi.waitFor(async () => expect(await shown('eth1')).toContain('2001:db8:77::5/64'), SOON);
});

afterAll(() => lab.remove());

async function run(...command: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await lab.exec('node1', ...command);
  if (code !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
  return stdout;
}

const ip = (...lines: readonly string[]) => run('sh', '-c', 'printf %s "$1" | ip -batch -', 'sh', lines.join('\n'));

/** addresses and routes of a device, but for what the kernel makes of its MAC; nothing of one that is not there */
async function shown(device: string): Promise<readonly string[]> {
  const { stdout } = await lab.exec(
    'node1',
    'sh',
    '-c',
    'ip -o addr show dev "$1" scope global; ip -4 route show table all dev "$1"; ip -6 route show table all dev "$1"',
    'sh',
    device,
  );
  return stdout
    .split('\n')
    .map((line) => line.replace(/^\d+: \S+ +inet6? (\S+) .*/, '$1').trim())
    .filter((line) => line !== '' && !/^(fe80|ff00|multicast|local|broadcast|anycast)/.test(line))
    .toSorted();
}

async function uplinks(): Promise<readonly NodeUplink[]> {
  const { stdout } = await lab.kubectl('get', 'nodeunderlay', 'node1', '-o', 'jsonpath={.status.uplinks}');
  return JSON.parse(stdout || '[]') as NodeUplink[];
}

const providerNetwork = (name: string, spec: object, annotations = {}) => ({
  apiVersion: 'kubeovn.io/v1',
  kind: 'ProviderNetwork',
  metadata: { name, annotations },
  spec,
});

const declare = (spec: object = { defaultInterface: 'eth1' }) => lab.declare(providerNetwork('phys', spec));
const remove = (name = 'phys') => lab.kubectl('delete', 'provider-network', name, '--ignore-not-found');

async function untilReady(name = 'phys'): Promise<void> {
  await vi.waitFor(
    async () =>
      expect((await uplinks()).find((uplink) => uplink.name === name)).toMatchObject({ ready: true, up: true }),
    SOON,
  );
}

async function untilPlain(): Promise<void> {
  await vi.waitFor(async () => {
    expect((await lab.exec('node1', 'ovs-vsctl', 'br-exists', 'br-phys')).code).toBe(2);
    expect((await lab.exec('node1', 'ip', 'link', 'show', 'br-phys')).code).toBe(1);
    expect(await uplinks()).toEqual([]);
  }, SOON);
}

async function external(key: string): Promise<string> {
  const { stdout } = await lab.exec('node1', 'ovs-vsctl', '--if-exists', 'get', 'open', '.', `external_ids:${key}`);
  return stdout.replaceAll('"', '');
}

/** everything is where it belongs when eth1 is an uplink */
async function expectMoved(before: readonly string[]): Promise<void> {
  expect(await shown('br-phys')).toEqual(before);
  expect(await shown('eth1')).toEqual([]);
  const link = await run('ip', '-br', 'link', 'show', 'br-phys');
  expect(link).toContain('02:77:65:00:01:0b');
  expect(await run('cat', '/sys/class/net/br-phys/mtu')).toBe('1400');
  expect(await external('ovn-bridge-mappings')).toBe('phys:br-phys');
  expect(await external('ovn-chassis-mac-mappings')).toBe('phys:06:77:65:00:01:0b');
}

async function expectPlain(before: readonly string[]): Promise<void> {
  expect(await shown('eth1')).toEqual(before);
  expect([await external('ovn-bridge-mappings'), await external('ovn-chassis-mac-mappings')]).toEqual(['', '']);
  expect(await run('cat', '/proc/sys/net/ipv6/conf/eth1/disable_ipv6')).toBe('0');
  expect(await run('ip', 'link', 'show', 'eth1')).not.toContain('NOARP');
}

test('there and back: addresses, routes of every table, MAC and MTU', async () => {
  const before = await shown('eth1');
  expect(before.length).toBeGreaterThan(ADDRESSES.length + ROUTES.length);
  await declare();
  await untilReady();
  await expectMoved(before);
  expect(await uplinks()).toEqual([
    { name: 'phys', bridge: 'br-phys', interface: 'eth1', mac: '02:77:65:00:01:0b', mtu: 1400, ready: true, up: true },
  ]);
  await remove();
  await untilPlain();
  await expectPlain(before);
});

describe('the agent is killed', () => {
  const SAVED = JSON.stringify({
    index: 0,
    addresses: ADDRESSES,
    routes: [{ family: 4, text: '0.0.0.0/0 via 192.0.2.1 dev %' }],
  });
  const MAKE = [
    'ovs-vsctl',
    'add-br',
    'br-phys',
    '--',
    'set',
    'bridge',
    'br-phys',
    'datapath_type=netdev',
    'other_config:hwaddr="02:77:65:00:01:0b"',
    'external_ids:weft-provider-network=phys',
    'external_ids:weft-uplink=eth1',
    `external_ids:weft-saved=${JSON.stringify(SAVED)}`,
  ];
  const PLUG = ['ovs-vsctl', 'add-port', 'br-phys', 'eth1'];
  const batch = (...lines: readonly string[]) => ['sh', '-c', 'printf %s "$1" | ip -batch -', 'sh', lines.join('\n')];
  const give = (device: string) => ADDRESSES.map((address) => `addr replace ${address} dev ${device}`);
  const lead = (device: string) => ROUTES.map((route) => `route replace ${route} dev ${device}`);
  const UP = 'link set br-phys up';
  const LEAVE = ADDRESSES.toReversed().map((address) => `addr del ${address.split(' ')[0]} dev eth1`);

  test.each([
    ['after it made the bridge', [MAKE]],
    ['after the NIC was in it', [MAKE, PLUG]],
    ['after the first address', [MAKE, PLUG, batch(UP, ...give('br-phys').slice(0, 1))]],
    ['after the addresses', [MAKE, PLUG, batch(UP, ...give('br-phys'))]],
    ['after the first route', [MAKE, PLUG, batch(UP, ...give('br-phys'), ...lead('br-phys').slice(0, 1))]],
    ['after the routes', [MAKE, PLUG, batch(UP, ...give('br-phys'), ...lead('br-phys'))]],
    ['after one address was gone', [MAKE, PLUG, batch(UP, ...give('br-phys'), ...lead('br-phys'), LEAVE[0]!)]],
    ['after all of them were', [MAKE, PLUG, batch(UP, ...give('br-phys'), ...lead('br-phys'), ...LEAVE)]],
  ] as const)('%s: its successor goes on, or back', async (_, commands) => {
    const before = await shown('eth1');
    for (const goesOn of [true, false]) {
      const pid = await lab.pidOf('node1', 'agent');
      process.kill(pid, 'SIGSTOP');
      for (const command of commands) await run(...command);
      expect((await lab.exec('central', 'ping', '-c', '1', '-W', '1', '172.30.0.11')).code).toBe(0);
      if (goesOn) await declare();
      process.kill(pid, 'SIGKILL');
      if (goesOn) {
        await untilReady();
        await expectMoved(before);
        await remove();
      }
      await untilPlain();
      await expectPlain(before);
    }
  });

  test.each([
    ['before it gave anything back', []],
    ['after the addresses were back', [batch('link set eth1 arp on', ...give('eth1').slice(0, 2))]],
    [
      'after the routes were back',
      [batch('link set eth1 arp on', ...give('eth1').slice(0, 2), ...lead('eth1').slice(0, 2))],
    ],
  ] as const)('on the way back, %s', async (_, commands) => {
    const before = await shown('eth1');
    await declare();
    await untilReady();
    const pid = await lab.pidOf('node1', 'agent');
    process.kill(pid, 'SIGSTOP');
    await remove();
    for (const command of commands) await run(...command);
    process.kill(pid, 'SIGKILL');
    await untilPlain();
    await expectPlain(before);
  });
});

test('the switch is killed: the bridge gets everything back', async () => {
  const before = await shown('eth1');
  await declare();
  await untilReady();
  process.kill(await lab.pidOf('node1', 'ovs-vswitchd'), 'SIGKILL');
  await vi.waitFor(async () => expect((await shown('br-phys')).length).toBe(0), SOON).catch(() => undefined);
  await vi.waitFor(() => expectMoved(before), SOON);
  await remove();
  await untilPlain();
  await expectPlain(before);
});

describe('what is said', () => {
  test('a carrier that goes and comes', async () => {
    await declare();
    await untilReady();
    await lab.ok('lab', 'link', 'down', 'node1:eth1');
    await vi.waitFor(
      async () =>
        expect((await uplinks())[0]).toMatchObject({
          ready: true,
          up: false,
          reason: expect.stringContaining('NoCarrier: eth1') as unknown,
        }),
      SOON,
    );
    await lab.ok('lab', 'link', 'up', 'node1:eth1');
    await untilReady();
    await remove();
    await untilPlain();
  });

  test.each([
    [{ defaultInterface: 'eth9' }, 'InterfaceMissing: this node has no device eth9'],
    [{ defaultInterface: 'eth0' }, 'InterfaceInUse: eth0 has 172.30.0.11, by which the cluster reaches this node'],
    [{ defaultInterface: 'eth2' }, 'InterfaceInUse: eth2 is in bridge br-eth2'],
    [{ defaultInterface: 'eth1', exchangeLinkName: true }, 'NotImplemented: spec.exchangeLinkName is not built yet'],
  ])('%j: %s', async (spec, reason) => {
    await declare(spec);
    await vi.waitFor(async () => {
      expect((await uplinks())[0]).toMatchObject({ ready: false, reason: expect.stringContaining(reason) as unknown });
    }, SOON);
    expect((await lab.exec('node1', 'ovs-vsctl', 'br-exists', 'br-phys')).code).toBe(2);
    await remove();
  });

  test('two ProviderNetworks want one NIC: the one that has it keeps it', async () => {
    await declare();
    await untilReady();
    await lab.declare(providerNetwork('second', { defaultInterface: 'eth1' }));
    await vi.waitFor(async () => {
      expect((await uplinks()).find(({ name }) => name === 'second')).toMatchObject({
        ready: false,
        reason: expect.stringContaining('InterfaceInUse: eth1 is the uplink of ProviderNetwork phys') as unknown,
      });
    }, SOON);
    await remove();
    await untilReady('second');
    await remove('second');
    await untilPlain();
  });

  test('a node that is excluded is not on it', async () => {
    await declare();
    await untilReady();
    await declare({ defaultInterface: 'eth1', excludeNodes: ['node1'] });
    await untilPlain();
    await remove();
  });
});

test('a Linux bridge stays what it is, and a bond is one port of two NICs', async () => {
  await ip('link add br0 type bridge', 'addr add 10.9.9.9/24 dev br0', 'link set br0 up');
  await ip('link add eth4 type veth peer name far4', 'link set eth4 up', 'link set far4 up');
  await declare({ defaultInterface: 'br0' });
  await vi.waitFor(async () => expect((await uplinks())[0]).toMatchObject({ ready: true, interface: 'br0' }), SOON);
  expect(await shown('br0')).toContain('10.9.9.9/24');
  expect(await run('ip', '-br', 'link', 'show', 'master', 'br0')).toContain('b-phys@s-phys');
  expect(await run('ovs-vsctl', 'list-ports', 'br-phys')).toContain('s-phys');
  await remove();
  await untilPlain();
  expect((await lab.exec('node1', 'ip', 'link', 'show', 'b-phys')).code).toBe(1);

  const before = await shown('eth1');
  const annotations = { 'network.harvesterhci.io/bond': 'eth1,eth4' };
  await lab.declare(providerNetwork('phys', { defaultInterface: 'bond0' }, annotations));
  await untilReady();
  expect(await run('ovs-appctl', 'bond/list')).toContain('bond0\tactive-backup');
  expect(await shown('br-phys')).toEqual(before);
  await remove();
  await untilPlain();
  await expectPlain(before);
});
