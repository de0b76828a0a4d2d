/** Bad nights: what is killed comes back, and everything is as declared; no address twice, nothing written when nothing is to do. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { IpObject } from '../../src/kinds/ip.ts';
import type { KubeObject } from '../../src/kinds/object.ts';
import { KubeClient } from '../../src/lib/kube/client.ts';
import { readKubeconfig } from '../../src/lib/kube/kubeconfig.ts';
import { machine, network, pod, R, subnet, vpc } from '../support/objects.ts';
import { TestLab } from '../support/test-lab.ts';

let lab: TestLab;
let client: KubeClient;
/** address of machine b, which machine a pings; they are on different nodes */
let target: string;

beforeAll(async () => {
  lab = await TestLab.make('f');
  await lab.up('--nodes', '2');
  client = new KubeClient(readKubeconfig(lab.kubeconfig), { connections: 16 });
  // a node of which there is only the object
  await client.create(R.nodes, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'elsewhere' },
    spec: { unschedulable: true },
  } as never);
  const on = (name: string, node: string) => ({
    ...machine(name, 'n1'),
    spec: {
      runStrategy: 'Always',
      template: {
        metadata: { annotations: { 'k8s.v1.cni.cncf.io/networks': 'n1' } },
        spec: { nodeSelector: { 'kubernetes.io/hostname': node } },
      },
    },
  });
  await lab.declare(
    vpc('red'),
    subnet('net1', 'red', '10.0.0.0/16'),
    subnet('net2', 'red', '10.1.0.0/16'),
    network('n1', 'net1'),
    on('a', 'node1'),
    on('b', 'node2'),
  );
  await lab.running('default/a');
  target = await lab.running('default/b');
  await lab.reaches('default/a', target);
}, 120_000);

afterAll(async () => {
  await client?.close();
  await lab?.remove();
});

async function metric(name: string): Promise<number> {
  const { processes } = await lab.status();
  const url = processes.find((process) => process.name === 'controller')?.metrics;
  const text = await (await fetch(url!)).text();
  const value = Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  if (Number.isNaN(value)) throw new Error(`no metric ${name}`);
  return value;
}

/** everything is as declared, and stays so without a write */
async function expectQuiet(): Promise<void> {
  await vi.waitFor(async () => expect((await lab.status()).problems).toEqual([]), { timeout: 30_000, interval: 200 });
  await lab.expectInSync();
  const before = await metric('weft_nb_transactions_total');
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await metric('weft_nb_transactions_total')).toBe(before);
}

async function expectNoAddressTwice(): Promise<void> {
  const { items } = await client.list<IpObject>(R.ips);
  const addresses = items.flatMap(({ spec }) =>
    [spec?.v4IpAddress, spec?.v6IpAddress].filter((text) => text).map((text) => `${spec?.subnet} ${text}`),
  );
  expect(new Set(addresses).size).toBe(addresses.length);
}

const kill = async (box: string, name: string) => process.kill(await lab.pidOf(box, name), 'SIGKILL');

/** pods of a node that no agent serves: the control plane's work alone */
async function createPods(count: number, prefix: string, midway: () => Promise<unknown>): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  const create = async (name: string): Promise<void> => {
    try {
      await client.create(R.pods, pod(name, 'n1', 'elsewhere'));
    } catch (error) {
      // the server died with the request in its hands: ask again, as kubectl's user would
      if ((error as { reason?: string }).reason === 'AlreadyExists') return;
      await new Promise((resolve) => setTimeout(resolve, 50));
      await create(name);
    }
  };
  const half = Promise.all(names.slice(0, count / 2).map(create));
  await new Promise((resolve) => setTimeout(resolve, 50));
  await midway();
  await Promise.all([half, ...names.slice(count / 2).map(create)]);
  return names;
}

async function expectAllServed(names: readonly string[]): Promise<void> {
  await vi.waitFor(
    async () => {
      const { items } = await client.list<KubeObject>(R.pods, { namespace: 'default' });
      const served = new Set(
        items
          .filter(({ metadata }) => metadata.annotations?.['n1.default.ovn.kubernetes.io/routed'] === 'true')
          .map(({ metadata }) => metadata.name),
      );
      expect(names.filter((name) => !served.has(name))).toEqual([]);
    },
    { timeout: 60_000, interval: 200 },
  );
}

