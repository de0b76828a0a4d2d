/** The CNI executable and the agent, called by hand as a runtime that is not sure whether its last call arrived. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { machine, network, pod, subnet, vpc } from '../support/objects.ts';
import { TestLab } from '../support/test-lab.ts';

let lab: TestLab;
/** of pod b */
let address: string;

beforeAll(async () => {
  lab = await TestLab.make('i');
  await lab.up('--nodes', '1');
  await lab.declare(
    vpc('red'),
    subnet('net1', 'red', '10.0.0.0/16'),
    subnet('net2', 'red', '10.1.0.0/16'),
    subnet('net3', 'red', '10.2.0.0/16,fd00:2::/64'),
    ...['net1', 'net2', 'net3'].map((name) => network(name, name)),
  );
  await lab.declare(machine('a', 'net1'), pod('b', 'net1'), machine('two', 'net2,net1'), machine('mixed', 'net1,net3'));
  for (const name of ['a', 'two', 'mixed']) await lab.running(`default/${name}`);
  address = await vi.waitFor(
    async () => {
      const ip = (await lab.kubectl('get', 'pod', 'b', '-o', 'jsonpath={.status.podIP}')).stdout;
      expect(ip).not.toBe('');
      return ip;
    },
    { timeout: 30_000, interval: 100 },
  );
  await lab.reaches('default/a', address);
}, 120_000);

afterAll(async () => {
  await lab?.remove();
});

describe('the CNI executable, called again by hand for a pod that runs', () => {
  interface GuestRecord {
    readonly pod: string;
    readonly sandbox: string;
    readonly pause: { readonly pid: number };
    readonly interfaces: readonly { readonly config: string; readonly ips: readonly string[] }[];
  }

  const record = async (): Promise<GuestRecord> =>
    JSON.parse((await lab.exec('node1', 'sh', '-c', 'cat /run/weft/guests/default_b.json')).stdout) as GuestRecord;

  const cni = async (command: string) => {
    const { pod, sandbox, pause, interfaces } = await record();
    const env = [
      `CNI_COMMAND=${command}`,
      `CNI_CONTAINERID=${sandbox}`,
      `CNI_NETNS=/proc/${pause.pid}/ns/net`,
      'CNI_IFNAME=net1',
      'CNI_PATH=/opt/cni/bin',
      `CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=${pod}`,
    ];
    return lab.home.weft(['lab', 'exec', '--name', lab.name, 'node1', '--', 'env', ...env, '/opt/cni/bin/kube-ovn'], {
      input: interfaces[0]!.config,
    });
  };

  const answers = async () => (await lab.guest('default/a', 'ping', '-c', '3', '-i', '0.2', '-W', '1', address)).code;

  test('CHECK agrees; ADD again gives the same, and packets go on; CHECK says what is wrong', async () => {
    expect(await cni('CHECK')).toMatchObject({ code: 0, stdout: '' });
    const again = await cni('ADD');
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({
      cniVersion: '0.3.1',
      ips: [{ address: `${address}/16` }],
    });
    expect(await answers()).toBe(0);
    await lab.guest('default/b', 'ip', 'addr', 'flush', 'dev', 'net1');
    expect(JSON.parse((await cni('CHECK')).stdout)).toMatchObject({
      code: 11,
      msg: expect.stringContaining('interface net1 of the pod lacks 10.0.0.') as string,
    });
  });

  test('DEL twice is fine, and ADD brings everything back', async () => {
    for (let round = 0; round < 2; round += 1) expect(await cni('DEL')).toMatchObject({ code: 0, stdout: '' });
    expect(await answers()).toBe(1);
    expect((await cni('CHECK')).code).toBe(1);
    expect((await cni('ADD')).code).toBe(0);
    expect(await answers()).toBe(0);
  });
});

describe('a machine with two interfaces', () => {
  const answers = async (from: string, to: string) =>
    (await lab.guest(from, 'ping', '-c', '3', '-i', '0.2', '-W', '1', to)).code;
  const nics = async (name: string) =>
    (await lab.kubectl('get', 'vmi', name, '-o', 'jsonpath={.status.interfaces[*].ipAddress}')).stdout.split(' ');

  test('is reached on each by the machines of that network, and reaches both', async () => {
    const [onNet2, onNet1] = await nics('two');
    expect([onNet2, onNet1]).toEqual([expect.stringMatching(/^10\.1\./), expect.stringMatching(/^10\.0\./)]);
    expect(await answers('default/a', onNet1!)).toBe(0);
    expect(await answers('default/two', address)).toBe(0);
    const routes = (await lab.guest('default/two', 'ip', 'route')).stdout;
    expect(routes).toMatch(/^default via 10\.1\.0\.1 dev eth0/m);
    expect(routes).toMatch(/^10\.0\.0\.0\/16 dev eth1 proto kernel/m);
    expect(routes).toMatch(/^10\.1\.0\.0\/16 dev eth0 proto kernel/m);
    expect(routes).toMatch(/^10\.2\.0\.0\/16 via 10\.1\.0\.1 dev eth0/m);
  });

  test('the default route of each family is on the first interface that has it', async () => {
    expect((await lab.guest('default/mixed', 'ip', 'route', 'show', 'default')).stdout).toContain(
      'via 10.0.0.1 dev eth0',
    );
    expect((await lab.guest('default/mixed', 'ip', '-6', 'route', 'show', 'default')).stdout).toContain(
      'via fd00:2::1 dev eth1',
    );
  });
});
