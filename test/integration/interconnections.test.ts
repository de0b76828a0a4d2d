/** Addresses that routers of VPCs have in VLANs beside the physical gateway: given, counted, moved, taken back; and interfaces without addresses. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { IpObject } from '../../src/kinds/ip.ts';
import type { KubeObject } from '../../src/kinds/object.ts';
import type { Subnet } from '../../src/kinds/subnet.ts';
import { engineRoot } from '../../src/lib/ovsdb/testing/ovsdb-server.ts';
import { ControlPlane, eventually, type RunningController } from '../support/control-plane.ts';
import { network, pod, R, vpc } from '../support/objects.ts';

let plane: ControlPlane;
let running: RunningController;

const declared = (kind: string, name: string, spec: object) => ({
  apiVersion: 'kubeovn.io/v1',
  kind,
  metadata: { name },
  spec,
});
/** four addresses besides the gateway */
const FLOOR = {
  vpc: 'red',
  vlan: 'v200',
  cidrBlock: '172.20.200.0/29',
  gateway: '172.20.200.1',
  excludeIps: ['172.20.200.6'],
};

beforeAll(async () => {
  plane = await ControlPlane.start(engineRoot());
  running = await plane.controller();
  for (const name of ['red', 'blue']) await plane.client.create(R.vpcs, vpc(name));
  await plane.client.create(R.providerNetworks, declared('ProviderNetwork', 'phys', { defaultInterface: 'eth1' }));
  await plane.client.create(R.vlans, declared('Vlan', 'v200', { id: 200, provider: 'phys' }));
  await plane.client.create(R.subnets, declared('Subnet', 'floor', { ...FLOOR, u2oInterconnection: true }));
  await plane.client.create(R.subnets, declared('Subnet', 'bare', { vlan: 'v200' }));
  for (const name of ['floor', 'bare']) await plane.client.create(R.attachments, network(name, name));
});

afterAll(async () => {
  await plane[Symbol.asyncDispose]();
});

const OF_RED = 'u2o-interconnection.red.floor';
const ips = async () => {
  const { items } = await plane.client.list<IpObject>(R.ips);
  return Object.fromEntries(items.map(({ metadata, spec }) => [metadata.name, spec?.v4IpAddress]));
};
const floor = () => plane.client.get<Subnet>(R.subnets, undefined, 'floor');
const patch = (spec: object) => plane.client.patch(R.subnets, { name: 'floor' }, { spec });
const annotations = async (name: string) =>
  (await plane.client.get<KubeObject>(R.pods, 'default', name)).metadata.annotations ?? {};

test('an address is given, counted and said, and is no port of the switch', async () => {
  await eventually(async () =>
    expect((await floor()).status).toMatchObject({
      u2oInterconnectionIP: '172.20.200.2',
      u2oInterconnectionVPC: 'red',
      v4usingIPs: 1,
      v4availableIPs: 3,
    }),
  );
  expect(await ips()).toEqual({ [OF_RED]: '172.20.200.2' });
  const ports = [...running.session.cache.table('Logical_Switch_Port').rows.values()].map(({ name }) => name);
  expect(ports).not.toContain(OF_RED);
});

test('pods are told the router instead of the gateway, or beside it', async () => {
  await plane.client.create(R.pods, pod('p', 'floor'));
  const said = (key: string) => `floor.default.ovn.kubernetes.io/${key}`;
  await eventually(async () =>
    expect(await annotations('p')).toMatchObject({
      [said('gateway')]: '172.20.200.2',
      [said('u2o_ip_address')]: '172.20.200.2',
    }),
  );
  await patch({ u2oFeatures: { overlayOnlyRouting: true } });
  await plane.client.create(R.pods, pod('q', 'floor'));
  await eventually(async () =>
    expect(await annotations('q')).toMatchObject({
      [said('gateway')]: '172.20.200.1',
      [said('u2o_ip_address')]: '172.20.200.2',
    }),
  );
  await patch({ u2oFeatures: null });
});

