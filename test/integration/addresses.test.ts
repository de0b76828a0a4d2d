/** Addresses through the API: pools, reservations, wishes of machines that do not run, copies; counters that are true. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { IpObject } from '../../src/kinds/ip.ts';
import type { IpPool } from '../../src/kinds/ip-pool.ts';
import type { KubeObject } from '../../src/kinds/object.ts';
import type { Subnet } from '../../src/kinds/subnet.ts';
import type { Vip } from '../../src/kinds/vip.ts';
import type { KubeObjectLike } from '../../src/lib/kube/client.ts';
import type { Resource } from '../../src/lib/kube/resource.ts';
import { KubeError } from '../../src/lib/kube/error.ts';
import { ControlPlane, eventually, type RunningController } from '../support/control-plane.ts';
import { instance, launcher, network, pod, R, subnet, vpc } from '../support/objects.ts';

let plane: ControlPlane;
let running: RunningController;

beforeAll(async () => {
  plane = await ControlPlane.start(process.env['WEFT_ENGINE_ROOT']!);
  running = await plane.controller();
  await create(R.vpcs, vpc('v'));
  await create(R.subnets, subnet('net', 'v', '10.0.0.0/24,fd00::/64'));
  await create(R.attachments, network('blue', 'net'));
});

afterAll(async () => {
  await plane[Symbol.asyncDispose]();
});

const create = (resource: Resource, object: object) => plane.client.create(resource, object as KubeObjectLike);
const ip = (name: string) => plane.client.get<IpObject>(R.ips, undefined, name).catch(() => undefined);
/** its IPv4 address, once it has one */
const addressOf = (name: string) =>
  eventually(async () => {
    const address = (await ip(`${name}.default.blue.default.ovn`))?.spec?.v4IpAddress;
    expect(address).toMatch(/./);
    return address;
  });

const halted = (name: string, annotations: Readonly<Record<string, string>>) => ({
  apiVersion: 'kubevirt.io/v1',
  kind: 'VirtualMachine',
  metadata: { name, namespace: 'default', annotations: { 'k8s.v1.cni.cncf.io/networks': 'blue', ...annotations } },
  spec: { runStrategy: 'Halted' },
});

test('a Vip and an IP object without addresses get some, nobody else gets those, and they are free again when the objects go', async () => {
  await create(R.vips, {
    apiVersion: 'kubeovn.io/v1',
    kind: 'Vip',
    metadata: { name: 'shared' },
    spec: { subnet: 'net' },
  });
  const vip = await eventually(async () => {
    const found = await plane.client.get<Vip>(R.vips, undefined, 'shared');
    expect(found.status?.v4ip).toBeDefined();
    return found;
  });
  expect(vip).toMatchObject({
    spec: { v4ip: '10.0.0.2', v6ip: 'fd00::2' },
    status: {
      v4ip: '10.0.0.2',
      v6ip: 'fd00::2',
      mac: vip.spec?.macAddress,
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  });
  // an object without a status of its own: what is said of it must not be a reason to say it again
  const writes = () => running.counter('weft_api_writes_total', '{kind="Vip",verb="patch"}');
  const before = await writes();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await writes()).toBe(before);
  await create(R.ips, {
    apiVersion: 'kubeovn.io/v1',
    kind: 'IP',
    metadata: { name: 'later.default.blue.default.ovn' },
    spec: { subnet: 'net', namespace: 'default', podName: 'later', podType: '' },
  });
  expect(await addressOf('later')).toBe('10.0.0.3');
  await create(R.pods, pod('first', 'blue'));
  expect(await addressOf('first')).toBe('10.0.0.4');
  // the pod that the reservation was made for
  await create(R.pods, pod('later', 'blue'));
  await eventually(async () => {
    const { metadata } = await plane.client.get<KubeObject>(R.pods, 'default', 'later');
    expect(metadata.annotations).toMatchObject({ 'blue.default.ovn.kubernetes.io/ip_address': '10.0.0.3,fd00::3' });
  });
  await plane.client.delete(R.pods, { namespace: 'default', name: 'later' });
  await plane.client.delete(R.vips, { name: 'shared' });
  await create(R.pods, {
    ...pod('asker', 'blue'),
    metadata: {
      ...pod('asker', 'blue').metadata,
      annotations: { 'k8s.v1.cni.cncf.io/networks': 'blue', 'ovn.kubernetes.io/ip_address': '10.0.0.2' },
    },
  });
  expect(await addressOf('asker')).toBe('10.0.0.2');
  expect((await ip('later.default.blue.default.ovn'))?.spec?.v4IpAddress).toBe('10.0.0.3');
});