async function deletePods(names: readonly string[]): Promise<void> {
  await Promise.all(names.map((name) => client.delete(R.pods, { namespace: 'default', name })));
  await vi.waitFor(async () => expect((await client.list(R.ips)).items).toHaveLength(2), {
    timeout: 60_000,
    interval: 200,
  });
}

test('the controller is killed in the middle of 200 creates', async () => {
  const names = await createPods(200, 'c', () => kill('central', 'controller'));
  await expectAllServed(names);
  await expectNoAddressTwice();
  await expectQuiet();
  await deletePods(names);
  await expectQuiet();
});

test('the API server is killed in the middle of 100 creates: nothing acknowledged is lost', async () => {
  const names = await createPods(100, 's', () => kill('central', 'apiserver'));
  await expectAllServed(names);
  await expectNoAddressTwice();
  await expectQuiet();
  await deletePods(names);
});

test('the Northbound server is killed in the middle of 100 creates', async () => {
  const names = await createPods(100, 'n', () => kill('central', 'ovsdb-nb'));
  await expectAllServed(names);
  await expectQuiet();
  await deletePods(names);
  await lab.reaches('default/a', target);
});

test('the Southbound server and northd are killed: packets go on, and changes arrive again', async () => {
  await kill('central', 'ovsdb-sb');
  await kill('central', 'ovn-northd');
  await lab.reaches('default/a', target);
  await expectQuiet();
  await lab.declare(machine('late', 'n1'));
  await lab.reaches('default/a', await lab.running('default/late'));
  expect((await lab.kubectl('delete', 'vm', 'late')).code).toBe(0);
});

test("a node's vswitchd is killed: its guests reach each other again", async () => {
  for (const node of ['node1', 'node2']) {
    await kill(node, 'ovs-vswitchd');
    await lab.reaches('default/a', target);
  }
  await expectQuiet();
});

test("a node's ovn-controller and agent are killed: packets go on, and a new machine starts there", async () => {
  await kill('node2', 'ovn-controller');
  await kill('node2', 'agent');
  await lab.reaches('default/a', target);
  await lab.declare({
    ...machine('fresh', 'n1'),
    spec: { runStrategy: 'Always', template: { spec: { nodeSelector: { 'kubernetes.io/hostname': 'node2' } } } },
  });
  await lab.reaches('default/a', await lab.running('default/fresh'));
  expect((await lab.kubectl('delete', 'vm', 'fresh')).code).toBe(0);
});

test('a node dies, its machine is deleted meanwhile, and it comes back without a trace of it', async () => {
  await lab.declare({
    ...machine('gone', 'n1'),
    spec: { runStrategy: 'Always', template: { spec: { nodeSelector: { 'kubernetes.io/hostname': 'node2' } } } },
  });
  await lab.running('default/gone');
  await lab.ok('lab', 'node', 'kill', 'node2');
  expect((await lab.kubectl('delete', 'vm', 'gone', '--wait=false')).code).toBe(0);
  await lab.ok('lab', 'node', 'start', 'node2');
  await vi.waitFor(
    async () => {
      const names = await lab.exec(
        'node2',
        'ovs-vsctl',
        '--bare',
        '--columns=external_ids',
        'find',
        'interface',
        'external_ids:vendor=kube-ovn',
      );
      expect(names.stdout).not.toContain('gone.default');
      expect((await lab.kubectl('get', 'pods,ips', '-A', '-o', 'name')).stdout).not.toContain('gone');
    },
    { timeout: 60_000, interval: 500 },
  );
  await vi.waitFor(async () => expect(await lab.address('default/b')).not.toBe(''), { timeout: 60_000, interval: 500 });
  await lab.reaches('default/a', await lab.address('default/b'));
  await expectQuiet();
});

test.each([
  ['a port is deleted', ['lsp-del', 'b.default.n1.default.ovn']],
  ['a port gets another address', ['lsp-set-addresses', 'b.default.n1.default.ovn', '02:00:00:00:00:99 10.0.99.99']],
  ['the switch is deleted', ['ls-del', 'net1']],
  ['the router is deleted', ['lr-del', 'red']],
])('behind our back, %s: repaired, and packets pass', async (_, command) => {
  await lab.nbctl(...command);
  await lab.expectInSync();
  await lab.reaches('default/a', target);
  await expectQuiet();
});
