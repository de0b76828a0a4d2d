/** Live migration of namespace guests in a real lab: what the machine, its peers, the objects and the ports see of it; and how it ends when it does not go well. */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { IpObject } from '../../src/kinds/ip.ts';
import type { KubeObject } from '../../src/kinds/object.ts';
import {
  type Migration,
  type VirtualMachineInstance,
  virtualMachineInstanceMigrationKind as MIGRATIONS,
} from '../../src/kinds/virtual-machine.ts';
import { KubeClient } from '../../src/lib/kube/client.ts';
import { readKubeconfig } from '../../src/lib/kube/kubeconfig.ts';
import { machine, network, R, subnet, vpc } from '../support/objects.ts';
import { TestLab } from '../support/test-lab.ts';
import { isAlive } from '../support/weft.ts';

const PORTS = ['a.default.n1.default.ovn', 'a.default.n2.default.ovn'] as const;
const NODES = ['node1', 'node2', 'node3'] as const;
const SOON = { timeout: 30_000, interval: 50 };
const LATE = { timeout: 90_000, interval: 200 };

let lab: TestLab;
let client: KubeClient;
/** of machine a, which moves */
let addresses: readonly string[];

beforeAll(async () => {
  lab = await TestLab.make('m');
  await lab.up('--nodes', '3');
  client = new KubeClient(readKubeconfig(lab.kubeconfig), { connections: 16 });
  await lab.declare(
    vpc('red'),
    subnet('net1', 'red', '10.0.0.0/16'),
    subnet('net2', 'red', '10.1.0.0/16,fd00:1::/64'),
    network('n1', 'net1'),
    network('n2', 'net2'),
    machine('a', 'n1,n2'),
    machine('b', 'n1,n2'),
  );
  await Promise.all(['default/a', 'default/b'].map((name) => lab.running(name)));
  addresses = (await instance()).status!.interfaces!.flatMap(({ ipAddresses = [] }) => ipAddresses);
  expect(addresses).toHaveLength(3);
  for (const address of addresses) await lab.reaches('default/b', address);
}, 120_000);

afterAll(async () => {
  await client?.close();
  await lab?.remove();
});

const instance = (name = 'a') => client.get<VirtualMachineInstance>(R.vmis, 'default', name);
const nodeOf = async (name = 'a') => (await instance(name)).status?.nodeName ?? '';
const otherNode = (...nodes: readonly string[]) => NODES.find((node) => !nodes.includes(node))!;
const pods = async (vm = 'a') =>
  (await client.list<KubeObject<{ nodeName: string }, { phase: string; podIP?: string }>>(R.pods)).items.filter(
    ({ metadata }) => metadata.labels?.['kubevirt.io/domain'] === vm,
  );
const migrate = async (...more: readonly string[]) => {
  const { code, stdout, stderr } = await lab.weft('vm', 'migrate', 'a', '-o', 'json', ...more);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as {
    readonly from: string;
    readonly to: string;
    readonly migration: string;
    readonly ports: readonly { readonly name: string; readonly chassis: string; readonly up: boolean }[];
  };
};
/** makes the object only */
const wish = (name: string, vm = 'a', node?: string) =>
  client.create<Migration>(MIGRATIONS, {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstanceMigration',
    metadata: { name, namespace: 'default' },
    spec: { vmiName: vm, ...(node ? { addedNodeSelector: { 'kubernetes.io/hostname': node } } : {}) },
  });
