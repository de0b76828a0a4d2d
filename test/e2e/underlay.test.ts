/** Which network between nodes carries what, seen with packets: by choice, through failure and back, through migration and changes of address. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { network, subnet, virtualNetwork } from '../support/objects.ts';
import { placed, SOON, UnderlayLab } from '../support/underlay-lab.ts';

let at: UnderlayLab;

beforeAll(async () => {
  at = await UnderlayLab.make('u');
}, 180_000);

afterAll(async () => {
  await at?.lab.remove();
});

const DATA2 = ['eth2 Geneve 192.168.1.11 > 192.168.1.12', 'eth2 Geneve 192.168.1.12 > 192.168.1.11'];
const DATA3 = ['eth3 Geneve 192.168.2.11 > 192.168.2.12', 'eth3 Geneve 192.168.2.12 > 192.168.2.11'];

describe('choice', () => {
  test('a network that chooses nothing goes over the default underlay; by nodeNetwork, or by the label of the attachment, over the other', async () => {
    expect(await at.way('blue1', 'blue2')).toEqual(DATA2);
    expect(await at.way('red1', 'red2')).toEqual(DATA3);
    expect(await at.way('green1', 'green2')).toEqual(DATA3);
  });

  test('a VirtualNetwork chooses for both, and says what its choice does not cover', async () => {
    await at.lab.declare(
      virtualNetwork('violet', { cidrs: ['10.4.0.0/24'], clusterNetwork: 'data3' }),
      placed('violet1', 'violet', 'node1'),
      placed('violet2', 'violet', 'node2'),
    );
    const address = await at.lab.running('default/violet2');
    await at.lab.running('default/violet1');
    await at.lab.reaches('default/violet1', address);
    expect(await at.way('violet1', address)).toEqual(DATA3);
    expect((await at.condition('vnet', 'violet'))!.message).toMatch(/^in force: .*; .* prefers data3 /);
    await at.patch('vnet', 'violet', { spec: { clusterNetwork: 'mgmt' } });
    await at.waysBecome('violet1', address, DATA2);
  });

  test('what is routed between the two takes the addresses of both ends, and arrives', async () => {
    expect(await at.way('red1', 'blue2')).toEqual([
      'eth2 Geneve 192.168.2.11 > 192.168.1.12',
      'eth3 Geneve 192.168.1.12 > 192.168.2.11',
    ]);
  });

  test('the subnet says that it is a preference, and for what it is none', async () => {
    expect(await at.condition('subnet', 'red')).toMatchObject({
      status: 'True',
      message: expect.stringMatching(/prefers data3 .* broadcast, multicast and what goes to a gateway may take any/),
    });
    expect((await at.condition('subnet', 'blue'))!.message).not.toContain('prefers');
  });

  test('a subnet changes its mind while its machines run', async () => {
    await at.patch('subnet', 'blue', { spec: { nodeNetwork: 'data3' } });
    await at.waysBecome('blue1', 'blue2', DATA3);
    await at.patch('subnet', 'blue', { spec: { nodeNetwork: null } });
    await at.waysBecome('blue1', 'blue2', DATA2);
  });

  test('a network of Kube-OVN’s annotation on the Nodes', async () => {
    for (const [node, address] of [
      ['node1', '192.168.2.11'],
      ['node2', '192.168.2.12'],
    ] as const)
      await at.patch('node', node, {
        metadata: { annotations: { 'ovn.kubernetes.io/node_networks': JSON.stringify({ storage: address }) } },
      });
    await at.patch('subnet', 'blue', { spec: { nodeNetwork: 'storage' } });
    await at.waysBecome('blue1', 'blue2', DATA3);
    // node3 is not on it: a pod there says so instead of taking another way in silence
    await at.lab.declare(placed('blue3', 'blue', 'node3'));
    await vi.waitFor(async () => {
      const { stdout } = await at.lab.kubectl('get', 'events', '-o', 'jsonpath={.items[*].message}');
      expect(stdout).toContain(
        'spec.nodeNetwork of subnet blue names network "storage", but node node3 has no address on it',
      );
    }, SOON);
    await at.patch('subnet', 'blue', { spec: { nodeNetwork: null } });
    await at.lab.running('default/blue3');
    await at.lab.kubectl('delete', 'vm', 'blue3', '--wait=false');
    for (const node of ['node1', 'node2'])
      await at.patch('node', node, { metadata: { annotations: { 'ovn.kubernetes.io/node_networks': null } } });
    await at.waysBecome('blue1', 'blue2', DATA2);
  });
});

test('a tunnel address has one MAC, that of its bridge: the NIC below does not answer for it', async () => {
  for (const [device, address] of [
    ['br-eth2', '192.168.1.12'],
    ['br-eth3', '192.168.2.12'],
  ] as const) {
    const { stdout } = await at.lab.exec('node1', 'arping', '-I', device, '-b', '-c', '3', '-w', '4', address);
    const macs = new Set([...stdout.matchAll(/\[([0-9A-F:]{17})\]/g)].map(([, mac]) => mac!.toLowerCase()));
    const { stdout: mac } = await at.lab.exec('node2', 'cat', `/sys/class/net/${device}/address`);
    expect([...macs]).toEqual([mac.trim()]);
  }
});

describe('a machine moves', () => {
  test('its port has the address of the node that it is on now', async () => {
    await at.lab.ok('vm', 'migrate', 'red1', '--to', 'node3');
    expect(await at.way('red1', 'red2', 'node3')).toEqual([
      'eth3 Geneve 192.168.2.12 > 192.168.2.13',
      'eth3 Geneve 192.168.2.13 > 192.168.2.12',
    ]);
    await at.lab.ok('vm', 'migrate', 'red1', '--to', 'node1');
    expect(await at.way('red1', 'red2')).toEqual(DATA3);
  });
});

describe('the chosen underlay fails', () => {
  afterEach(async () => {
    await at.fabric('ip', 'link', 'set', 'node2-eth3', 'master', 'ul2');
    await at.lab.ok('lab', 'link', 'up', 'node2:eth3');
  });

  test('silently: the pair is named, its traffic takes the default, and goes back when the link is whole again', async () => {
    await at.fabric('ip', 'link', 'set', 'node2-eth3', 'nomaster');
    await at.waysBecome('red1', 'red2', DATA2);
    await vi.waitFor(
      async () =>
        expect(await at.condition('clusternetwork', 'data3')).toMatchObject({
          status: 'False',
          reason: 'TunnelsBroken',
          message: expect.stringContaining(
            'node1 (192.168.2.11) and node2 (192.168.2.12) do not reach each other on data3',
          ),
        }),
      SOON,
    );
    const { networks, unreachable } = await at.report('node1');
    expect(unreachable).toEqual(['data3:node2']);
    expect(networks?.find(({ name }) => name === 'data3')).toMatchObject({
      inUse: false,
      reason: 'node2 (192.168.2.12) does not answer on it',
    });
    // the other network has nothing to do with it
    expect(await at.condition('clusternetwork', 'data2')).toMatchObject({ status: 'True' });
    const { code, stdout } = await at.lab.weft('doctor');
    expect([code, stdout]).toEqual([1, expect.stringContaining('ClusterNetwork data3')]);
    expect(await at.lab.ok('status').catch((error: Error) => error.message)).toContain('data3:node2');

    await at.fabric('ip', 'link', 'set', 'node2-eth3', 'master', 'ul2');
    await at.waysBecome('red1', 'red2', DATA3);
    await vi.waitFor(
      async () => expect(await at.condition('clusternetwork', 'data3')).toMatchObject({ status: 'True' }),
      SOON,
    );
  });

  test('with its carrier: within what a handful of pings last', async () => {
    const pings = at.lab.guest('default/red1', 'ping', '-c', '100', '-i', '0.1', '-W', '1', at.addresses.get('red2')!);
    await new Promise((wait) => setTimeout(wait, 2000));
    await at.lab.ok('lab', 'link', 'down', 'node2:eth3');
    const { stdout } = await pings;
    // by the probe alone it would be twenty or more
    expect(Number(/(\d+) received/.exec(stdout)![1])).toBeGreaterThan(85);
    expect(await at.way('red1', 'red2')).toEqual(DATA2);
    expect((await at.condition('clusternetwork', 'data3'))!.message).toContain(
      'node2 is off data3: eth3 has no carrier',
    );
    await at.lab.ok('lab', 'link', 'up', 'node2:eth3');
    await at.waysBecome('red1', 'red2', DATA3);
  });
});

describe('the default underlay fails', () => {
  afterEach(() => at.fabric('ip', 'link', 'set', 'node2-eth2', 'master', 'ul1'));

  test('its guests are cut, and that is said; a network that chose another one works on', async () => {
    await at.fabric('ip', 'link', 'set', 'node2-eth2', 'nomaster');
    await vi.waitFor(
      async () =>
        expect(await at.condition('clusternetwork', 'data2')).toMatchObject({
          status: 'False',
          reason: 'TunnelsBroken',
          message: expect.stringMatching(
            /node1 \(192\.168\.1\.11\) and node2 \(192\.168\.1\.12\) do not reach each other on data2.*: guests of these nodes do not reach each other/,
          ),
        }),
      SOON,
    );
    expect(await at.way('red1', 'red2')).toEqual(DATA3);
    const ping = await at.lab.guest('default/blue1', 'ping', '-c', '2', '-W', '1', at.addresses.get('blue2')!);
    expect(ping.stdout).toContain('0 received');
    await at.fabric('ip', 'link', 'set', 'node2-eth2', 'master', 'ul1');
    await at.waysBecome('blue1', 'blue2', DATA2);
    await vi.waitFor(
      async () => expect(await at.condition('clusternetwork', 'data2')).toMatchObject({ status: 'True' }),
      SOON,
    );
  });
});

describe('the door', () => {
  test('a NIC that is a command, an address that another node has, a cluster network that is in use', async () => {
    const object = (kind: string, spec: object) => ({
      apiVersion: 'network.harvesterhci.io/v1beta1',
      kind,
      metadata: { name: 'x' },
      spec,
    });
    const nics = ['eth9 up\nlink del eth0'];
    const refused = async (one: object) => (await at.lab.applyObject(one)).stderr;
    expect(await refused(object('VlanConfig', { clusterNetwork: 'data2', uplink: { nics } }))).toContain(
      'spec.uplink.nics[0]: Invalid value',
    );
    const ips = { node1: '192.168.1.13/24' };
    expect(
      await refused(object('HostNetworkConfig', { clusterNetwork: 'data3', vlanID: 7, mode: 'static', ips })),
    ).toContain('is the address of node3 (HostNetworkConfig data2)');
    const { code, stderr } = await at.lab.kubectl('delete', 'clusternetwork', 'data3');
    expect([code, stderr]).toEqual([1, expect.stringContaining('ClusterNetwork data3 is used by VlanConfig data3')]);
  });
});

describe('addresses of nodes change', () => {
  test('the default one and the chosen one, while machines talk', async () => {
    const pings = (from: string, to: string) =>
      at.lab.guest(`default/${from}`, 'ping', '-c', '80', '-i', '0.1', '-W', '1', at.addresses.get(to)!);
    const running = [pings('blue1', 'blue2'), pings('red1', 'red2')];
    await new Promise((wait) => setTimeout(wait, 1500));
    await at.patch('hostnetworkconfig', 'data2', { spec: { ips: { node2: '192.168.1.22/24' } } });
    await new Promise((wait) => setTimeout(wait, 2000));
    await at.patch('hostnetworkconfig', 'data3', { spec: { ips: { node2: '192.168.2.22/24' } } });
    for (const { stdout } of await Promise.all(running))
      expect(Number(/(\d+) received/.exec(stdout)![1])).toBeGreaterThan(72);
    await at.waysBecome(
      'blue1',
      'blue2',
      DATA2.map((way) => way.replace('1.12', '1.22')),
    );
    await at.waysBecome(
      'red1',
      'red2',
      DATA3.map((way) => way.replace('2.12', '2.22')),
    );
    const { stdout } = await at.lab.exec('node2', 'ip', '-br', '-4', 'addr');
    expect(stdout).not.toContain('192.168.1.12');
    await at.patch('hostnetworkconfig', 'data2', { spec: { ips: { node2: '192.168.1.12/24' } } });
    await at.patch('hostnetworkconfig', 'data3', { spec: { ips: { node2: '192.168.2.12/24' } } });
    await at.waysBecome('blue1', 'blue2', DATA2);
    await at.waysBecome('red1', 'red2', DATA3);
  });

  test('another cluster network becomes the default', async () => {
    await at.patch('hostnetworkconfig', 'data2', { spec: { underlay: false } });
    await at.patch('hostnetworkconfig', 'data3', { spec: { underlay: true } });
    await at.waysBecome('blue1', 'blue2', DATA3);
    await at.patch('hostnetworkconfig', 'data3', { spec: { underlay: false } });
    await at.patch('hostnetworkconfig', 'data2', { spec: { underlay: true } });
    await at.waysBecome('blue1', 'blue2', DATA2);
  });
});

describe('MTU', () => {
  const mtuOf = async (guest: string) =>
    (await at.lab.guest(`default/${guest}`, 'cat', '/sys/class/net/eth0/mtu')).stdout.trim();

  afterEach(async () => {
    await at.patch('vlanconfig', 'data3', { spec: { uplink: { linkAttributes: { mtu: 1500 } } } });
    await at.fabric('ip', 'link', 'set', 'node2-eth3', 'mtu', '1500');
  });

  test('of the chosen underlay reaches router, DHCP, router advertisements and guests; the other network keeps its own', async () => {
    expect([await mtuOf('red1'), await mtuOf('blue1')]).toEqual(['1442', '1442']);
    await at.patch('vlanconfig', 'data3', { spec: { uplink: { linkAttributes: { mtu: 1400 } } } });
    await vi.waitFor(async () => {
      const column = async (table: string, name: string) =>
        await at.lab.nbctl('--bare', `--columns=${name}`, 'list', table);
      expect(await column('Logical_Router_Port', 'options')).toContain('gateway_mtu=1342');
      expect(await column('Logical_Router_Port', 'ipv6_ra_configs')).toContain('mtu=1342');
      expect(await column('DHCP_Options', 'options')).toContain('mtu=1342');
      expect(await column('DHCP_Options', 'options')).toContain('mtu=1442');
    }, SOON);
    // what the guest's own client learned; a guest that runs learns it when it asks again
    const learned = async (guest: string) =>
      (await at.lab.guest(`default/${guest}`, 'dhcpcd', '-U', 'eth0')).stdout
        .split('\n')
        .filter((line) => /^(interface_mtu|nd1_mtu)=/.test(line))
        .toSorted();
    await vi.waitFor(async () => {
      await at.lab.guest('default/red1', 'dhcpcd', '-N', 'eth0');
      expect(await learned('red1')).toEqual(['interface_mtu=1342', 'nd1_mtu=1342']);
    }, SOON);
    expect(await learned('blue1')).toEqual(['interface_mtu=1442']);
    await at.lab.ok('vm', 'restart', 'red1');
    await at.lab.ok('vm', 'restart', 'blue1');
    await vi.waitFor(async () => expect([await mtuOf('red1'), await mtuOf('blue1')]).toEqual(['1342', '1442']), SOON);
    await at.lab.reaches('default/red1', at.addresses.get('red2')!);
    const ping = async (size: string, address: string) =>
      (await at.lab.guest('default/red1', 'ping', '-c', '1', '-W', '1', '-M', 'do', '-s', size, address)).code;
    expect(await ping('1314', at.addresses.get('red2')!)).toBe(0);
    expect(await ping('1315', at.addresses.get('red2')!)).not.toBe(0);
  });

  test('that really passes is measured, and a switch that takes less is named by the pair', async () => {
    await at.fabric('ip', 'link', 'set', 'node2-eth3', 'mtu', '1300');
    await vi.waitFor(
      async () => {
        const peers = (await at.report('node1')).networks?.find(({ name }) => name === 'data3')?.peers;
        expect(peers?.find(({ node }) => node === 'node2')).toMatchObject({
          reachable: true,
          mtu: 1300,
          expectedMtu: 1500,
        });
        expect(await at.condition('clusternetwork', 'data3')).toMatchObject({
          status: 'False',
          reason: 'MtuNotReached',
          message: expect.stringContaining('between node1 and node2 packets of 1300 bytes pass on data3'),
        });
      },
      { timeout: 60_000, interval: 500 },
    );
    const { message } = (await at.condition('clusternetwork', 'data3'))!;
    expect(message).not.toContain('between node1 and node3');
    await at.fabric('ip', 'link', 'set', 'node2-eth3', 'mtu', '1500');
    await vi.waitFor(
      async () => expect(await at.condition('clusternetwork', 'data3')).toMatchObject({ status: 'True' }),
      { timeout: 60_000, interval: 500 },
    );
  });
});

describe('two underlays that do not reach each other', () => {
  const strict = async (value: string) => {
    for (const device of ['all', 'br-eth2', 'br-eth3'])
      await at.lab.exec('node2', 'sh', '-c', `echo ${value} > /proc/sys/net/ipv4/conf/${device}/rp_filter`);
  };
  afterEach(() => strict('0'));

  test('are said, with the addresses', async () => {
    expect(await at.condition('clusternetwork', 'data3', 'Warning')).toBeUndefined();
    await strict('1');
    await vi.waitFor(
      async () =>
        expect(await at.condition('clusternetwork', 'data3', 'Warning')).toMatchObject({
          reason: 'UnderlaysApart',
          message: expect.stringContaining('node1 (192.168.2.11) does not reach node2 on data2'),
        }),
      SOON,
    );
    // each by itself is whole, so nothing is left
    expect(await at.condition('clusternetwork', 'data3')).toMatchObject({ status: 'True' });
    expect(await at.way('red1', 'red2')).toEqual(DATA3);
    await strict('0');
    await vi.waitFor(
      async () => expect(await at.condition('clusternetwork', 'data3', 'Warning')).toBeUndefined(),
      SOON,
    );
  });
});

test('a network that nobody is on: its subnet says so', async () => {
  await at.lab.declare(subnet('grey', 'colours', '10.9.0.0/24', { nodeNetwork: 'nowhere' }), network('grey', 'grey'));
  await vi.waitFor(
    async () =>
      expect(await at.condition('subnet', 'grey', 'Ready')).toMatchObject({
        status: 'False',
        reason: 'NodeNetworkUnknown',
        message: expect.stringContaining('no node has an address on network nowhere'),
      }),
    SOON,
  );
});
