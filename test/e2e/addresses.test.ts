/** The addresses of machines over their lives, from inside and outside: they stay, they are freed, they are nobody else's; the doctor finds what is not so. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { TestLab } from '../support/test-lab.ts';
import { machine, network, pod, subnet, vpc } from '../support/objects.ts';

let lab: TestLab;

beforeAll(async () => {
  lab = await TestLab.make('a');
  await lab.up();
  await lab.declare(
    vpc('red'),
    subnet('net', 'red', '10.1.0.0/24,fd00:1::/64'),
    subnet('far', 'red', '10.2.0.0/24,fd00:2::/64'),
    network('net', 'net'),
    network('far', 'far'),
    machine('peer', 'net'),
    machine('distant', 'far'),
  );
  await lab.running('default/peer');
  await lab.running('default/distant');
}, 120_000);

afterAll(async () => {
  await lab?.remove();
});

interface Nic {
  readonly ips: readonly string[];
  readonly mac: string;
  readonly up: boolean;
}

async function nicsOf(name: string): Promise<readonly Nic[]> {
  const list = JSON.parse(await lab.ok('vm', 'list', '-o', 'json')) as { name: string; nics: Nic[] }[];
  return list.find((vm) => vm.name === name)?.nics ?? [];
}

const ipObjects = async (vm: string) =>
  (
    await lab.kubectl('get', 'ips', '-o', `jsonpath={range .items[?(@.spec.podName=="${vm}")]}{.metadata.name} {end}`)
  ).stdout.trim();

test('stop, start, restart: the same addresses and MAC, on the wire too', async () => {
  await lab.declare(machine('stay', 'net'));
  await lab.running('default/stay');
  const before = await nicsOf('stay');
  await lab.reaches('default/peer', before[0]!.ips[0]!);
  await lab.ok('vm', 'stop', 'stay');
  expect((await lab.guest('default/peer', 'ping', '-c', '1', '-W', '1', before[0]!.ips[0]!)).code).not.toBe(0);
  // somebody else does not get it meanwhile
  await lab.declare(machine('meanwhile', 'net'));
  expect(await lab.running('default/meanwhile')).not.toBe(before[0]!.ips[0]);
  await lab.ok('vm', 'start', 'stay');
  await lab.ok('vm', 'restart', 'stay');
  const after = await nicsOf('stay');
  expect(after.map(({ ips, mac }) => ({ ips, mac }))).toEqual(before.map(({ ips, mac }) => ({ ips, mac })));
  await lab.reaches('default/peer', before[0]!.ips[0]!);
  await lab.reaches('default/peer', before[0]!.ips[1]!);
});

test('deleted while stopped: nothing is left, and the counters say so', async () => {
  await lab.ok('vm', 'stop', 'stay');
  expect(await ipObjects('stay')).toBe('stay.default.net.default.ovn');
  await lab.kubectl('delete', 'vm', 'stay', 'meanwhile');
  await vi.waitFor(async () => expect(await ipObjects('stay')).toBe(''), { timeout: 10_000 });
  await vi.waitFor(
    async () => {
      const { stdout } = await lab.kubectl('get', '--raw', '/apis/kubeovn.io/v1/subnets/net');
      expect(stdout).toMatch(/"v4usingIPs":1,/);
      expect(stdout).toMatch(/"v4usingIPrange":"10\.1\.0\.2"/);
      expect(stdout).toMatch(/"v6availableIPs":18446744073709551612,/);
    },
    { timeout: 10_000, interval: 200 },
  );
});

test('static address and MAC by every key; wrong ones are refused with the reason and the owner', async () => {
  const asking = (name: string, annotations: Record<string, string>) => ({
    ...machine(name, 'net'),
    metadata: { name, namespace: 'default', annotations: { 'k8s.v1.cni.cncf.io/networks': 'net', ...annotations } },
  });
  await lab.declare(
    asking('one', {
      'net.default.ovn.kubernetes.io/ip_address': '10.1.0.50',
      'ovn.kubernetes.io/mac_address': '02:00:00:00:00:50',
    }),
    {
      apiVersion: 'kubevirt.io/v1',
      kind: 'VirtualMachine',
      metadata: { name: 'two', namespace: 'default', annotations: { 'static-ip.harvesterhci.io/nic-0': '10.1.0.51' } },
      spec: {
        template: {
          spec: {
            networks: [{ name: 'nic-0', multus: { networkName: 'net' } }],
            domain: { devices: { interfaces: [{ name: 'nic-0', macAddress: '02:00:00:00:00:51' }] } },
          },
        },
      },
    },
  );
  expect(await lab.running('default/one')).toBe('10.1.0.50');
  expect(await lab.running('default/two')).toBe('10.1.0.51');
  expect([(await nicsOf('one'))[0]!.mac, (await nicsOf('two'))[0]!.mac]).toEqual([
    '02:00:00:00:00:50',
    '02:00:00:00:00:51',
  ]);
  await lab.reaches('default/one', '10.1.0.51');
  const refusal = async (annotations: Record<string, string>) =>
    (await lab.applyObject(asking('bad', annotations))).stderr;
  expect(await refusal({ 'ovn.kubernetes.io/ip_address': '10.1.0.50' })).toMatch(
    /10\.1\.0\.50 is in use by one\.default\.net\.default\.ovn in subnet net/,
  );
  expect(await refusal({ 'ovn.kubernetes.io/ip_address': '10.9.0.1' })).toMatch(/outside of subnet net/);
  expect(await refusal({ 'ovn.kubernetes.io/mac_address': '02:00:00:00:00:51' })).toMatch(
    /MAC 02:00:00:00:00:51 is in use by two\.default/,
  );
});

test('one family of a subnet that has both', async () => {
  const only = (name: string, family: string) => ({
    ...machine(name, 'net'),
    metadata: {
      name,
      namespace: 'default',
      annotations: { 'k8s.v1.cni.cncf.io/networks': 'net', 'ovn.kubernetes.io/ip_family': family },
    },
  });
  await lab.declare(only('four', 'ipv4'), only('six', 'ipv6'));
  const [four, six] = [await lab.running('default/four'), await lab.running('default/six')];
  expect([four, six]).toEqual([expect.stringMatching(/^10\.1\./), expect.stringMatching(/^fd00:1::/)]);
  for (const address of [four, six]) await lab.reaches('default/peer', address);
});

test('two NICs in one network, and one in another: each answers by itself, for a machine and for a plain pod', async () => {
  await lab.declare(machine('multi', 'net,net@second,far'), pod('podded', 'net,net@second,far'));
  await lab.running('default/multi');
  const nics = await nicsOf('multi');
  expect(new Set(nics.map(({ ips }) => ips[0])).size).toBe(3);
  expect(nics.every(({ up }) => up)).toBe(true);
  for (const { ips } of nics) for (const ip of ips) await lab.reaches('default/peer', ip);
  for (const { ips } of nics) await lab.reaches('default/distant', ips[0]!);
  const addresses = await vi.waitFor(
    async () => {
      const text = (
        await lab.kubectl(
          'get',
          'pod',
          'podded',
          '-o',
          String.raw`jsonpath={.metadata.annotations.k8s\.v1\.cni\.cncf\.io/network-status}`,
        )
      ).stdout;
      const list = JSON.parse(text) as { ips: string[] }[];
      expect(list).toHaveLength(3);
      return list.flatMap(({ ips }) => ips);
    },
    { timeout: 30_000 },
  );
  for (const address of addresses) await lab.reaches('default/peer', address);
});

test('the doctor: well at first; finds what was broken by hand, says it, repairs it', async () => {
  expect(JSON.parse((await lab.weft('doctor', '-o', 'json')).stdout)).toEqual({ healthy: true, problems: [] });
  await lab.nbctl('lsp-add', 'net', 'ghost', '--', 'lsp-set-addresses', 'ghost', '02:00:00:00:00:99 10.1.0.99');
  const edit = await lab.kubectl(
    'patch',
    'ip',
    'peer.default.net.default.ovn',
    '--type=merge',
    '-p',
    '{"spec":{"v4IpAddress":"10.1.0.98"}}',
  );
  expect(edit.stderr).toMatch(/spec\.v4IpAddress: .*cannot change from 10\.1\.0\.2 to 10\.1\.0\.98/);
  const sick = await lab.weft('doctor', '-o', 'json');
  expect(sick.code).toBe(1);
  expect((JSON.parse(sick.stdout) as { problems: { what: string }[] }).problems.map(({ what }) => what)).toEqual([
    'port ghost on the switch of subnet net',
  ]);
  const fixed = await lab.weft('doctor', '--fix');
  expect([fixed.code, fixed.stdout]).toEqual([0, expect.stringMatching(/^repaired {2}port ghost/)]);
  expect(JSON.parse((await lab.weft('doctor', '-o', 'json')).stdout)).toEqual({ healthy: true, problems: [] });
  await lab.expectInSync();
});