const phaseOf = async (name: string) => (await client.get<Migration>(MIGRATIONS, 'default', name)).status?.phase;
const optionsOf = async (port: string) =>
  (await lab.nbctl('get', 'Logical_Switch_Port', port, 'options')).replaceAll(/[{}"]/g, '').split(', ').toSorted();
/** what OVN has bound: the node, those besides it, and whether the port works */
const bindingsOf = async (port: string) =>
  (
    await lab.exec(
      'central',
      'ovn-sbctl',
      '--bare',
      '--columns=chassis,additional_chassis,up',
      'find',
      'Port_Binding',
      `logical_port=${port}`,
    )
  ).stdout.split('\n');

/** one node has the machine: objects, Northbound and Southbound say so, it answers, and nothing of a migration is left */
async function expectAtRest(node: string): Promise<void> {
  await vi.waitFor(async () => {
    expect(await nodeOf()).toBe(node);
    for (const port of PORTS) {
      expect(await optionsOf(port)).toEqual([`requested-chassis=${node}`]);
      const [chassis, more, up] = await bindingsOf(port);
      const name = (await lab.exec('central', 'ovn-sbctl', '--bare', 'get', 'Chassis', chassis!, 'name')).stdout;
      expect([name.replaceAll('"', ''), more, up]).toEqual([node, '', 'true']);
      expect((await client.get<IpObject>(R.ips, undefined, port)).spec?.nodeName).toBe(node);
    }
    const alive = (await pods()).filter(
      ({ status, metadata }) => status?.phase === 'Running' && !metadata.deletionTimestamp,
    );
    expect(alive.map(({ spec }) => spec?.nodeName)).toEqual([node]);
  }, SOON);
  for (const address of addresses) await lab.reaches('default/b', address, 3000);
}

/** Pings machine a from machine b every 10 ms while `action` runs. @returns answers that are missing, and those that came twice */
async function pinging(address: string, action: () => Promise<unknown>) {
  const count = 1500;
  const ping = lab.guest('default/b', 'ping', '-i', '0.01', '-c', String(count), '-W', '1', address);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await action();
  const { stdout } = await ping;
  const received = Number(/(\d+) received/.exec(stdout)?.[1]);
  return { lost: count - received, twice: Number(/\+(\d+) duplicates/.exec(stdout)?.[1] ?? 0) };
}

const ECHO = `
import socket
s = socket.create_server(('', 7000))
while True:
    c = s.accept()[0]
    while True:
        data = c.recv(4096)
        if not data: break
        c.sendall(data)
`;
/** writes numbers into one connection every 10 ms, and wants each back */
const TALK = `
import socket, sys, time
c = socket.create_connection((sys.argv[1], 7000), 5)
c.settimeout(10)
end = time.time() + float(sys.argv[2])
said = 0
while time.time() < end:
    text = b'%08d' % said
    c.sendall(text)
    back = b''
    while len(back) < 8:
        part = c.recv(8 - len(back))
        if not part: sys.exit('closed')
        back += part
    if back != text: sys.exit('wrong')
    said += 1
    time.sleep(0.01)
print(said)
`;

describe('a machine with two NICs moves', () => {
  test('three times, there and back at once: a connection lives on, nothing is answered twice, addresses stay', async () => {
    const echo = lab.guest('default/a', 'timeout', '60', 'python3', '-c', ECHO);
    await vi.waitFor(
      async () => expect((await lab.guest('default/b', 'nc', '-z', addresses[0]!, '7000')).code).toBe(0),
      SOON,
    );
    const from = await nodeOf();
    const to = otherNode(from, await nodeOf('b'));
    const talk = lab.guest('default/b', 'python3', '-c', TALK, addresses[0]!, '8');
    const seen = await pinging(addresses[1]!, async () => {
      for (const node of [to, from, to]) {
        const report = await migrate('--to', node);
        expect(report).toMatchObject({ to: node });
        expect(report.ports).toEqual(PORTS.map((name) => ({ name, chassis: node, up: true })));
      }
    });
    const { code, stdout, stderr } = await talk;
    expect([code, stderr]).toEqual([0, '']);
    expect(Number(stdout)).toBeGreaterThan(300);
    expect(seen.twice).toBe(0);
    // three moves, of some milliseconds each
    expect(seen.lost).toBeLessThan(60);
    await expectAtRest(to);
    const now = (await instance()).status!.interfaces!.flatMap(({ ipAddresses = [] }) => ipAddresses);
    expect(now).toEqual(addresses);
    await lab.guest(
      'default/a',
      'sh',
      '-c',
      'kill $(cat /proc/[0-9]*/stat | grep "(timeout)" | cut -d" " -f1) || true',
    );
    await echo;
  });

  test('is shown as KubeVirt shows it', async () => {
    const from = await nodeOf();
    const { migration, to } = await migrate();
    expect(to).not.toBe(from);
    const object = await client.get<Migration>(MIGRATIONS, 'default', migration);
    const { status } = await instance();
    await vi.waitFor(
      async () => expect((await pods()).find(({ spec }) => spec?.nodeName === from && false)).toBeUndefined(),
      SOON,
    );
    const all = await pods();
    const target = all.find(({ metadata }) => metadata.labels?.['kubevirt.io/migrationJobUID'] === object.metadata.uid);
    const source = all.find(({ metadata }) => metadata.name === status?.migrationState?.sourcePod);
    expect(target).toMatchObject({
      metadata: {
        labels: { 'kubevirt.io': 'virt-launcher', 'kubevirt.io/domain': 'a' },
        annotations: {
          'kubevirt.io/migrationJobName': migration,
          'kubevirt.io/migration-target-ready-timestamp': expect.stringMatching(/^2\d+-.*Z$/) as string,
        },
      },
      spec: { nodeName: to },
      status: { phase: 'Running', podIP: addresses[0] },
    });
    expect(source?.spec?.nodeName).toBe(from);
    await vi.waitFor(
      async () =>
        expect((await pods()).find(({ metadata }) => metadata.uid === source?.metadata.uid)?.status?.phase).toBe(
          'Succeeded',
        ),
      SOON,
    );
    const state = {
      migrationUid: object.metadata.uid,
      sourceNode: from,
      sourcePod: source?.metadata.name,
      targetNode: to,
      targetPod: target?.metadata.name,
      completed: true,
    };
    expect(status?.migrationState).toMatchObject(state);
    expect(object.status?.migrationState).toMatchObject(state);
    const phases = object.status?.phaseTransitionTimestamps?.map(({ phase }) => phase) ?? [];
    expect(phases[0]).toBe('Pending');
    expect(phases.at(-1)).toBe('Succeeded');
    expect(phases).toEqual(
      expect.arrayContaining(['Pending', 'Scheduling', 'PreparingTarget', 'TargetReady', 'Running', 'Succeeded']),
    );
  });

  test('ten times in a row, and nothing is left behind', async () => {
    let last = '';
    for (let round = 0; round < 10; round += 1) last = (await migrate()).to;
    await expectAtRest(last);
    await lab.expectInSync();
    const finished = (await client.list<Migration>(MIGRATIONS)).items.filter(
      ({ status }) => status?.phase === 'Succeeded',
    );
    expect(finished.length).toBeLessThanOrEqual(6);
    expect((await pods()).length).toBeLessThanOrEqual(3);
  });

  test('costs the controller two transactions and one write per pod and per NIC', async () => {
    await expectAtRest(await nodeOf());
    const before = await metrics();
    const { to } = await migrate();
    await expectAtRest(to);
    const after = await metrics();
    const grown = Object.keys(after)
      .filter((name) => (after[name] ?? 0) !== (before[name] ?? 0))
      .map((name) => `${name} +${after[name]! - (before[name] ?? 0)}`);
    expect(grown.toSorted()).toEqual([
      'weft_api_writes_total{kind="IP",verb="patch"} +2',
      'weft_api_writes_total{kind="Pod",verb="patch"} +1',
      'weft_nb_transactions_total +2',
    ]);
  });
});

/** counters of writes */
async function metrics(): Promise<Record<string, number>> {
  const { processes } = await lab.status();
  const url = processes.find((process) => process.name === 'controller')?.metrics;
  const text = await (await fetch(url!)).text();
  return Object.fromEntries(
    [...text.matchAll(/^(weft_api_writes_total\{.*\}|weft_nb_transactions_total) (\d+)$/gm)].map(([, name, value]) => [
      name,
      Number(value),
    ]),
  );
}

describe('refused, with the reason', () => {
  test.each([
    ['a node that is not there', ['a', '--to', 'node9'], 2, /there is no such node; there are node1, node2, node3/],
    ['no such machine', ['nobody'], 3, /there is no virtual machine nobody/],
  ])('%s', async (_what, args, code, why) => {
    const outcome = await lab.weft('vm', 'migrate', ...args);
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toMatch(why);
  });

  test('to where it is, to a cordoned node, and a second wish beside the first', async () => {
    const node = await nodeOf();
    expect((await lab.weft('vm', 'migrate', 'a', '--to', node)).stderr).toMatch(/the machine runs there already/);
    const other = otherNode(node);
    await lab.kubectl('cordon', other);
    const refused = await lab.weft('vm', 'migrate', 'a', '--to', other);
    await lab.kubectl('uncordon', other);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/no node can take the machine: .*is cordoned/),
    ]);
    await Promise.all([wish('first-a'), new Promise((resolve) => setTimeout(resolve, 5)).then(() => wish('second-a'))]);
    await vi.waitFor(async () => {
      const phases = await Promise.all([phaseOf('first-a'), phaseOf('second-a')]);
      expect(phases.toSorted()).toEqual(['Failed', 'Succeeded']);
    }, SOON);
    await expectAtRest(await nodeOf());
  });

  test('a wish for a machine that is not there fails', async () => {
    await wish('for-nobody', 'nobody');
    await vi.waitFor(async () => expect(await phaseOf('for-nobody')).toBe('Failed'), SOON);
  });
});

