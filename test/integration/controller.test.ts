/** The controller between a real API server and a real Northbound database. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IpObject } from '../../src/kinds/ip.ts';
import type { KubeObject } from '../../src/kinds/object.ts';
import type { Subnet } from '../../src/kinds/subnet.ts';
import type { Resource } from '../../src/lib/kube/resource.ts';
import { engineRoot } from '../../src/lib/ovsdb/testing/ovsdb-server.ts';
import { EPOCH, SupersededError } from '../../src/services/controller/epoch.ts';
import { ControlPlane, eventually, type RunningController } from '../support/control-plane.ts';
import { machine, network, pod, R, subnet, vpc } from '../support/objects.ts';

let plane: ControlPlane;
let running: RunningController;

beforeAll(async () => {
  plane = await ControlPlane.start(engineRoot());
  running = await plane.controller();
  for (const object of [vpc('red', { staticRoutes: [{ cidr: '0.0.0.0/0', nextHopIP: '10.0.0.254' }] }), vpc('blue')])
    await plane.client.create(R.vpcs, object);
  for (const object of [
    subnet('net1', 'red', '10.0.0.0/24'),
    subnet('net2', 'red', '10.0.1.0/24,fd00:1::/64'),
    subnet('twin', 'blue', '10.0.0.0/24'),
  ])
    await plane.client.create(R.subnets, object);
  for (const name of ['net1', 'net2', 'twin']) await plane.client.create(R.attachments, network(name, name));
});

afterAll(async () => {
  await plane[Symbol.asyncDispose]();
});

const ready = (resource: Resource, name: string) => plane.ready(resource, name);

const ports = (session = running.session) =>
  [...session.cache.table('Logical_Switch_Port').rows.values()].map(({ name }) => name).toSorted();

const inSync = () => running.expectInSync();
const counter = (name: string, labels = '') => running.counter(name, labels);

describe('what is declared is in force', () => {
  test('VPCs and subnets are Ready, with counters', async () => {
    await eventually(async () => {
      for (const name of ['red', 'blue']) expect(await ready(R.vpcs, name)).toMatchObject({ status: 'True' });
      for (const name of ['net1', 'net2', 'twin'])
        expect(await ready(R.subnets, name)).toMatchObject({ status: 'True' });
      const { spec, status } = await plane.client.get<Subnet>(R.subnets, undefined, 'net2');
      expect(spec).toMatchObject({ protocol: 'Dual', gateway: '10.0.1.1,fd00:1::1', provider: 'ovn' });
      expect(status).toMatchObject({ v4availableIPs: 253, v4usingIPs: 0, v6availableIPs: 18446744073709551613n });
    });
    inSync();
  });

  test('a machine: one IP object, one patch of its pod, one transaction', async () => {
    await eventually(inSync);
    const before = {
      transactions: await counter('weft_nb_transactions_total'),
      operations: await counter('weft_nb_operations_total'),
      ips: await counter('weft_api_writes_total', '{kind="IP",verb="create"}'),
      pods: await counter('weft_api_writes_total', '{kind="Pod",verb="patch"}'),
    };
    await plane.client.create(R.vms, machine('vm1', 'net1'));
    await plane.launch('vm1', 'net1');
    const annotations = await eventually(async () => {
      const { metadata } = await plane.client.get<KubeObject>(R.pods, 'default', 'virt-launcher-vm1');
      expect(metadata.annotations?.['net1.default.ovn.kubernetes.io/routed']).toBe('true');
      return metadata.annotations!;
    });
    const ip = await plane.client.get<IpObject>(R.ips, undefined, 'vm1.default.net1.default.ovn');
    expect(ip.spec).toMatchObject({
      podName: 'vm1',
      namespace: 'default',
      subnet: 'net1',
      nodeName: 'node1',
      v4IpAddress: '10.0.0.2',
      podType: 'VirtualMachine',
    });
    expect(annotations).toMatchObject({
      'net1.default.ovn.kubernetes.io/ip_address': '10.0.0.2',
      'net1.default.ovn.kubernetes.io/mac_address': ip.spec!.macAddress,
      'net1.default.ovn.kubernetes.io/cidr': '10.0.0.0/24',
      'net1.default.ovn.kubernetes.io/gateway': '10.0.0.1',
      'net1.default.ovn.kubernetes.io/logical_switch': 'net1',
      'net1.default.ovn.kubernetes.io/logical_router': 'red',
      'net1.default.ovn.kubernetes.io/virtualmachine': 'vm1',
    });
    const port = await eventually(() => {
      const found = [...running.session.cache.table('Logical_Switch_Port').rows.values()].find(
        ({ name }) => name === ip.metadata.name,
      );
      expect(found).toBeDefined();
      return found!;
    });
    const address = `${ip.spec!.macAddress} 10.0.0.2`;
    expect(port).toMatchObject({
      addresses: [address],
      port_security: [address],
      options: { 'requested-chassis': 'node1' },
      external_ids: { vendor: 'kube-ovn', ls: 'net1', pod: 'default/vm1', 'weft-owner': `IP/${ip.metadata.name}` },
    });
    inSync();
    expect(await counter('weft_nb_transactions_total')).toBe(before.transactions + 1);
    expect(await counter('weft_nb_operations_total')).toBe(before.operations + 2);
    expect(await counter('weft_api_writes_total', '{kind="IP",verb="create"}')).toBe(before.ips + 1);
    expect(await counter('weft_api_writes_total', '{kind="Pod",verb="patch"}')).toBe(before.pods + 1);
  });

  test('dual stack; the same address in another VPC; several networks', async () => {
    await plane.launch('vm2', 'net2,twin', 'node2');
    await eventually(async () => {
      const [dual, twin] = await Promise.all(
        ['net2', 'twin'].map((name) => plane.client.get<IpObject>(R.ips, undefined, `vm2.default.${name}.default.ovn`)),
      );
      expect(dual?.spec).toMatchObject({
        ipAddress: '10.0.1.2,fd00:1::2',
        v4IpAddress: '10.0.1.2',
        v6IpAddress: 'fd00:1::2',
      });
      expect(twin?.spec).toMatchObject({ v4IpAddress: '10.0.0.2', subnet: 'twin' });
      inSync();
    });
  });

  test('ovn-nbctl, an independent reader, sees the same', async () => {
    const show = async (...args: string[]) =>
      (await plane.northbound.run('usr/bin/ovn-nbctl', [`--db=${plane.northbound.remote}`, ...args])).trim();
    expect((await show('--bare', '--columns=name', 'list', 'Logical_Router')).split(/\s+/).toSorted()).toEqual([
      'blue',
      'red',
    ]);
    expect((await show('lr-route-list', 'red')).replace(/\s+/g, ' ')).toContain('0.0.0.0/0 10.0.0.254 dst-ip');
    expect(await show('lsp-get-addresses', 'vm2.default.net2.default.ovn')).toMatch(/10\.0\.1\.2 fd00:1::2$/);
    expect(await show('get', 'Logical_Router_Port', 'red-net1', 'networks')).toBe('["10.0.0.1/24"]');
    expect(await show('get', 'Logical_Router_Port', 'red-net1', 'options:gateway_mtu')).toBe('"1442"');
  });
});

describe('mistakes', () => {
  test('an unknown VPC is a condition; creating it heals', async () => {
    await plane.client.create(R.subnets, subnet('lost', 'nowhere', '10.5.0.0/24'));
    await eventually(async () =>
      expect(await ready(R.subnets, 'lost')).toMatchObject({
        status: 'False',
        reason: 'VpcNotFound',
        message: expect.stringContaining('there is no VPC "nowhere"') as string,
      }),
    );
    inSync();
    await plane.client.create(R.vpcs, vpc('nowhere'));
    await eventually(async () => expect(await ready(R.subnets, 'lost')).toMatchObject({ status: 'True' }));
  });

  test('a field that is not built yet is named', async () => {
    await plane.client.create(R.subnets, subnet('shy', 'red', '10.6.0.0/24', { enableMulticastSnoop: true }));
    await eventually(async () =>
      expect(await ready(R.subnets, 'shy')).toMatchObject({
        status: 'False',
        reason: 'NotImplemented',
        message: expect.stringContaining('spec.enableMulticastSnoop') as string,
      }),
    );
    await plane.client.patch(R.subnets, { name: 'shy' }, { spec: { enableMulticastSnoop: null } });
    await eventually(async () => expect(await ready(R.subnets, 'shy')).toMatchObject({ status: 'True' }));
  });

  test('a bad object is refused at the door, among its neighbours', async () => {
    await expect(plane.client.create(R.subnets, subnet('clash', 'red', '10.0.0.128/25'))).rejects.toThrow(
      /spec\.cidrBlock: Invalid value.*overlaps subnet net1/,
    );
    const both = await Promise.allSettled(
      ['a', 'b'].map((name) => plane.client.create(R.subnets, subnet(`race-${name}`, 'blue', '10.9.0.0/24'))),
    );
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  test('a machine on a network that does not exist says so, and starts when it does', async () => {
    await plane.launch('early', 'later');
    await eventually(async () => {
      const { items } = await plane.client.list<{ reason: string; message: string }>(R.events, {
        namespace: 'default',
      });
      expect(items).toContainEqual(
        expect.objectContaining({
          reason: 'NetworkNotReady',
          message: expect.stringContaining('network default/later does not exist') as string,
        }),
      );
    });
    await plane.client.create(R.attachments, network('later', 'net1'));
    await eventually(() => expect(ports()).toContain('early.default.later.default.ovn'));
  });

  test('an interface that cannot be in OVN says so in an event of its IP object', async () => {
    await plane.client.create(R.ips, {
      apiVersion: 'kubeovn.io/v1',
      kind: 'IP',
      metadata: { name: 'reserved.default', labels: { 'ovn.kubernetes.io/ip_reserved': 'true' } },
      spec: { subnet: 'net1', namespace: 'default', podName: 'reserved', v4IpAddress: '10.0.0.200', macAddress: '' },
    } as never);
    await eventually(async () => {
      const { items } = await plane.client.list<{ reason: string; involvedObject: { kind: string; name: string } }>(
        R.events,
        { namespace: 'default' },
      );
      expect(items).toContainEqual(
        expect.objectContaining({
          reason: 'InvalidSpec',
          involvedObject: expect.objectContaining({ kind: 'IP', name: 'reserved.default' }) as unknown,
        }),
      );
    });
    await plane.client.delete(R.ips, { name: 'reserved.default' });
  });

  test('a row of somebody else with our name stands in the way, until it is gone', async () => {
    await plane.northbound.run('usr/bin/ovn-nbctl', [
      `--db=${plane.northbound.remote}`,
      'ls-add',
      'theirs',
      '--',
      'lsp-add',
      'theirs',
      'blocked-red',
    ]);
    await plane.client.create(R.subnets, subnet('blocked', 'red', '10.7.0.0/24'));
    await eventually(async () =>
      expect(await ready(R.subnets, 'blocked')).toMatchObject({ status: 'False', reason: 'RejectedByOvn' }),
    );
    await plane.northbound.run('usr/bin/ovn-nbctl', [`--db=${plane.northbound.remote}`, 'lsp-del', 'blocked-red']);
    await eventually(async () => expect(await ready(R.subnets, 'blocked')).toMatchObject({ status: 'True' }));
    expect([...running.session.cache.table('Logical_Switch').rows.values()].map(({ name }) => name)).toContain(
      'theirs',
    );
  });
});

describe('drift', () => {
  const nbctl = (...args: string[]) =>
    plane.northbound.run('usr/bin/ovn-nbctl', [`--db=${plane.northbound.remote}`, ...args]);
  const wounds: readonly (readonly [what: string, ...command: string[]])[] = [
    ['a port is deleted', 'lsp-del', 'vm1.default.net1.default.ovn'],
    [
      'addresses of a port are edited',
      'lsp-set-addresses',
      'vm1.default.net1.default.ovn',
      '02:00:00:00:00:99 10.0.0.99',
    ],
    ['port security is cleared', 'lsp-set-port-security', 'vm1.default.net1.default.ovn'],
    ['the mark of a port is wiped', 'clear', 'Logical_Switch_Port', 'vm1.default.net1.default.ovn', 'external_ids'],
    ['a port is renamed', 'set', 'Logical_Switch_Port', 'vm1.default.net1.default.ovn', 'name=other'],
    ['a port is switched off', 'lsp-set-enabled', 'vm1.default.net1.default.ovn', 'disabled'],
    ['a router is switched off', 'set', 'Logical_Router', 'red', 'enabled=false'],
    ['a switch is deleted', 'ls-del', 'net1'],
    ['a router is deleted', 'lr-del', 'red'],
    ['options of a router are edited', 'set', 'Logical_Router', 'red', 'options:chassis=node9'],
    ['a router port is deleted', 'lrp-del', 'red-net1'],
    ['networks of a router port are edited', 'set', 'Logical_Router_Port', 'red-net1', 'networks="10.99.0.1/24"'],
    ['a static route is deleted', 'lr-route-del', 'red'],
    [
      'a static route is added as if ours',
      '--',
      '--id=@r',
      'create',
      'Logical_Router_Static_Route',
      'ip_prefix=10.8.0.0/16',
      'nexthop=10.0.0.9',
      'external_ids:weft-owner=Vpc/red',
      'external_ids:weft-key=red/old',
      '--',
      'add',
      'Logical_Router',
      'red',
      'static_routes',
      '@r',
    ],
    ['the epoch is deleted', 'remove', 'NB_Global', '.', 'external_ids', EPOCH],
  ];
  test.each(wounds)('%s', async (_, ...command) => {
    inSync();
    const epoch = running.controller.epoch.own;
    await nbctl(...command);
    await eventually(async () => {
      inSync();
      expect((await nbctl('get', 'NB_Global', '.', `external_ids:${EPOCH}`)).trim()).toBe(`"${epoch}"`);
    });
    const reader = (await nbctl('--bare', '--columns=name', 'list', 'Logical_Switch_Port'))
      .split(/\s+/)
      .filter((name) => name !== '');
    expect(reader.toSorted()).toEqual(ports());
    const before = await counter('weft_nb_transactions_total');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await counter('weft_nb_transactions_total')).toBe(before);
  });
});

describe('restart and failure', () => {
  test('a restart writes nothing but the epoch; what was damaged meanwhile is repaired', async () => {
    await eventually(inSync);
    await running.stop();
    running = await plane.controller();
    inSync();
    expect(await counter('weft_nb_transactions_total')).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 600));
    for (const kind of ['IP', 'Pod', 'Vpc', 'Subnet'])
      for (const verb of ['create', 'patch', 'delete'])
        expect([kind, verb, await counter('weft_api_writes_total', `{kind="${kind}",verb="${verb}"}`)]).toEqual([
          kind,
          verb,
          0,
        ]);
    await running.stop();
    await plane.northbound.run('usr/bin/ovn-nbctl', [
      `--db=${plane.northbound.remote}`,
      'lsp-del',
      'vm1.default.net1.default.ovn',
    ]);
    running = await plane.controller();
    inSync();
    expect(await counter('weft_nb_transactions_total')).toBe(1);
  });

  test('the Northbound server is killed in the middle of creates and comes back', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `storm${index}`);
    const creates = names.map((name) => plane.client.create(R.pods, pod(name, 'net1')));
    await new Promise((resolve) => setTimeout(resolve, 10));
    await plane.northbound.kill();
    await Promise.all(creates);
    await plane.northbound.startProcess();
    await eventually(() => {
      inSync();
      for (const name of names) expect(ports()).toContain(`${name}.default.net1.default.ovn`);
    });
    const { items } = await plane.client.list<IpObject>(R.ips);
    const addresses = items.map(({ spec }) => `${spec?.subnet} ${spec?.v4IpAddress}`);
    expect(new Set(addresses).size).toBe(addresses.length);
    for (const name of names) await plane.client.delete(R.pods, { namespace: 'default', name });
    await eventually(() => expect(ports().filter((name) => name.startsWith('storm'))).toEqual([]));
  });

  test('a controller that was replaced writes nothing when it wakes up', async () => {
    const old = running;
    running = await plane.controller();
    // the older one hears of a change as late as the newer one; neither knows of the other
    await plane.client.create(R.pods, pod('after', 'net1'));
    await eventually(() => expect(ports()).toContain('after.default.net1.default.ovn'));
    await eventually(() => expect(old.fatal[0]).toBeInstanceOf(SupersededError));
    const transactions = async () =>
      Number(
        (await old.metrics.registry.metrics())
          .split('\n')
          .find((line) => line.startsWith('weft_nb_transactions_total '))
          ?.split(' ')[1],
      );
    const before = await transactions();
    await plane.client.delete(R.pods, { namespace: 'default', name: 'after' });
    await eventually(() => expect(ports()).not.toContain('after.default.net1.default.ovn'));
    expect(await transactions()).toBe(before);
    await old.stop();
  });
});

test('stopping keeps the address; deleting everything, in any order, leaves nothing', async () => {
  await plane.client.delete(R.pods, { namespace: 'default', name: 'virt-launcher-vm1' });
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(ports()).toContain('vm1.default.net1.default.ovn');
  const { items: vpcs } = await plane.client.list<KubeObject>(R.vpcs);
  const { items: subnets } = await plane.client.list<KubeObject>(R.subnets);
  for (const { metadata } of vpcs) await plane.client.delete(R.vpcs, metadata);
  for (const { metadata } of subnets) await plane.client.delete(R.subnets, metadata);
  await eventually(async () =>
    expect(await ready(R.subnets, 'net1')).toMatchObject({
      status: 'False',
      reason: 'Deleting',
      message: expect.stringContaining('vm1.default.net1.default.ovn') as string,
    }),
  );
  await plane.client.delete(R.vms, { namespace: 'default', name: 'vm1' });
  const { items: pods } = await plane.client.list<KubeObject>(R.pods, { namespace: 'default' });
  for (const { metadata } of pods) await plane.client.delete(R.pods, metadata);
  await eventually(async () => {
    for (const resource of [R.ips, R.subnets, R.vpcs]) expect((await plane.client.list(resource)).items).toEqual([]);
    expect([...running.controller.writer.observed.ids()]).toEqual([]);
    inSync();
  });
  expect([...running.session.cache.table('Logical_Switch').rows.values()].map(({ name }) => name)).toEqual(['theirs']);
});
