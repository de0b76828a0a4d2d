/** Live migration of namespace guests in a real lab: what the machine, its peers, the objects and the ports see of it. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Migration } from '../../src/kinds/virtual-machine.ts';
import type { SouthboundTables } from '../../src/core/ovn/generated/sb.ts';
import { OvsdbSession } from '../../src/lib/ovsdb/session.ts';
import { machine } from '../support/objects.ts';
import { LATE, MIGRATIONS, MigrationLab, PORTS, SOON } from '../support/migration-lab.ts';

let at: MigrationLab;

beforeAll(async () => {
  at = await MigrationLab.make('m');
}, 120_000);

afterAll(async () => {
  await at?.remove();
});

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
    const echo = at.lab.guest('default/a', 'timeout', '30', 'python3', '-c', ECHO);
    await vi.waitFor(
      async () => expect((await at.lab.guest('default/b', 'nc', '-z', at.addresses[0]!, '7000')).code).toBe(0),
      SOON,
    );
    const from = await at.nodeOf();
    const to = at.otherNode(from, await at.nodeOf('b'));
    const talk = at.lab.guest('default/b', 'python3', '-c', TALK, at.addresses[0]!, '8');
    const seen = await at.pinging(at.addresses[1]!, 1500, async () => {
      for (const node of [to, from, to]) {
        const report = await at.migrate('--to', node);
        expect(report).toMatchObject({ to: node });
        expect(report.ports).toEqual(PORTS.map((name) => ({ name, chassis: node, up: true })));
      }
    });
    const { code, stdout, stderr } = await talk;
    expect([code, stderr]).toEqual([0, '']);
    expect(Number(stdout)).toBeGreaterThan(300);
    // a request that is on its way to both nodes at the cut-over is answered by both: one per move at most, and never the next one too
    expect(seen.twice.length).toBeLessThanOrEqual(3);
    expect(seen.twice.filter((sequence) => seen.twice.includes(sequence + 1))).toEqual([]);
    // three moves, of some milliseconds each
    expect(seen.lost).toBeLessThan(60);
    await at.expectAtRest(to);
    const now = (await at.instance()).status!.interfaces!.flatMap(({ ipAddresses = [] }) => ipAddresses);
    expect(now).toEqual(at.addresses);
    await echo;
  });

  test('has its ports on a node that it was on or is on at every moment, as OVN says, and in the end on one', async () => {
    const southbound = (await at.lab.status()).ovn.sb;
    const session = new OvsdbSession<SouthboundTables>({
      remote: southbound,
      database: 'OVN_Southbound',
      monitor: { Port_Binding: ['logical_port', 'chassis', 'additional_chassis'] },
    });
    await session.ready();
    const seen: (readonly [port: string, nodes: number])[] = [];
    session.onUpdate(({ Port_Binding: rows = [] }) => {
      for (const { new: row } of rows)
        if (row && PORTS.includes(row.logical_port as (typeof PORTS)[number]))
          seen.push([row.logical_port, row.additional_chassis.length + (row.chassis === undefined ? 0 : 1)]);
    });
    let to = '';
    for (let round = 0; round < 4; round += 1) ({ to } = await at.migrate());
    await at.expectAtRest(to);
    await session.close();
    expect(new Set(seen.map(([port]) => port))).toEqual(new Set(PORTS));
    expect(seen.filter(([, nodes]) => nodes === 0)).toEqual([]);
    expect(await at.eventsOf('a', 'PortNotMoved')).toEqual([]);
  });

  test('is shown as KubeVirt shows it', async () => {
    const from = await at.nodeOf();
    const { migration, to } = await at.migrate();
    expect(to).not.toBe(from);
    const object = await at.client.get<Migration>(MIGRATIONS, 'default', migration);
    const { status } = await at.instance();
    const all = await at.pods();
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
      status: { phase: 'Running', podIP: at.addresses[0] },
    });
    expect(source?.spec?.nodeName).toBe(from);
    await vi.waitFor(
      async () =>
        expect((await at.pods()).find(({ metadata }) => metadata.uid === source?.metadata.uid)?.status?.phase).toBe(
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
    for (let round = 0; round < 10; round += 1) last = (await at.migrate()).to;
    await at.expectAtRest(last);
    await at.lab.expectInSync();
    const finished = (await at.client.list<Migration>(MIGRATIONS)).items.filter(
      ({ status }) => status?.phase === 'Succeeded',
    );
    expect(finished.length).toBeLessThanOrEqual(6);
    expect((await at.pods()).length).toBeLessThanOrEqual(3);
  });

  test('costs the controller two transactions and one write per pod and per NIC', async () => {
    await at.expectAtRest(await at.nodeOf());
    const before = await metrics();
    const { to } = await at.migrate();
    await at.expectAtRest(to);
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
  const { processes } = await at.lab.status();
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
    const outcome = await at.lab.weft('vm', 'migrate', ...args);
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toMatch(why);
  });

  test('to where it is, to a cordoned node, and a second wish beside the first', async () => {
    const node = await at.nodeOf();
    expect((await at.lab.weft('vm', 'migrate', 'a', '--to', node)).stderr).toMatch(/the machine runs there already/);
    const other = at.otherNode(node);
    await at.lab.kubectl('cordon', other);
    const refused = await at.lab.weft('vm', 'migrate', 'a', '--to', other);
    await at.lab.kubectl('uncordon', other);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/no node can take the machine: .*is cordoned/),
    ]);
    await Promise.all([
      at.wish('first-a'),
      new Promise((resolve) => setTimeout(resolve, 5)).then(() => at.wish('second-a')),
    ]);
    await vi.waitFor(async () => {
      const phases = await Promise.all([at.phaseOf('first-a'), at.phaseOf('second-a')]);
      expect(new Set(phases)).toEqual(new Set(['Failed', 'Succeeded']));
    }, SOON);
    await at.expectAtRest(await at.nodeOf());
  });

  test('a wish for a machine that is not there fails', async () => {
    await at.wish('for-nobody', 'nobody');
    await vi.waitFor(async () => expect(await at.phaseOf('for-nobody')).toBe('Failed'), SOON);
  });
});

test('a machine that lost its first NIC moves with the second, and gets another one where it is then', async () => {
  const template = (more: readonly object[], ...states: readonly object[]) => ({
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: { name: 'plugged', namespace: 'default' },
    spec: {
      runStrategy: 'Always',
      template: {
        spec: {
          networks: [...['n1', 'n2'].map((name) => ({ name, multus: { networkName: name } })), ...more],
          domain: { devices: { interfaces: states } },
        },
      },
    },
  });
  const devices = async () => (await at.lab.guest('default/plugged', 'ls', '/sys/class/net')).stdout.split(/\s+/);
  await at.lab.declare(template([], { name: 'n1' }, { name: 'n2' }));
  await at.lab.running('default/plugged');
  await at.lab.declare(template([], { name: 'n1', state: 'absent' }, { name: 'n2' }));
  await vi.waitFor(async () => expect(await devices()).toEqual(['eth1', 'lo']), SOON);
  const second = await vi.waitFor(async () => {
    const [only, ...more] = (await at.instance('plugged')).status?.interfaces ?? [];
    expect([only?.name, more]).toEqual(['n2', []]);
    return only?.ipAddress;
  }, SOON);
  await at.lab.reaches('default/b', second!);
  await at.lab.ok('vm', 'migrate', 'plugged');
  expect(await devices()).toEqual(['eth1', 'lo']);
  await at.lab.reaches('default/b', second!, 3000);
  // under the name that it had
  await at.lab.declare(template([], { name: 'n1' }, { name: 'n2' }));
  await vi.waitFor(async () => expect(await devices()).toEqual(['eth0', 'eth1', 'lo']), SOON);
  await at.lab.ok('vm', 'migrate', 'plugged');
  await vi.waitFor(async () => {
    const { status } = await at.instance('plugged');
    const first = status?.interfaces?.find(({ name }) => name === 'n1')?.ipAddress;
    await at.lab.reaches('default/b', first ?? '', 3000);
  }, SOON);
  await at.lab.declare(template([], { name: 'n1', state: 'absent' }, { name: 'n2' }));
  await vi.waitFor(async () => expect(await devices()).toEqual(['eth1', 'lo']), SOON);
  const again = { name: 'again', multus: { networkName: 'n1' } };
  await at.lab.declare(template([again], { name: 'n1', state: 'absent' }, { name: 'n2' }, { name: 'again' }));
  await vi.waitFor(async () => expect(await devices()).toEqual(['eth0', 'eth1', 'lo']), SOON);
  await at.lab.ok('vm', 'migrate', 'plugged');
  await vi.waitFor(async () => {
    const { status } = await at.instance('plugged');
    const addresses = status?.interfaces?.flatMap(({ ipAddresses = [] }) => ipAddresses) ?? [];
    expect(addresses).toHaveLength(3);
    for (const address of addresses) await at.lab.reaches('default/b', address, 3000);
  }, SOON);
}, 90_000);

test('a network that does not exist does not keep a machine where it is', async () => {
  const template = (...networks: readonly string[]) => ({
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachine',
    metadata: { name: 'hindered', namespace: 'default' },
    spec: {
      runStrategy: 'Always',
      template: {
        spec: {
          networks: networks.map((name) => ({ name, multus: { networkName: name } })),
          domain: { devices: { interfaces: networks.map((name) => ({ name })) } },
        },
      },
    },
  });
  await at.lab.declare(template('n1'));
  await at.lab.running('default/hindered');
  const address = (await at.instance('hindered')).status?.interfaces?.[0]?.ipAddress ?? '';
  await at.lab.declare(template('n1', 'nowhere'));
  await vi.waitFor(async () => {
    const [launcher] = await at.pods('hindered');
    expect(launcher?.metadata.annotations?.['k8s.v1.cni.cncf.io/networks']).toContain('nowhere');
  }, SOON);
  await at.lab.ok('vm', 'migrate', 'hindered');
  await at.lab.reaches('default/b', address, 3000);
  await at.lab.declare(template('n1'));
  await vi.waitFor(async () => expect((await at.instance('hindered')).spec?.networks).toHaveLength(1), SOON);
  await at.lab.ok('vm', 'migrate', 'hindered');
  await at.lab.reaches('default/b', address, 3000);
}, 90_000);

test('drain empties a node: its machines move, and only then their pods go; as often as wanted', async () => {
  const drain = (node: string) => at.lab.kubectl('drain', node, '--ignore-daemonsets', '--force', '--timeout=60s');
  const node = await at.nodeOf();
  for (let round = 0; round < 2; round++) {
    if ((await at.nodeOf()) !== node) await at.migrate('--to', node);
    const { code, stdout, stderr } = await drain(node);
    expect([code, stderr]).toEqual([0, expect.stringContaining('Eviction triggered evacuation of VMI "default/a"')]);
    expect(stdout).toContain(`node/${node} drained`);
    expect(await at.nodeOf()).not.toBe(node);
    expect((await at.pods()).filter(({ spec }) => spec?.nodeName === node)).toEqual([]);
    await at.lab.kubectl('uncordon', node);
    await at.expectAtRest(await at.nodeOf());
    expect((await at.instance()).status?.evacuationNodeName).toBeUndefined();
  }
}, 90_000);

test('uncordon ends a drain that found no other node; a machine without a network holds none up', async () => {
  const node = await at.nodeOf();
  const others = ['node1', 'node2', 'node3'].filter((name) => name !== node);
  await at.lab.declare(machine('unborn', 'missing'));
  await vi.waitFor(async () => expect(await at.pods('unborn')).toHaveLength(1), SOON);
  for (const other of others) await at.lab.kubectl('cordon', other);
  const { code } = await at.lab.kubectl('drain', node, '--ignore-daemonsets', '--force', '--timeout=5s');
  expect(code).not.toBe(0);
  expect((await at.instance()).status?.evacuationNodeName).toBe(node);
  for (const name of [node, ...others]) await at.lab.kubectl('uncordon', name);
  await vi.waitFor(async () => {
    expect((await at.instance()).status?.evacuationNodeName).toBeUndefined();
    const { items } = await at.client.list<Migration>(MIGRATIONS);
    expect(items.filter(({ status }) => !['Succeeded', 'Failed'].includes(status?.phase ?? ''))).toEqual([]);
  }, SOON);
  await at.expectAtRest(node);
  const [launcher] = await at.pods('unborn');
  const drained = await at.lab.kubectl(
    'drain',
    launcher!.spec!.nodeName,
    '--ignore-daemonsets',
    '--force',
    '--timeout=60s',
  );
  expect([drained.code, drained.stderr]).toEqual([0, expect.any(String)]);
  await at.lab.kubectl('uncordon', launcher!.spec!.nodeName);
  await at.lab.kubectl('delete', 'vm', 'unborn');
}, 90_000);

test('twenty machines at once', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `many${index}`);
  await at.lab.declare(...names.map((name) => machine(name, 'n1')));
  await Promise.all(names.map((name) => at.lab.running(`default/${name}`)));
  const before = new Map(await Promise.all(names.map(async (name) => [name, await at.nodeOf(name)] as const)));
  await Promise.all(names.map((name) => at.wish(`all-${name}`, name)));
  await vi.waitFor(async () => {
    const phases = await Promise.all(names.map((name) => at.phaseOf(`all-${name}`)));
    expect(phases.filter((phase) => phase !== 'Succeeded')).toEqual([]);
  }, LATE);
  for (const name of names) expect(await at.nodeOf(name)).not.toBe(before.get(name));
  for (const name of names) await at.lab.reaches('default/b', await at.lab.address(`default/${name}`), 5000);
  await at.lab.expectInSync();
}, 200_000);
