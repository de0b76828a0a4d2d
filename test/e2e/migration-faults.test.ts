/** Live migrations that do not go well: each ends with one guest, at one place, and nothing left behind. */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { IpObject } from '../../src/kinds/ip.ts';
import { R } from '../support/objects.ts';
import { LATE, MigrationLab, PORTS, SOON } from '../support/migration-lab.ts';
import { isAlive } from '../support/weft.ts';

let at: MigrationLab;

beforeAll(async () => {
  at = await MigrationLab.make('x');
}, 120_000);

afterAll(async () => {
  await at?.remove();
});

describe('it does not go well', () => {
  let from = '';
  let to = '';
  beforeEach(async () => {
    from = await at.nodeOf();
    to = at.otherNode(from, await at.nodeOf('b'));
  });
  const stopped = async (box: string, name: string, action: () => Promise<unknown>) => {
    const pid = await at.lab.pidOf(box, name);
    process.kill(pid, 'SIGSTOP');
    try {
      await action();
    } finally {
      // it may have been killed with its node
      if (isAlive(pid)) process.kill(pid, 'SIGCONT');
    }
  };
  const until = (name: string, phase: string) =>
    vi.waitFor(async () => expect(await at.phaseOf(name)).toBe(phase), SOON);
  const twoChassis = () =>
    vi.waitFor(async () => {
      for (const port of PORTS)
        expect(await at.optionsOf(port)).toEqual(['activation-strategy=rarp', `requested-chassis=${from},${to}`]);
    }, SOON);

  test('cancelled while the target prepares: both ports go back to one node', async () => {
    await stopped(to, 'virt-node', async () => {
      await at.wish('cancel-early', 'a', to);
      await until('cancel-early', 'Scheduling');
      await twoChassis();
      await at.lab.kubectl('delete', 'vmim', 'cancel-early', '--wait=false');
      await vi.waitFor(async () => expect((await at.optionsOf(PORTS[0])).length).toBe(1), SOON);
    });
    await vi.waitFor(async () => expect((await at.lab.kubectl('get', 'vmim', 'cancel-early')).code).toBe(1), SOON);
    await at.expectAtRest(from);
  });

  test('cancelled when the target is ready and the source has not begun', async () => {
    await stopped(from, 'virt-node', async () => {
      await at.wish('cancel-late', 'a', to);
      await until('cancel-late', 'TargetReady');
      await twoChassis();
      // prepared at the target, and silent: packets still go by the source only
      expect(await at.pinging(at.addresses[0]!, 300)).toEqual({ lost: 0, twice: [] });
      await at.lab.kubectl('delete', 'vmim', 'cancel-late', '--wait=false');
      await vi.waitFor(async () => expect((await at.optionsOf(PORTS[0])).length).toBe(1), SOON);
    });
    await vi.waitFor(async () => expect((await at.lab.kubectl('get', 'vmim', 'cancel-late')).code).toBe(1), SOON);
    expect((await at.instance()).status?.migrationState).toMatchObject({ failed: true, abortStatus: 'Succeeded' });
    await at.expectAtRest(from);
  });

  test('the target pod is deleted when it is ready: the machine stays', async () => {
    await stopped(from, 'virt-node', async () => {
      await at.wish('target-deleted', 'a', to);
      await until('target-deleted', 'TargetReady');
      const target = (await at.instance()).status?.migrationState?.targetPod ?? '';
      await at.lab.kubectl('delete', 'pod', target, '--wait=false');
      await until('target-deleted', 'Failed');
    });
    await at.expectAtRest(from);
  });

  test('the target node dies before it is ready: called off, the machine stays; the node comes back and has nothing of it', async () => {
    await stopped(to, 'virt-node', async () => {
      await at.wish('target-dies', 'a', to);
      await until('target-dies', 'Scheduling');
      await twoChassis();
      await at.lab.ok('lab', 'node', 'kill', to);
    });
    await at.lab.kubectl('delete', 'vmim', 'target-dies', '--wait=false');
    await vi.waitFor(async () => expect((await at.optionsOf(PORTS[0])).length).toBe(1), SOON);
    await at.lab.ok('lab', 'node', 'start', to);
    await at.expectAtRest(from);
  }, 60_000);

  test('the controller is away from before the cut-over until after it: packets pass all the same', async () => {
    const controller = await at.lab.pidOf('central', 'controller');
    await stopped(from, 'virt-node', async () => {
      await at.wish('alone', 'a', to);
      await until('alone', 'TargetReady');
      await twoChassis();
      process.kill(controller, 'SIGSTOP');
    });
    try {
      await until('alone', 'Succeeded');
      await vi.waitFor(
        async () =>
          expect((await at.pods()).find(({ spec }) => spec?.nodeName === from)?.status?.phase).toBe('Succeeded'),
        SOON,
      );
      expect((await at.optionsOf(PORTS[0])).length).toBe(2);
      for (const address of at.addresses) await at.lab.reaches('default/b', address, 3000);
    } finally {
      process.kill(controller, 'SIGCONT');
    }
    await at.expectAtRest(to);
  });

  test('OVN does not follow: the machine says which port is not where it belongs; when OVN follows, all is well', async () => {
    await stopped(from, 'virt-node', async () => {
      await at.wish('not-followed', 'a', to);
      await until('not-followed', 'TargetReady');
      await twoChassis();
      await stopped(to, 'ovn-controller', async () => {
        process.kill(await at.lab.pidOf(from, 'virt-node'), 'SIGCONT');
        await until('not-followed', 'Succeeded');
        const complaint = (port: string) =>
          `port ${port} belongs on ${to} only, but OVN has it on ${to} as an additional one: see that ovn-controller runs on ${to}`;
        await vi.waitFor(
          async () => expect((await at.eventsOf('a', 'PortNotMoved')).toSorted()).toEqual(PORTS.map(complaint)),
          SOON,
        );
      });
    });
    await at.expectAtRest(to);
  }, 60_000);

  test('a controller that was away while a migration ended finds its ports on two nodes, and takes that back', async () => {
    await stopped(from, 'virt-node', async () => {
      await at.wish('unseen', 'a', to);
      await until('unseen', 'TargetReady');
      await twoChassis();
      await stopped('central', 'controller', async () => {
        process.kill(await at.lab.pidOf(from, 'virt-node'), 'SIGCONT');
        await until('unseen', 'Succeeded');
        process.kill(await at.lab.pidOf('central', 'controller'), 'SIGKILL');
      });
    });
    await at.expectAtRest(to);
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
      const wanted = (await at.nodeOf()) === from ? to : from;
      await at.wish(`killing-${round}`, 'a', wanted);
      await new Promise((resolve) => setTimeout(resolve, 60 * round));
      process.kill(await at.lab.pidOf(box, name), 'SIGKILL');
      await vi.waitFor(
        async () => expect(['Succeeded', 'Failed']).toContain(await at.phaseOf(`killing-${round}`)),
        LATE,
      );
      await at.expectAtRest(await at.nodeOf());
    }
    await vi.waitFor(async () => expect((await at.lab.status()).problems).toEqual([]), LATE);
  }, 200_000);

  test('a guest that went with its node is started elsewhere; the node comes back, and its stale port gets nothing through', async () => {
    await at.lab.ok('lab', 'node', 'kill', from);
    await at.lab.kubectl('delete', 'node', from);
    await vi.waitFor(async () => {
      const { status } = await at.instance();
      expect([status?.phase, status?.nodeName === from]).toEqual(['Running', false]);
    }, LATE);
    const now = await at.nodeOf();
    await at.lab.reaches('default/b', at.addresses[0]!);
    await at.lab.ok('lab', 'node', 'start', from);
    // as if the node still had the machine: its port, with MAC and address
    const { macAddress = '', v4IpAddress = '' } =
      (await at.client.get<IpObject>(R.ips, undefined, PORTS[0])).spec ?? {};
    const stale = async (...words: readonly string[]) => at.lab.exec(from, ...words);
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
    const peer = (await at.instance('b')).status?.interfaces?.[0]?.ipAddress ?? '';
    expect(
      (await stale('ip', 'netns', 'exec', 'stale', 'ping', '-c', '3', '-i', '0.3', '-W', '1', peer)).code,
    ).not.toBe(0);
    expect(await at.pinging(at.addresses[0]!, 300)).toEqual({ lost: 0, twice: [] });
    await stale('ovs-vsctl', 'del-port', 'stale0');
    await stale('sh', '-c', 'ip link del stale0; ip netns del stale');
    await at.expectAtRest(now);
  }, 120_000);
});