test('a pool: only who asks gets from it; its counters and those of the subnet are those of the objects', async () => {
  await create(R.ipPools, {
    apiVersion: 'kubeovn.io/v1',
    kind: 'IPPool',
    metadata: { name: 'gold' },
    spec: { subnet: 'net', ips: ['10.0.0.5..10.0.0.6'], enableAddressSet: true },
  });
  await eventually(async () => {
    const { status } = await plane.client.get<IpPool>(R.ipPools, undefined, 'gold');
    expect(status).toMatchObject({ v4AvailableIPs: 2 });
  });
  await create(R.pods, pod('plain', 'blue'));
  expect(await addressOf('plain')).toBe('10.0.0.7');
  const asking = pod('asking', 'blue');
  await create(R.pods, {
    ...asking,
    metadata: {
      ...asking.metadata,
      annotations: { ...asking.metadata.annotations, 'ovn.kubernetes.io/ip_pool': 'gold' },
    },
  });
  expect(await addressOf('asking')).toBe('10.0.0.5');
  await eventually(async () => {
    const { status } = await plane.client.get<IpPool>(R.ipPools, undefined, 'gold');
    expect(status).toMatchObject({ v4AvailableIPRange: '10.0.0.6', v4UsingIPRange: '10.0.0.5' });
  });
  const stored = (await plane.client.list<IpObject>(R.ips)).items.filter(({ spec }) => spec?.subnet === 'net');
  await eventually(async () => {
    const { status } = await plane.client.get<Subnet>(R.subnets, undefined, 'net');
    expect(status).toMatchObject({ v4usingIPs: stored.length });
  });
});

test('a pool that is for a namespace: whoever lives there gets from it, without asking, and from nowhere else', async () => {
  await create(R.subnets, subnet('small', 'v', '10.9.0.0/29'));
  await create(R.attachments, network('small', 'small'));
  await create(R.ipPools, {
    apiVersion: 'kubeovn.io/v1',
    kind: 'IPPool',
    metadata: { name: 'homes' },
    spec: { subnet: 'small', ips: ['10.9.0.5'], namespaces: ['default'] },
  });
  const at = (name: string) => `${name}.default.small.default.ovn`;
  await create(R.pods, pod('native', 'small'));
  await eventually(async () => expect((await ip(at('native')))?.spec?.v4IpAddress).toBe('10.9.0.5'));
  await create(R.pods, pod('late', 'small'));
  await eventually(async () => {
    const { items } = await plane.client.list<KubeObjectLike & { reason: string; message: string }>(R.events);
    expect(items).toContainEqual(
      expect.objectContaining({
        reason: 'AcquireAddressFailed',
        message: expect.stringContaining('IPPool homes of subnet small has no free IPv4 address') as string,
      }),
    );
  });
  // free again: who waited gets it
  await plane.client.delete(R.pods, { namespace: 'default', name: 'native' });
  await eventually(async () => expect((await ip(at('late')))?.spec?.v4IpAddress).toBe('10.9.0.5'));
});

test('a machine that does not run holds the address that it asks for; another that asks is refused with its name', async () => {
  await create(R.vms, halted('holder', { 'ovn.kubernetes.io/ip_address': '10.0.0.77' }));
  expect(await addressOf('holder')).toBe('10.0.0.77');
  const refusal = await create(R.vms, halted('thief', { 'ovn.kubernetes.io/ip_address': '10.0.0.77' })).catch(
    (error: unknown) => error,
  );
  expect(refusal).toBeInstanceOf(KubeError);
  expect((refusal as KubeError).message).toMatch(
    /10.0.0.77 is in use by holder.default.blue.default.ovn in subnet net/,
  );
  // another wish while it is stopped: the old address is free, the new one is held
  await plane.client.patch(
    R.vms,
    { namespace: 'default', name: 'holder' },
    { metadata: { annotations: { 'ovn.kubernetes.io/ip_address': '10.0.0.78' } } },
  );
  await eventually(async () =>
    expect((await ip('holder.default.blue.default.ovn'))?.spec?.v4IpAddress).toBe('10.0.0.78'),
  );
  await create(R.vms, halted('heir', { 'ovn.kubernetes.io/ip_address': '10.0.0.77' }));
  expect(await addressOf('heir')).toBe('10.0.0.77');
  // deleted while stopped: nothing is leaked
  await plane.client.delete(R.vms, { namespace: 'default', name: 'heir' });
  await eventually(async () => expect(await ip('heir.default.blue.default.ovn')).toBeUndefined());
});