describe('it does not go well', () => {
  let from = '';
  let to = '';
  beforeEach(async () => {
    from = await nodeOf();
    to = otherNode(from, await nodeOf('b'));
  });
  const stopped = async (box: string, name: string, action: () => Promise<unknown>) => {
    const pid = await lab.pidOf(box, name);
    process.kill(pid, 'SIGSTOP');
    try {
      await action();
    } finally {
      // it may have been killed with its node
      if (isAlive(pid)) process.kill(pid, 'SIGCONT');
    }
  };
  const until = (name: string, phase: string) => vi.waitFor(async () => expect(await phaseOf(name)).toBe(phase), SOON);
  const twoChassis = () =>
    vi.waitFor(async () => {
      for (const port of PORTS)
        expect(await optionsOf(port)).toEqual(['activation-strategy=rarp', `requested-chassis=${from},${to}`]);
    }, SOON);

  test('cancelled while the target prepares: both ports go back to one node', async () => {
    await stopped(to, 'virt-node', async () => {
      await wish('cancel-early', 'a', to);
      await until('cancel-early', 'Scheduling');
      await twoChassis();
      await lab.kubectl('delete', 'vmim', 'cancel-early', '--wait=false');
      await vi.waitFor(async () => expect((await optionsOf(PORTS[0])).length).toBe(1), SOON);
    });
    await vi.waitFor(async () => expect((await lab.kubectl('get', 'vmim', 'cancel-early')).code).toBe(1), SOON);
    await expectAtRest(from);
  });

  test('cancelled when the target is ready and the source has not begun', async () => {
    await stopped(from, 'virt-node', async () => {
      await wish('cancel-late', 'a', to);
      await until('cancel-late', 'TargetReady');
      await twoChassis();
      // prepared at the target, and silent: packets still go by the source only
      expect(await pinging(addresses[0]!, async () => undefined)).toEqual({ lost: 0, twice: 0 });
      await lab.kubectl('delete', 'vmim', 'cancel-late', '--wait=false');
      await vi.waitFor(async () => expect((await optionsOf(PORTS[0])).length).toBe(1), SOON);
    });
    await vi.waitFor(async () => expect((await lab.kubectl('get', 'vmim', 'cancel-late')).code).toBe(1), SOON);
    expect((await instance()).status?.migrationState).toMatchObject({ failed: true, abortStatus: 'Succeeded' });
    await expectAtRest(from);
  });

  test('the target pod is deleted when it is ready: the machine stays', async () => {
    await stopped(from, 'virt-node', async () => {
      await wish('target-deleted', 'a', to);
      await until('target-deleted', 'TargetReady');
      const target = (await instance()).status?.migrationState?.targetPod ?? '';
      await lab.kubectl('delete', 'pod', target, '--wait=false');
      await until('target-deleted', 'Failed');
    });
    await expectAtRest(from);
  });

  test('the target node dies before it is ready: called off, the machine stays; the node comes back and has nothing of it', async () => {
    await stopped(to, 'virt-node', async () => {
      await wish('target-dies', 'a', to);
      await until('target-dies', 'Scheduling');
      await twoChassis();
      await lab.ok('lab', 'node', 'kill', to);
    });
    await lab.kubectl('delete', 'vmim', 'target-dies', '--wait=false');
    await vi.waitFor(async () => expect((await optionsOf(PORTS[0])).length).toBe(1), SOON);
    await lab.ok('lab', 'node', 'start', to);
    await expectAtRest(from);
  }, 60_000);

  test('controllers and nodes are killed at any time: each of six migrations ends, with one guest', async () => {
    const boxes = [
      ['central', 'controller'],
      ['central', 'virt-controller'],
      [from, 'virt-node'],
      [to, 'virt-node'],
      [to, 'agent'],
    ] as const;
    for (const [round, [box, name]] of [...boxes, boxes[0]].entries()) {
      const wanted = (await nodeOf()) === from ? to : from;
      await wish(`killing-${round}`, 'a', wanted);
      await new Promise((resolve) => setTimeout(resolve, 60 * round));
      process.kill(await lab.pidOf(box, name), 'SIGKILL');
      await vi.waitFor(async () => expect(['Succeeded', 'Failed']).toContain(await phaseOf(`killing-${round}`)), LATE);
      await expectAtRest(await nodeOf());
    }
    await vi.waitFor(async () => expect((await lab.status()).problems).toEqual([]), LATE);
  }, 200_000);

  test('a guest that went with its node is started elsewhere; the node comes back, and its stale port gets nothing through', async () => {
    await lab.ok('lab', 'node', 'kill', from);
    await lab.kubectl('delete', 'node', from);
    await vi.waitFor(async () => {
      const { status } = await instance();
      expect([status?.phase, status?.nodeName === from]).toEqual(['Running', false]);
    }, LATE);
    const now = await nodeOf();
    await lab.reaches('default/b', addresses[0]!);
    await lab.ok('lab', 'node', 'start', from);
    // as if the node still had the machine: its port, with MAC and address
    const { macAddress = '', v4IpAddress = '' } = (await client.get<IpObject>(R.ips, undefined, PORTS[0])).spec ?? {};
    const stale = async (...words: readonly string[]) => lab.exec(from, ...words);
    await stale('ip', 'link', 'add', 'stale0', 'type', 'veth', 'peer', 'name', 'stale1', 'address', macAddress);
    await stale(
      'sh',
      '-c',
      'ip netns add stale; ip link set stale1 netns stale; ip link set stale0 up; ip -n stale link set stale1 up',
    );
    await stale('ip', '-n', 'stale', 'addr', 'add', `${v4IpAddress}/16`, 'dev', 'stale1');
    await stale(
      'ovs-vsctl',
      'add-port',
      'br-int',
      'stale0',
      '--',
      'set',
      'Interface',
      'stale0',
      `external_ids:iface-id=${PORTS[0]}`,
    );
    const peer = (await instance('b')).status?.interfaces?.[0]?.ipAddress ?? '';
    expect(
      (await stale('ip', 'netns', 'exec', 'stale', 'ping', '-c', '3', '-i', '0.3', '-W', '1', peer)).code,
    ).not.toBe(0);
    expect(await pinging(addresses[0]!, async () => undefined)).toEqual({ lost: 0, twice: 0 });
    await stale('ovs-vsctl', 'del-port', 'stale0');
    await stale('sh', '-c', 'ip link del stale0; ip netns del stale');
    await expectAtRest(now);
  }, 120_000);
});

