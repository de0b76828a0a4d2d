/** Networks made by one object each, with real packets of both families: what works with nothing else said, and what must not pass. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Condition } from '../../src/kinds/object.ts';
import type { VirtualNetwork } from '../../src/kinds/virtual-network.ts';
import { TestLab } from '../support/test-lab.ts';
import { machine, subnet, virtualNetwork, vpc } from '../support/objects.ts';

let lab: TestLab;

beforeAll(async () => {
  lab = await TestLab.make('n');
  await lab.up();
  await lab.declare(
    virtualNetwork('web', { cidrs: ['10.1.0.0/24', 'fd00:1::/64'], dhcp: { dnsServers: ['9.9.9.9', 'fd00::53'] } }),
    virtualNetwork('db', { cidrs: ['10.2.0.0/24', 'fd00:2::/64'], vpc: 'web.default.vpc' }),
    virtualNetwork('far', { cidrs: ['10.3.0.0/24', 'fd00:3::/64'] }),
    virtualNetwork('twin', { cidrs: ['10.1.0.0/24', 'fd00:1::/64'], dhcp: { enabled: false } }),
    machine('web1', 'web'),
    machine('web2', 'web'),
    machine('db1', 'db'),
    machine('far1', 'far'),
    machine('twin1', 'twin'),
  );
}, 120_000);

afterAll(async () => {
  await lab?.remove();
});

async function network(name: string): Promise<VirtualNetwork> {
  const { code, stdout, stderr } = await lab.kubectl('get', 'vnet', name, '-o', 'json');
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as VirtualNetwork;
}

const condition = ({ status }: VirtualNetwork, type = 'Ready') =>
  (status?.conditions as readonly Condition[] | undefined)?.find((one) => one.type === type);

const inForce = (name: string) =>
  vi.waitFor(
    async () => {
      const found = await network(name);
      expect(condition(found)).toMatchObject({ status: 'True', observedGeneration: found.metadata.generation });
      return found;
    },
    { timeout: 15_000, interval: 100 },
  );

const edit = (name: string, spec: object) =>
  lab.kubectl('patch', 'vnet', name, '--type=merge', '-p', JSON.stringify({ spec }));

/** addresses of a machine, of both families, as the guest has them */
async function addresses(vm: string): Promise<readonly [string, string]> {
  return vi.waitFor(
    async () => {
      const { stdout } = await lab.guest(`default/${vm}`, 'ip', '-o', 'addr', 'show', 'eth0', 'scope', 'global');
      const [four, six] = [/inet (\S+)\//, /inet6 (\S+)\//].map((pattern) => pattern.exec(stdout)?.[1]);
      expect([four, six]).not.toContain(undefined);
      return [four!, six!] as const;
    },
    { timeout: 30_000, interval: 200 },
  );
}

async function reach(from: string, to: string): Promise<void> {
  for (const address of await addresses(to)) await lab.reaches(`default/${from}`, address);
}

async function blocked(from: string, to: string): Promise<void> {
  for (const address of await addresses(to)) {
    const { code, stdout } = await lab.guest(`default/${from}`, 'ping', '-c', '3', '-i', '0.2', '-W', '1', address);
    expect([address, code, stdout]).toEqual([address, 1, expect.stringContaining(' 0 received')]);
  }
}

async function absent(...object: readonly string[]): Promise<void> {
  await vi.waitFor(async () => expect((await lab.kubectl('get', ...object)).stderr).toContain('(NotFound)'), {
    timeout: 20_000,
    interval: 200,
  });
}

/** Pings all the while, five a second; returns what was lost. */
async function lostDuring(from: string, address: string, action: () => Promise<void>): Promise<number> {
  const pings = lab.guest(`default/${from}`, 'ping', '-c', '40', '-i', '0.2', '-W', '1', address);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await action();
  const { stdout } = await pings;
  const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(stdout) ?? [];
  return Number(sent) - Number(received);
}

describe('one object', () => {
  test('is a network: kubectl shows it, and that it works', async () => {
    for (const name of ['web', 'db', 'far', 'twin']) await inForce(name);
    await vi.waitFor(async () => expect((await network('web')).status?.virtualMachines).toBe(2), 20_000);
    const { stdout } = await lab.kubectl('get', 'vnet');
    expect(stdout).toMatch(/^NAME +CIDRS +VPC +VMS +V4USED +V4AVAILABLE +READY +AGE$/m);
    expect(stdout).toMatch(/^web +\["10\.1\.0\.0\/24","fd00:1::\/64"\] +web\.default\.vpc +2 +2 +251 +True +\S+$/m);
    expect((await lab.kubectl('explain', 'vnet.spec.isolation')).stdout).toContain('who may reach its machines');
    expect(await lab.ok('status')).toMatch(/default\/web +web\.default\.vpc/);
  });

  test('its machines get addresses by DHCP in both families, with the DNS servers that it names, and reach each other', async () => {
    const [four, six] = await addresses('web1');
    expect(four).toMatch(/^10\.1\.0\./);
    expect(six).toMatch(/^fd00:1::/);
    const lease = (await lab.guest('default/web1', 'dhcpcd', '-U', 'eth0')).stdout.split('\n');
    for (const line of [`ip_address=${four}`, 'routers=10.1.0.1', 'domain_name_servers=9.9.9.9'])
      expect(lease).toContain(line);
    await reach('web1', 'web2');
    await reach('web2', 'web1');
  });

  test('another one in its VPC is routed; one in a VPC of its own is not, and may have the same prefixes', async () => {
    await reach('web1', 'db1');
    await reach('db1', 'web2');
    for (const [from, to] of [
      ['web1', 'far1'],
      ['far1', 'db1'],
      ['twin1', 'db1'],
    ] as const)
      await blocked(from, to);
    expect((await addresses('twin1')).every((text) => /^(10\.1\.0\.|fd00:1::)/.test(text))).toBe(true);
  });
});

test('a VpcPeering joins the VPCs of two networks of one namespace, until it goes', async () => {
  const spec = { localVpc: 'web.default.vpc', remoteVpc: 'far.default.vpc' };
  await lab.declare({
    apiVersion: 'network.harvesterhci.io/v1beta1',
    kind: 'VpcPeering',
    metadata: { name: 'both', namespace: 'default' },
    spec,
  });
  await reach('web1', 'far1');
  await reach('far1', 'db1');
  expect((await lab.kubectl('delete', 'vpcpeering', 'both')).code).toBe(0);
  await vi.waitFor(() => blocked('web1', 'far1'), { timeout: 20_000, interval: 200 });
});

describe('a network with machines on it', () => {
  test('keeps its prefix, gateway and VPC, and names the machines', async () => {
    for (const [spec, field] of [
      [{ cidrs: ['10.9.0.0/24', 'fd00:1::/64'] }, 'spec.cidrs'],
      [{ cidrs: ['10.1.0.0/24'], dhcp: { dnsServers: ['9.9.9.9'] } }, 'spec.cidrs'],
      [{ gateways: ['10.1.0.99'] }, 'spec.gateways'],
      [{ vpc: 'far.default.vpc' }, 'spec.vpc'],
    ] as const) {
      const { code, stderr } = await edit('web', spec);
      expect(code).toBe(1);
      expect(stderr).toContain(field);
      expect(stderr).toContain('VirtualMachine default/web1');
      expect(stderr).toContain('VirtualMachine default/web2');
    }
  });

  test('may grow, and learn other DNS servers and routes, without losing a packet', async () => {
    const [address] = await addresses('db1');
    const lost = await lostDuring('web1', address, async () => {
      const { code, stderr } = await edit('web', {
        cidrs: ['10.1.0.0/20', 'fd00:1::/64'],
        dhcp: { dnsServers: ['8.8.8.8'] },
        routes: [{ destination: '172.16.0.0/12', nextHops: [address] }],
      });
      expect([code, stderr]).toEqual([0, '']);
      await inForce('web');
    });
    expect(lost).toBe(0);
    expect((await lab.kubectl('get', 'subnet', 'web', '-o', 'jsonpath={.spec.cidrBlock}')).stdout).toBe(
      '10.1.0.0/20,fd00:1::/64',
    );
    expect(await lab.nbctl('lr-route-list', 'web.default.vpc')).toMatch(/172\.16\.0\.0\/12\s+10\.2\.0\./);
  });

  test('that is deleted waits for them, says so, and goes with them', async () => {
    expect((await lab.kubectl('delete', 'vnet', 'twin', '--wait=false')).code).toBe(0);
    await vi.waitFor(
      async () =>
        expect(condition(await network('twin'))).toMatchObject({
          reason: 'Deleting',
          message: expect.stringContaining('VirtualMachine default/twin1'),
        }),
      { timeout: 10_000, interval: 100 },
    );
    expect((await lab.kubectl('get', 'subnet', 'twin')).code).toBe(0);
    expect((await lab.kubectl('delete', 'vm', 'twin1')).code).toBe(0);
    await absent('vnet', 'twin');
    await absent('subnet', 'twin');
    await absent('vpc', 'twin.default.vpc');
    await absent('net-attach-def', 'twin');
  });
});

test('isolation: subnet lets nobody in but its own machines, whichever way the VPC is routed; lifted and put back while they run', async () => {
  await lab.declare(
    virtualNetwork('alone', { cidrs: ['10.4.0.0/24', 'fd00:4::/64'], vpc: 'web.default.vpc', isolation: 'subnet' }),
    machine('alone1', 'alone'),
    machine('alone2', 'alone'),
  );
  await inForce('alone');
  // addresses come by DHCP and advertisement: both pass
  await reach('alone1', 'alone2');
  for (const address of ['10.4.0.1', 'fd00:4::1']) await lab.reaches('default/alone1', address);
  for (const from of ['web1', 'db1']) await blocked(from, 'alone1');
  expect((await edit('alone', { isolation: 'vpc' })).code).toBe(0);
  await reach('web1', 'alone1');
  expect((await edit('alone', { isolation: 'subnet' })).code).toBe(0);
  await inForce('alone');
  await blocked('web1', 'alone1');
  await reach('alone2', 'alone1');
});

describe('the three objects by hand', () => {
  const attachment = {
    apiVersion: 'k8s.cni.cncf.io/v1',
    kind: 'NetworkAttachmentDefinition',
    metadata: { name: 'hand', namespace: 'default', labels: { team: 'a' } },
    spec: { config: JSON.stringify({ cniVersion: '0.3.1', type: 'kube-ovn', provider: 'hand.default.ovn' }) },
  };

  test('make the same network; a VirtualNetwork takes them over without losing a packet, and leaves them as they were', async () => {
    await lab.declare(
      vpc('green'),
      subnet('by-hand', 'green', '10.5.0.0/24,fd00:5::/64', { provider: 'hand.default.ovn', enableDHCP: true }),
      attachment,
      machine('hand1', 'hand'),
      machine('hand2', 'hand'),
    );
    await reach('hand1', 'hand2');
    await blocked('hand1', 'web1');
    const [address] = await addresses('hand2');
    const lost = await lostDuring('hand1', address, async () => {
      await lab.declare(virtualNetwork('hand', { cidrs: ['10.5.0.0/24', 'fd00:5::/64'], vpc: 'green' }));
      expect((await inForce('hand')).status).toMatchObject({ subnet: 'by-hand', vpc: 'green' });
    });
    expect(lost).toBe(0);
    const labels = (await lab.kubectl('get', 'net-attach-def', 'hand', '-o', 'jsonpath={.metadata.labels}')).stdout;
    expect(JSON.parse(labels)).toMatchObject({
      team: 'a',
      'network.harvesterhci.io/type': 'OverlayNetwork',
      'network.harvesterhci.io/clusternetwork': 'mgmt',
    });
    for (const vm of ['hand1', 'hand2']) expect((await lab.kubectl('delete', 'vm', vm)).code).toBe(0);
    expect((await lab.kubectl('delete', 'vnet', 'hand')).code).toBe(0);
    for (const object of [
      ['subnet', 'by-hand'],
      ['net-attach-def', 'hand'],
      ['vpc', 'green'],
    ])
      expect((await lab.kubectl('get', ...object)).code).toBe(0);
  });

  test('that say something else are left alone, and the network is refused', async () => {
    const { code, stderr } = await lab.applyObject(virtualNetwork('hand', { cidrs: ['10.6.0.0/24'], vpc: 'green' }));
    expect(code).toBe(1);
    expect(stderr).toContain('Subnet by-hand is there already and has cidrBlock "10.5.0.0/24,fd00:5::/64"');
  });
});

test('internet: nat is a way out: its machine reaches the internet, by an address of the router', async () => {
  await lab.declare(virtualNetwork('out', { cidrs: ['10.7.0.0/24'], internet: 'nat' }), machine('out1', 'out'));
  await lab.reaches('default/out1', '203.0.113.10');
  await vi.waitFor(async () => expect(condition(await network('out'))).toMatchObject({ status: 'True' }), {
    timeout: 10_000,
    interval: 100,
  });
});