test('it stays when the controller starts anew, and comes back when somebody deletes it', async () => {
  await eventually(() => running.expectInSync());
  await running.stop();
  running = await plane.controller();
  await new Promise((resolve) => setTimeout(resolve, 300));
  for (const verb of ['create', 'patch', 'delete'])
    expect([verb, await running.counter('weft_api_writes_total', `{kind="IP",verb="${verb}"}`)]).toEqual([verb, 0]);
  await plane.client.delete(R.ips, { name: OF_RED });
  await eventually(async () => expect((await ips())[OF_RED]).toMatch(/^172/));
  await eventually(async () => expect((await floor()).status?.u2oInterconnectionIP).toBe((await ips())[OF_RED]));
});

test('it becomes the one that is asked for; one that somebody has is refused', async () => {
  await patch({ u2oInterconnectionIP: '172.20.200.6' });
  await eventually(async () => expect((await ips())[OF_RED]).toBe('172.20.200.6'));
  await expect(patch({ u2oInterconnectionIP: '172.20.200.3' })).rejects.toThrow(
    /spec\.u2oInterconnectionIP: .*172\.20\.200\.3 is in use by p\.default\.floor\.default\.ovn/,
  );
});

test('it goes with what it is for, and waits for a free address when it comes back', async () => {
  await patch({ u2oInterconnection: false, u2oInterconnectionIP: null });
  await eventually(async () => {
    expect(Object.keys(await ips())).not.toContain(OF_RED);
    expect((await floor()).status?.u2oInterconnectionIP).toBe('');
  });
  for (const name of ['r', 's']) await plane.client.create(R.pods, pod(name, 'floor'));
  await eventually(async () => expect(Object.keys(await ips())).toHaveLength(4));
  await patch({ u2oInterconnection: true });
  await eventually(async () =>
    expect(await plane.ready(R.subnets, 'floor')).toMatchObject({ status: 'False', reason: 'AddressUnavailable' }),
  );
  await eventually(async () => {
    const { items } = await plane.client.list<{ message: string }>(R.events, { namespace: 'default' });
    expect(items.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/spec\.u2oInterconnection: subnet floor has no free IPv4 address/),
    );
  });
  // pods wait for the router
  await plane.client.create(R.pods, pod('t', 'floor'));
  await plane.client.delete(R.pods, { namespace: 'default', name: 'r' });
  await eventually(async () => expect(Object.keys(await ips())).toContain(OF_RED));
});

test('it moves with the subnet to another VPC', async () => {
  for (const name of ['p', 'q', 's', 't']) await plane.client.delete(R.pods, { namespace: 'default', name });
  await eventually(async () => expect(Object.keys(await ips())).toEqual([OF_RED]));
  await patch({ vpc: 'blue' });
  await eventually(async () => expect(Object.keys(await ips())).toEqual(['u2o-interconnection.blue.floor']));
  await eventually(async () => expect((await floor()).status?.u2oInterconnectionVPC).toBe('blue'));
});

test('an interface on a VLAN without prefixes has a MAC address only', async () => {
  await plane.client.create(R.pods, pod('m', 'bare'));
  const said = (key: string) => `bare.default.ovn.kubernetes.io/${key}`;
  await eventually(async () => expect(await annotations('m')).toMatchObject({ [said('allocated')]: 'true' }));
  const { spec } = await plane.client.get<IpObject>(R.ips, undefined, 'm.default.bare.default.ovn');
  expect(spec).toMatchObject({ ipAddress: '', v4IpAddress: '', v6IpAddress: '' });
  const found = await annotations('m');
  expect(found[said('mac_address')]).toBe(spec?.macAddress);
  for (const key of ['ip_address', 'cidr', 'gateway']) expect(Object.keys(found)).not.toContain(said(key));
  await eventually(() => {
    const row = [...running.session.cache.table('Logical_Switch_Port').rows.values()].find(
      ({ name }) => name === 'm.default.bare.default.ovn',
    );
    expect([row?.addresses, row?.port_security]).toEqual([[spec!.macAddress], [spec!.macAddress]]);
  });
  const wishing = pod('n', 'bare');
  await plane.client.create(R.pods, {
    ...wishing,
    metadata: {
      ...wishing.metadata,
      annotations: { ...wishing.metadata.annotations, [said('mac_address')]: '02:00:00:00:aa:01' },
    },
  });
  await eventually(async () => {
    const own = await plane.client.get<IpObject>(R.ips, undefined, 'n.default.bare.default.ovn');
    expect(own.spec?.macAddress).toBe('02:00:00:00:aa:01');
  });
});

