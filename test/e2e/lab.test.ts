/** Labs with real boxes, real daemons and real crashes. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { KubeClient } from '../../src/lib/kube/client.ts';
import { readKubeconfig } from '../../src/lib/kube/kubeconfig.ts';
import { CORE } from '../../src/lib/kube/resource.ts';
import type { LabStatus, ProcessStatus } from '../../src/services/lab/status.ts';
import { isAlive, tracesOf, WeftHome } from '../support/weft.ts';

// names that no other run on this machine has: two files of tests may run at the same time
const A = `a${process.pid}`;
const B = `b${process.pid}`;

let home: WeftHome;

beforeAll(async () => {
  home = await WeftHome.make();
  await home.start(A, '--nodes', '2');
});

afterAll(async () => {
  await home.remove();
});

async function status(name = A): Promise<LabStatus> {
  const { stdout, stderr } = await home.weft(['lab', 'status', '--name', name, '-o', 'json']);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as LabStatus;
}

async function processOf(box: string, name: string): Promise<ProcessStatus> {
  const found = (await status()).processes.find((process) => process.box === box && process.name === name);
  if (!found) throw new Error(`no process ${name} in ${box}`);
  return found;
}

async function untilHealthy(): Promise<void> {
  await vi.waitFor(async () => expect((await status()).problems).toEqual([]), { timeout: 30_000, interval: 200 });
}

function exec(box: string, ...command: readonly string[]) {
  return home.weft(['lab', 'exec', '--name', A, box, '--', ...command]);
}

describe('a lab that is up', () => {
  test('status is what checks from outside read', async () => {
    const seen = await status();
    expect(seen).toMatchObject({
      name: A,
      healthy: true,
      problems: [],
      kubeconfig: `${home.directory}/labs/${A}/kubeconfig`,
    });
    expect(seen.ovn).toEqual({
      nb: `unix:${home.directory}/labs/${A}/run/central/ovn/ovnnb_db.sock`,
      sb: `unix:${home.directory}/labs/${A}/run/central/ovn/ovnsb_db.sock`,
      version: expect.stringMatching(/^\d+\.\d+/) as unknown,
    });
    for (const process of seen.processes) {
      expect(process).toMatchObject({ state: 'running', restarts: 0 });
      expect(process.rssBytes).toBeGreaterThan(1_000_000);
      expect(readFileSync(`/proc/${process.pid}/comm`, 'utf8')).not.toBe('');
    }
    expect(seen.processes.filter(({ box }) => box === 'node2').map(({ name }) => name)).toEqual([
      'ovsdb-server',
      'ovs-vswitchd',
      'ovn-controller',
      'agent',
      'mgmtd',
      'zebra',
      'bfdd',
      'virt-node',
    ]);
  });

  test('the controller serves its metrics where status says', async () => {
    const { metrics } = await processOf('central', 'controller');
    expect(await (await fetch(metrics!)).text()).toContain('weft_nb_transactions_total');
  });

  test('starting it again does nothing', async () => {
    const before = await status();
    const { code, stderr } = await home.weft(['lab', 'up', '--name', A]);
    expect(code).toBe(0);
    expect(stderr.split('\n')[0]).toBe(`lab ${A} runs already`);
    expect((await status()).processes.map(({ pid }) => pid)).toEqual(before.processes.map(({ pid }) => pid));
  });

  test('starting it with other options is refused', async () => {
    const { code, stderr } = await home.weft(['lab', 'up', '--name', A, '--nodes', '3']);
    expect(code).toBe(2);
    expect(stderr).toContain(`lab ${A} has --nodes 2, not 3`);
  });

  test('the API has the nodes and the management network', async () => {
    const client = new KubeClient(readKubeconfig((await status()).kubeconfig));
    try {
      const { items } = await client.list<{ metadata: { name: string; labels: Record<string, string> } }>(CORE.nodes);
      expect(items.map(({ metadata }) => [metadata.name, metadata.labels['kubernetes.io/hostname']])).toEqual([
        ['node1', 'node1'],
        ['node2', 'node2'],
      ]);
      const networks = {
        group: 'network.harvesterhci.io',
        version: 'v1beta1',
        plural: 'clusternetworks',
        namespaced: false,
      };
      expect(await client.get(networks, undefined, 'mgmt')).toMatchObject({ kind: 'ClusterNetwork' });
    } finally {
      await client.close();
    }
  });

  test('env sets what kubectl needs', async () => {
    const text = await home.ok(['lab', 'env'], { env: { WEFT_LAB: A } });
    expect(text).toBe(`export KUBECONFIG=${home.directory}/labs/${A}/kubeconfig\nexport WEFT_LAB=${A}`);
  });
});

describe('exec', () => {
  test('is in the box: its name, its address, its Open vSwitch, by stock tools without any setting', async () => {
    expect((await exec('node2', 'hostname')).stdout).toBe('node2');
    expect((await exec('node2', 'ip', '-br', '-4', 'addr', 'show', 'eth0')).stdout).toContain('172.30.0.12/24');
    expect((await exec('node2', 'ovs-vsctl', 'br-exists', 'br-int')).code).toBe(0);
    expect((await exec('node2', 'ovs-appctl', 'dpif/show')).stdout).toContain('netdev@ovs-netdev');
    expect((await exec('node2', 'ovn-appctl', '-t', 'ovn-controller', 'connection-status')).stdout).toBe('connected');
    expect((await exec('central', 'ovn-nbctl', 'show')).code).toBe(0);
  });

  test('passes exit codes, standard input, and both outputs', async () => {
    const { code, stdout, stderr } = await home.weft(
      ['lab', 'exec', '--name', A, 'node1', '--', 'sh', '-c', 'cat; echo oops >&2; exit 7'],
      { input: 'text' },
    );
    expect([code, stdout, stderr]).toEqual([7, 'text', 'oops']);
  });

  test('the source is there, and nobody in a box can change it', async () => {
    const { code, stderr } = await exec('node1', 'touch', `${process.cwd()}/package.json.new`);
    expect(code).toBe(1);
    expect(stderr).toContain('Read-only file system');
  });

  test('a box has nothing of the others', async () => {
    await exec('node1', 'touch', '/run/mark', '/etc/mark', '/tmp/mark');
    expect((await exec('node2', 'ls', '/run/mark', '/etc/mark', '/tmp/mark')).code).toBe(2);
    expect((await exec('node1', 'ls', '/var/lib/weft')).code).toBe(2);
  });

  test('a box that is not there: what there is', async () => {
    const { code, stderr } = await exec('node7', 'true');
    expect([code, stderr]).toEqual([
      2,
      `weft: there is no box "node7": lab ${A} has central, fabric, internet, node1, node2, phys1, tor; name one of them`,
    ]);
  });
});

test('a daemon that is killed comes back', async () => {
  const { pid } = await processOf('node1', 'ovs-vswitchd');
  process.kill(pid, 'SIGKILL');
  await vi.waitFor(
    async () => expect(await processOf('node1', 'ovs-vswitchd')).toMatchObject({ state: 'running', restarts: 1 }),
    { timeout: 10_000 },
  );
  expect((await exec('node1', 'ovs-appctl', 'dpif/show')).code).toBe(0);
  await untilHealthy();
});

test('requests to an API server that is killed wait for the next one', async () => {
  const { pid } = await processOf('central', 'apiserver');
  const access = readKubeconfig((await status()).kubeconfig);
  process.kill(pid, 'SIGKILL');
  const client = new KubeClient(access);
  try {
    expect((await client.list(CORE.nodes)).items).toHaveLength(2);
  } finally {
    await client.close();
  }
  expect((await processOf('central', 'apiserver')).restarts).toBe(1);
  await untilHealthy();
});

test('a node that is killed stays down, its guests as well, until it is started', async () => {
  // what a guest is: namespaces of its own, made from those of the node
  const guest = await exec('node2', 'sh', '-c', 'unshare --mount --net --uts sleep 1000 >/dev/null 2>&1 & echo $!');
  const pids = (await status()).processes.filter(({ box }) => box === 'node2').map(({ pid }) => pid);
  await home.ok(['lab', 'node', 'kill', '--name', A, 'node2']);
  expect([...pids, Number(guest.stdout)].filter(isAlive)).toEqual([]);
  const { code, stdout } = await home.weft(['lab', 'status', '--name', A, '-o', 'json']);
  const seen = JSON.parse(stdout) as LabStatus;
  expect([code, seen.healthy, ...seen.problems.map(({ what }) => what)]).toEqual([1, false, 'node2 is down']);
  const states = seen.processes.filter(({ box }) => box === 'node2').map(({ state }) => state);
  expect(new Set(states)).toEqual(new Set(['stopped']));
  await home.ok(['lab', 'node', 'start', '--name', A, 'node2']);
  await untilHealthy();
  expect((await exec('node2', 'ovs-appctl', 'dpif/show')).code).toBe(0);
});

test('a link that is cut takes the carrier away', async () => {
  await home.ok(['lab', 'link', 'down', '--name', A, 'node1:eth3']);
  try {
    expect((await exec('node1', 'cat', '/sys/class/net/eth3/carrier')).stdout).toBe('0');
    expect((await status()).problems.map(({ what }) => what)).toEqual(['link node1:eth3 is cut']);
  } finally {
    await home.ok(['lab', 'link', 'up', '--name', A, 'node1:eth3']);
  }
  expect((await exec('node1', 'cat', '/sys/class/net/eth3/carrier')).stdout).toBe('1');
  await untilHealthy();
});

test('a node that is added is a chassis', async () => {
  await home.ok(['lab', 'node', 'add', '--name', A]);
  expect((await exec('central', 'ovn-sbctl', '--bare', '--columns=name', 'find', 'chassis', 'name=node3')).stdout).toBe(
    'node3',
  );
  await untilHealthy();
});

describe('a second lab, IPv6, VXLAN', () => {
  beforeAll(async () => {
    await home.start(B, '--nodes', '1', '--ip', '6', '--encap', 'vxlan');
  });

  test('has the same addresses beside the first, and both are well', async () => {
    const [a, b] = await Promise.all([status(A), status(B)]);
    expect([a.problems, b.problems]).toEqual([[], []]);
    const chassis = await home.ok([
      'lab',
      'exec',
      '--name',
      B,
      'central',
      '--',
      'ovn-sbctl',
      '--bare',
      '--columns=type,ip',
      'list',
      'encap',
    ]);
    expect(chassis.split('\n')).toEqual(['vxlan', 'fd00:192:168:1::11']);
  });

  test('the host has no address and no route of either', () => {
    const addresses = readFileSync('/proc/net/fib_trie', 'utf8') + readFileSync('/proc/net/if_inet6', 'utf8');
    expect(addresses).not.toMatch(/172\.30\.0\.|192\.168\.[12]\.1|fd00017200300000/);
  });

  test('a command that names no lab is told which there are', async () => {
    const { code, stderr } = await home.weft(['lab', 'status']);
    expect(code).toBe(2);
    expect(stderr).toContain(`there are ${[A, B].toSorted().join(', ')}`);
  });

  test('goes without a trace, and the first does not notice', async () => {
    const pids = (await status(B)).processes.map(({ pid }) => pid);
    await home.ok(['lab', 'down', '--name', B]);
    expect(tracesOf(home.directory, B, pids)).toEqual([]);
    expect((await status(A)).problems).toEqual([]);
  });
});

describe('after the supervisor was killed', () => {
  async function killSupervisor(): Promise<readonly number[]> {
    const { processes } = await status();
    process.kill(processes.find(({ name }) => name === 'supervisor')!.pid, 'SIGKILL');
    return processes.map(({ pid }) => pid);
  }

  test('status says so, and the lab starts again with its objects', async () => {
    const port = readKubeconfig((await status()).kubeconfig).server;
    const client = new KubeClient(readKubeconfig((await status()).kubeconfig));
    await client.create(CORE.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kept' } });
    await client.close();
    await killSupervisor();
    await vi.waitFor(async () => expect((await home.weft(['lab', 'status', '--name', A])).code).toBe(1));
    expect((await status()).problems[0]?.what).toBe(`lab ${A} has no supervisor`);
    const refused = await home.weft(['lab', 'node', 'stop', '--name', A, 'node1']);
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining(`lab ${A} has no supervisor`)]);
    await home.ok(['lab', 'up', '--name', A]);
    expect((await status()).problems).toEqual([]);
    const again = readKubeconfig((await status()).kubeconfig);
    expect(again.server).toBe(port);
    const next = new KubeClient(again);
    expect(await next.get(CORE.namespaces, undefined, 'kept')).toMatchObject({ metadata: { name: 'kept' } });
    await next.close();
  });

  test('a box whose first process dies is told, and the supervisor lives on', async () => {
    const boxes = JSON.parse(readFileSync(`${home.directory}/labs/${A}/run/boxes.json`, 'utf8')) as Record<
      string,
      { pid: number }
    >;
    process.kill(boxes['node1']!.pid, 'SIGKILL');
    process.kill((await processOf('node1', 'ovn-controller')).pid, 'SIGKILL');
    await vi.waitFor(async () =>
      expect((await status()).problems.map(({ what }) => what)).toContain('ovn-controller in box node1 does not run'),
    );
    expect((await status()).problems[0]?.what).toBe('box node1 is gone');
    expect((await exec('node1', 'true')).code).toBe(3);
  });

  test('down leaves nothing, not even what came into a namespace from outside, and can be repeated', async () => {
    const foreign = spawn('ip', ['netns', 'exec', `weft-${A}-node1`, 'sleep', '1000'], { stdio: 'ignore' });
    const pids = [...(await killSupervisor()), foreign.pid!];
    await home.ok(['lab', 'down', '--name', A]);
    expect(tracesOf(home.directory, A, pids)).toEqual([]);
    expect((await home.weft(['lab', 'down', '--name', A])).code).toBe(0);
  });
});