test('a target that stays silent is announced by the agent, when it is said to be ready', async () => {
  const mac = '02:00:00:00:00:77';
  const port = 'silent';
  const nb = (...words: readonly string[]) => at.lab.nbctl(...words);
  // a port that is nobody's, on two nodes; and a pod of which there is only the object
  await nb('lsp-add', 'net1', port, '--', 'lsp-set-addresses', port, `${mac} 10.0.7.7`);
  await nb('lsp-set-options', port, 'requested-chassis=node1,node2', 'activation-strategy=rarp');
  await at.client.create(R.pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'silent', namespace: 'default' },
    spec: { nodeName: 'node2', containers: [{ name: 'c', image: 'x' }] },
  } as never);
  for (const node of ['node1', 'node2']) {
    await at.lab.exec(node, 'ip', 'link', 'add', 'silent0', 'type', 'veth', 'peer', 'name', 'silent1');
    await at.lab.exec(node, 'ip', 'link', 'set', 'silent0', 'up');
    const ids = { 'iface-id': port, 'attached-mac': `"${mac}"`, pod_namespace: 'default', pod_name: 'silent' };
    const settings = Object.entries(ids).map(([key, value]) => `external_ids:${key}=${value}`);
    await at.lab.exec(
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
      await at.lab.exec(
        'central',
        'ovn-sbctl',
        '--bare',
        '--columns=options',
        'find',
        'Port_Binding',
        `logical_port=${port}`,
      )
    ).stdout;
  const more = async () => (await at.bindingOf(port))[1];
  await vi.waitFor(async () => expect(await more()).not.toBe(''), SOON);
  expect(await activated()).not.toContain('additional-chassis-activated');
  await at.lab.kubectl(
    'annotate',
    'pod',
    'silent',
    'kubevirt.io/migration-target-ready-timestamp=2026-01-01T00:00:00Z',
  );
  await vi.waitFor(async () => expect(await activated()).toContain('additional-chassis-activated=node2'), SOON);
  await nb('lsp-del', port);
  for (const node of ['node1', 'node2']) {
    await at.lab.exec(node, 'ovs-vsctl', 'del-port', 'silent0');
    await at.lab.exec(node, 'ip', 'link', 'del', 'silent0');
  }
  await at.client.delete(R.pods, { namespace: 'default', name: 'silent' });
});