test('the target pod of a migration that carries the machine’s own wish gets what the machine has', async () => {
  const wish = { 'blue.default.ovn.kubernetes.io/ip_address': '10.0.0.90' };
  await create(R.vms, { ...halted('mover', wish), spec: { runStrategy: 'Always' } });
  const { uid = '' } = (await create(R.vmis, instance('mover'))).metadata;
  const source = launcher('mover', uid, 'blue', 'node1');
  const withWish = (pod: typeof source, name: string, labels: object = {}) => ({
    ...pod,
    metadata: { ...pod.metadata, name, labels, annotations: { ...pod.metadata.annotations, ...wish } },
  });
  const told = async (name: string) =>
    expect((await plane.client.get<KubeObject>(R.pods, 'default', name)).metadata.annotations).toMatchObject({
      'blue.default.ovn.kubernetes.io/allocated': 'true',
      'blue.default.ovn.kubernetes.io/ip_address': expect.stringMatching(/^10\.0\.0\.90,fd00::/) as string,
    });
  await create(R.pods, withWish(source, 'mover-source'));
  await eventually(() => told('mover-source'));
  await create(
    R.pods,
    withWish(launcher('mover', uid, 'blue', 'node2'), 'mover-target', { 'kubevirt.io/migrationJobUID': 'job' }),
  );
  await eventually(() => told('mover-target'));
});

test('deleting a machine costs one write for each of its NICs, and at most one transaction for each', async () => {
  await create(R.subnets, subnet('second', 'v', '10.8.0.0/24'));
  await create(R.attachments, network('second', 'second'));
  await create(R.vms, {
    ...halted('counted', {
      'k8s.v1.cni.cncf.io/networks': 'blue,second',
      'ovn.kubernetes.io/mac_address': '02:00:00:00:00:99',
    }),
    spec: { runStrategy: 'Always' },
  });
  const { uid = '' } = (await create(R.vmis, instance('counted'))).metadata;
  await create(R.pods, launcher('counted', uid, 'blue,second', 'node1'));
  const ports = ['counted.default.blue.default.ovn', 'counted.default.second.default.ovn'];
  await eventually(async () => {
    for (const port of ports) expect((await ip(port))?.spec?.v4IpAddress).toBeTruthy();
    running.expectInSync();
  });
  const counts = async () => [
    await running.counter('weft_nb_transactions_total'),
    await running.counter('weft_api_writes_total', '{kind="IP",verb="delete"}'),
  ];
  const [transactions = 0, deletes = 0] = await counts();
  await plane.client.delete(R.vms, { namespace: 'default', name: 'counted' });
  await plane.client.delete(R.pods, { namespace: 'default', name: 'virt-launcher-counted' });
  await eventually(async () => {
    for (const port of ports) expect(await ip(port)).toBeUndefined();
    running.expectInSync();
  });
  expect(await counts()).toEqual([expect.toSatisfy((count: number) => count - transactions <= 2), deletes + 2]);
});

test('a copy of a machine gets its own address, and an event says which it did not keep', async () => {
  const original = await plane.client.get<KubeObjectLike>(R.vms, 'default', 'holder');
  const copy = {
    ...original,
    metadata: {
      name: 'copy',
      namespace: 'default',
      annotations: { ...(original.metadata as { annotations?: object }).annotations },
    },
  };
  await create(R.vms, copy as never);
  const stored = await plane.client.get<KubeObject>(R.vms, 'default', 'copy');
  expect(stored.metadata.annotations).not.toHaveProperty('ovn.kubernetes.io/ip_address');
  await eventually(async () => {
    const { items } = await plane.client.list<KubeObjectLike & { reason: string; message: string }>(R.events);
    expect(items).toContainEqual(
      expect.objectContaining({
        reason: 'AddressesNotCopied',
        message: expect.stringContaining('10.0.0.78 of default/holder') as string,
      }),
    );
  });
});