test('nodes say by labels which physical networks they are on', async () => {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node1', labels: { rack: 'a' } } };
  await plane.client.create(R.nodes, node);
  const report = { apiVersion: 'network.harvesterhci.io/v1beta1', kind: 'NodeUnderlay', metadata: { name: 'node1' } };
  await plane.client.create(R.nodeUnderlays, report);
  const say = (ready: boolean) =>
    plane.client.patch(
      R.nodeUnderlays,
      { name: 'node1' },
      { status: { uplinks: [{ name: 'phys', bridge: 'br-phys', interface: 'eth1', mtu: 1500, ready, up: ready }] } },
      { subresource: 'status' },
    );
  const labels = async () => (await plane.client.get<KubeObject>(R.nodes, undefined, 'node1')).metadata.labels;
  await say(true);
  await eventually(async () =>
    expect(await labels()).toEqual({
      rack: 'a',
      'phys.provider-network.kubernetes.io/ready': 'true',
      'phys.provider-network.kubernetes.io/interface': 'eth1',
      'phys.provider-network.kubernetes.io/mtu': '1500',
    }),
  );
  await say(false);
  await eventually(async () => expect(await labels()).toEqual({ rack: 'a' }));
});

test('subnets that are deleted take it along', async () => {
  for (const name of ['m', 'n']) await plane.client.delete(R.pods, { namespace: 'default', name });
  for (const name of ['floor', 'bare']) await plane.client.delete(R.subnets, { name });
  await eventually(async () => {
    const { items } = await plane.client.list<Subnet>(R.subnets);
    expect(items).toEqual([]);
  });
  expect(await ips()).toEqual({});
  await eventually(() => running.expectInSync());
});

test('a physical network, its VLAN and its subnet go in whatever order they are deleted', async () => {
  await plane.client.create(R.providerNetworks, declared('ProviderNetwork', 'brief', { defaultInterface: 'eth9' }));
  await plane.client.create(R.vlans, declared('Vlan', 'v9', { id: 9, provider: 'brief' }));
  const spec = { vlan: 'v9', cidrBlock: '172.20.9.0/24', gateway: '172.20.9.1' };
  await plane.client.create(R.subnets, declared('Subnet', 'passing', spec));
  const vlan = async () =>
    (await plane.client.list<KubeObject>(R.vlans)).items.find(({ metadata }) => metadata.name === 'v9');
  await eventually(async () => expect((await vlan())?.status).toMatchObject({ subnets: ['passing'] }));
  for (const [resource, name] of [
    [R.providerNetworks, 'brief'],
    [R.vlans, 'v9'],
  ] as const)
    await plane.client.delete(resource, { name }, {});
  await eventually(async () => expect(JSON.stringify((await vlan())?.status)).toContain('its 1 subnets are gone'));
  await plane.client.delete(R.subnets, { name: 'passing' }, {});
  await eventually(async () => expect(await vlan()).toBeUndefined());
  const left = async () =>
    (await plane.client.list<KubeObject>(R.providerNetworks)).items.map(({ metadata }) => metadata.name);
  await eventually(async () => expect(await left()).not.toContain('brief'));
});