test('a target that stays silent is announced by the agent, when it is said to be ready', async () => {
  const mac = '02:00:00:00:00:77';
  const port = 'silent';
  const nb = (...words: readonly string[]) => lab.nbctl(...words);
  // a port that is nobody's, on two nodes; and a pod of which there is only the object
  await nb('lsp-add', 'net1', port, '--', 'lsp-set-addresses', port, `${mac} 10.0.7.7`);
  await nb('lsp-set-options', port, 'requested-chassis=node1,node2', 'activation-strategy=rarp');
  await client.create(R.pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'silent', namespace: 'default' },
    spec: { nodeName: 'node2', containers: [{ name: 'c', image: 'x' }] },
  } as never);
  for (const node of ['node1', 'node2']) {
    await lab.exec(node, 'ip', 'link', 'add', 'silent0', 'type', 'veth', 'peer', 'name', 'silent1');
    await lab.exec(node, 'ip', 'link', 'set', 'silent0', 'up');
    const ids = { 'iface-id': port, 'attached-mac': `"${mac}"`, pod_namespace: 'default', pod_name: 'silent' };
    const settings = Object.entries(ids).map(([key, value]) => `external_ids:${key}=${value}`);
    await lab.exec(
      node,
      'ovs-vsctl',
      'add-port',
      'br-int',
      'silent0',
      '--',
      'set',
      'Interface',
      'silent0',
      ...settings,
    );
  }
  const activated = async () =>
    (
      await lab.exec(
        'central',
        'ovn-sbctl',
        '--bare',
        '--columns=options',
        'find',
        'Port_Binding',
        `logical_port=${port}`,
      )
    ).stdout;
  const more = async () => (await bindingsOf(port))[1];
  await vi.waitFor(async () => expect(await more()).not.toBe(''), SOON);
  expect(await activated()).not.toContain('additional-chassis-activated');
  await lab.kubectl('annotate', 'pod', 'silent', 'kubevirt.io/migration-target-ready-timestamp=2026-01-01T00:00:00Z');
  await vi.waitFor(async () => expect(await activated()).toContain('additional-chassis-activated=node2'), SOON);
  await nb('lsp-del', port);
  for (const node of ['node1', 'node2']) {
    await lab.exec(node, 'ovs-vsctl', 'del-port', 'silent0');
    await lab.exec(node, 'ip', 'link', 'del', 'silent0');
  }
  await client.delete(R.pods, { namespace: 'default', name: 'silent' });
});

