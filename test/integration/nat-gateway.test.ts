/** What Harvester's UI writes for the way in and out, between a real API server and a real Northbound database: addresses, statuses, deletion, restart. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { IptablesEip } from '../../src/kinds/iptables-nat.ts';
import type { KubeObject } from '../../src/kinds/object.ts';
import type { Subnet } from '../../src/kinds/subnet.ts';
import type { Resource } from '../../src/lib/kube/resource.ts';
import { engineRoot } from '../../src/lib/ovsdb/testing/ovsdb-server.ts';
import { ControlPlane, eventually, type RunningController } from '../support/control-plane.ts';
import { machine, network, R, subnet, vpc } from '../support/objects.ts';

let plane: ControlPlane;
let running: RunningController;

const object = (kind: string, name: string, spec: object) => ({
  apiVersion: 'kubeovn.io/v1',
  kind,
  metadata: { name },
  spec,
});
const make = (resource: Resource, kind: string, name: string, spec: object) =>
  plane.client.create(resource, object(kind, name, spec) as never);
const read = (resource: Resource, name: string) =>
  plane.client.get<KubeObject<Record<string, unknown>, Record<string, unknown>>>(resource, undefined, name);
const statusOf = async (resource: Resource, name: string) => (await read(resource, name)).status ?? {};
const isReady = (resource: Resource, name: string) =>
  eventually(async () => expect(await plane.ready(resource, name)).toMatchObject({ status: 'True' }));
const isGone = (resource: Resource, name: string) =>
  eventually(async () => expect(await read(resource, name).catch(({ reason }) => reason)).toBe('NotFound'));
const nat = () =>
  [...running.session.cache.table('NAT').rows.values()]
    .map(({ type, external_ip: outside, logical_ip: inside }) => `${type} ${outside} ${inside}`)
    .toSorted();

beforeAll(async () => {
  plane = await ControlPlane.start(engineRoot());
  running = await plane.controller();
  for (const name of ['node1', 'node2']) {
    await plane.client.create(R.nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name } } as never);
    await plane.client.create(R.nodeUnderlays, {
      ...object('NodeUnderlay', name, {}),
      apiVersion: 'network.harvesterhci.io/v1beta1',
    } as never);
    const uplinks = [{ name: 'phys', bridge: 'br-phys', interface: 'eth1', mtu: 1500, ready: true, up: true }];
    const change = { status: { networks: [], uplinks } };
    await plane.client.patch(R.nodeUnderlays, { name }, change, { subresource: 'status' });
  }
  await make(R.providerNetworks, 'ProviderNetwork', 'phys', { defaultInterface: 'eth1' });
  await make(R.vlans, 'Vlan', 'vlan100', { id: 100, provider: 'phys' });
  await plane.client.create(R.vpcs, vpc('red', { staticRoutes: [{ cidr: '0.0.0.0/0', nextHopIP: '10.0.0.2' }] }));
  for (const it of [
    subnet('external', '', '172.20.100.0/24', { vlan: 'vlan100', gateway: '172.20.100.1' }),
    subnet('net', 'red', '10.0.0.0/24'),
  ])
    await plane.client.create(R.subnets, it);
  await plane.client.create(R.attachments, network('net', 'net'));
});

afterAll(async () => {
  await plane[Symbol.asyncDispose]();
});

test('a gateway connects its VPC, its lanIp is nobody else’s, and a route to it leads outside', async () => {
  const spec = { vpc: 'red', subnet: 'net', lanIp: '10.0.0.2', externalSubnets: ['external'], replicas: 2 };
  await make(R.vpcNatGateways, 'VpcNatGateway', 'gw', spec);
  await isReady(R.vpcNatGateways, 'gw');
  await isReady(R.vpcs, 'red');
  expect(await statusOf(R.vpcNatGateways, 'gw')).toMatchObject({
    ready: true,
    lanIp: '10.0.0.2',
    replicas: 2,
    externalSubnets: ['external'],
  });
  const { conditions } = await statusOf(R.vpcNatGateways, 'gw');
  expect(conditions).toContainEqual(
    expect.objectContaining({
      type: 'Warning',
      status: 'True',
      reason: 'NoGatewayPod',
      message: expect.stringMatching(/^spec.replicas is/) as string,
    }),
  );
  const routes = [...running.session.cache.table('Logical_Router_Static_Route').rows.values()];
  expect(routes.map(({ ip_prefix: to, nexthop }) => `${to} ${nexthop}`)).toEqual(['0.0.0.0/0 172.20.100.1']);
  await plane.client.create(R.vms, machine('vm1', 'net'));
  await plane.launch('vm1', 'net');
  await eventually(async () =>
    expect((await read(R.ips, 'vm1.default.net.default.ovn')).spec).toMatchObject({ v4IpAddress: '10.0.0.3' }),
  );
  await eventually(async () =>
    expect((await plane.client.get<Subnet>(R.subnets, undefined, 'net')).status).toMatchObject({ v4usingIPs: 2 }),
  );
});

test('addresses are given, counted and labelled; rules say what they translate', async () => {
  await make(R.iptablesEips, 'IptablesEIP', 'out', { natGwDp: 'gw' });
  await make(R.iptablesEips, 'IptablesEIP', 'vm1', {
    natGwDp: 'gw',
    externalSubnet: 'external',
    v4ip: '172.20.100.77',
  });
  await make(R.iptablesSnatRules, 'IptablesSnatRule', 'out', { eip: 'out', internalCIDR: '10.0.0.0/24' });
  await make(R.iptablesFipRules, 'IptablesFIPRule', 'vm1', { eip: 'vm1', internalIp: '10.0.0.3' });
  for (const [resource, name] of [
    [R.iptablesEips, 'out'],
    [R.iptablesEips, 'vm1'],
    [R.iptablesSnatRules, 'out'],
    [R.iptablesFipRules, 'vm1'],
  ] as const)
    await isReady(resource, name);
  // .2 is the router's own
  expect((await plane.client.get<IptablesEip>(R.iptablesEips, undefined, 'out')).spec).toEqual({
    natGwDp: 'gw',
    externalSubnet: 'external',
    v4ip: '172.20.100.3',
    v6ip: '',
    macAddress: expect.stringMatching(/^[0-9a-f:]{17}$/),
  });
  expect(nat()).toEqual(['dnat_and_snat 172.20.100.77 10.0.0.3', 'snat 172.20.100.3 10.0.0.0/24']);
  await eventually(async () => expect(await statusOf(R.iptablesEips, 'out')).toMatchObject({ nat: 'snat' }));
  expect(await statusOf(R.iptablesEips, 'out')).toMatchObject({ ready: true, ip: '172.20.100.3', redo: '' });
  expect(await statusOf(R.iptablesFipRules, 'vm1')).toMatchObject({
    ready: true,
    v4ip: '172.20.100.77',
    natGwDp: 'gw',
    internalIp: '10.0.0.3',
  });
  await eventually(async () => {
    expect((await read(R.iptablesFipRules, 'vm1')).metadata.labels).toEqual({
      'ovn.kubernetes.io/eip_v4_ip': '172.20.100.77',
      'ovn.kubernetes.io/vpc-nat-gw-name': 'gw',
    });
    expect((await read(R.iptablesEips, 'out')).metadata.labels).toEqual({
      'ovn.kubernetes.io/eip_v4_ip': '172.20.100.3',
      'ovn.kubernetes.io/subnet': 'external',
      'ovn.kubernetes.io/vpc-nat-gw-name': 'gw',
    });
    expect((await plane.client.get<Subnet>(R.subnets, undefined, 'external')).status).toMatchObject({ v4usingIPs: 3 });
  });
  running.expectInSync();
});

test('rows that somebody deletes are back; a controller that starts again writes nothing', async () => {
  await plane.northbound.run('usr/bin/ovn-nbctl', [`--db=${plane.northbound.remote}`, 'lr-nat-del', 'red']);
  await eventually(() => {
    expect(nat()).toHaveLength(2);
    running.expectInSync();
  });
  await running.stop();
  running = await plane.controller();
  running.expectInSync();
  expect(await running.counter('weft_nb_transactions_total')).toBe(0);
  await new Promise((resolve) => setTimeout(resolve, 600));
  for (const kind of ['VpcNatGateway', 'IptablesEIP', 'IptablesFIPRule', 'IptablesSnatRule', 'OvnEip', 'Subnet'])
    for (const verb of ['create', 'patch', 'delete'])
      expect([kind, verb, await running.counter('weft_api_writes_total', `{kind="${kind}",verb="${verb}"}`)]).toEqual([
        kind,
        verb,
        0,
      ]);
});

test('what is in use waits when it is deleted, in whichever order, and then all of it goes', async () => {
  await plane.client.delete(R.vpcNatGateways, { name: 'gw' }, {});
  await plane.client.delete(R.iptablesEips, { name: 'out' }, {});
  await eventually(async () => {
    expect(await plane.ready(R.vpcNatGateways, 'gw')).toMatchObject({
      reason: 'Deleting',
      message: expect.stringMatching(/IptablesEIP\/out/),
    });
    expect(await plane.ready(R.iptablesEips, 'out')).toMatchObject({
      reason: 'Deleting',
      message: expect.stringMatching(/IptablesSnatRule\/out/),
    });
  });
  // all of it is in force meanwhile
  expect(nat()).toHaveLength(2);
  await expect(make(R.iptablesEips, 'IptablesEIP', 'late', { natGwDp: 'gw' })).rejects.toThrow(/is being deleted/);
  await plane.client.delete(R.iptablesSnatRules, { name: 'out' }, {});
  await isGone(R.iptablesEips, 'out');
  await plane.client.delete(R.iptablesFipRules, { name: 'vm1' }, {});
  await plane.client.delete(R.iptablesEips, { name: 'vm1' }, {});
  await isGone(R.iptablesEips, 'vm1');
  await isGone(R.vpcNatGateways, 'gw');
  await isGone(R.ovnEips, 'red-external');
  await eventually(async () => {
    expect(nat()).toEqual([]);
    running.expectInSync();
    expect((await plane.client.get<Subnet>(R.subnets, undefined, 'external')).status).toMatchObject({ v4usingIPs: 0 });
    expect((await plane.client.get<Subnet>(R.subnets, undefined, 'net')).status).toMatchObject({ v4usingIPs: 1 });
  });
});