test('drain empties a node: its machines move, and only then their pods go', async () => {
  const node = await nodeOf();
  const { code, stdout, stderr } = await lab.kubectl('drain', node, '--ignore-daemonsets', '--force', '--timeout=60s');
  expect([code, stderr]).toEqual([0, expect.stringContaining('Eviction triggered evacuation of VMI "default/a"')]);
  expect(stdout).toContain(`node/${node} drained`);
  expect(await nodeOf()).not.toBe(node);
  expect((await pods()).filter(({ spec }) => spec?.nodeName === node)).toEqual([]);
  await lab.kubectl('uncordon', node);
  await expectAtRest(await nodeOf());
  expect((await instance()).status?.evacuationNodeName).toBeUndefined();
}, 90_000);

test('twenty machines at once', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `many${index}`);
  await lab.declare(...names.map((name) => machine(name, 'n1')));
  await Promise.all(names.map((name) => lab.running(`default/${name}`)));
  const before = new Map(await Promise.all(names.map(async (name) => [name, await nodeOf(name)] as const)));
  await Promise.all(names.map((name) => wish(`all-${name}`, name)));
  await vi.waitFor(async () => {
    const phases = await Promise.all(names.map((name) => phaseOf(`all-${name}`)));
    expect(phases.filter((phase) => phase !== 'Succeeded')).toEqual([]);
  }, LATE);
  for (const name of names) expect(await nodeOf(name)).not.toBe(before.get(name));
  for (const name of names) await lab.reaches('default/b', await lab.address(`default/${name}`), 5000);
  await lab.expectInSync();
}, 200_000);
