/** Who owns an interface, and what its owner may ask for. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { IpObject } from '../../src/kinds/ip.ts';
import type { KubeObject } from '../../src/kinds/object.ts';
import { engineRoot } from '../../src/lib/ovsdb/testing/ovsdb-server.ts';
import { ControlPlane, eventually, type RunningController } from '../support/control-plane.ts';
import { machine, network, pod, R, subnet, vpc } from '../support/objects.ts';

let plane: ControlPlane;
let running: RunningController;

beforeAll(async () => {
  plane = await ControlPlane.start(engineRoot());
  running = await plane.controller();
  await plane.client.create(R.vpcs, vpc('red'));
  await plane.client.create(R.subnets, subnet('net1', 'red', '10.0.0.0/24'));
  await plane.client.create(R.attachments, network('net1', 'net1'));
});

afterAll(async () => {
  await plane[Symbol.asyncDispose]();
});

const ip = (name: string) => plane.client.get<IpObject>(R.ips, undefined, `${name}.default.net1.default.ovn`);
const port = (name: string) =>
  [...running.session.cache.table('Logical_Switch_Port').rows.values()].find(
    (row) => row.name === `${name}.default.net1.default.ovn`,
  );
const annotations = async (name: string) =>
  (await plane.client.get<KubeObject>(R.pods, 'default', name)).metadata.annotations ?? {};

async function warning(kind: string, name: string): Promise<string[]> {
  const { items } = await plane.client.list<{ message: string; involvedObject: { kind: string; name: string } }>(
    R.events,
    { namespace: 'default' },
  );
  return items
    .filter(({ involvedObject }) => involvedObject.kind === kind && involvedObject.name === name)
    .map(({ message }) => message);
}

/** a plain pod with more annotations */
const wishing = (name: string, wishes: Record<string, string>) => {
  const plain = pod(name, 'net1');
  return { ...plain, metadata: { ...plain.metadata, annotations: { ...plain.metadata.annotations, ...wishes } } };
};

test('a pod with the name of a machine does not get its interface, and does not take it along when it goes', async () => {
  await plane.client.create(R.vms, machine('same', 'net1'));
  await plane.launch('same', 'net1');
  const before = await eventually(() => ip('same'));
  await plane.client.create(R.pods, pod('same', 'net1', 'node2'));
  await eventually(async () =>
    expect(await warning('Pod', 'same')).toContainEqual(
      'interface same.default.net1.default.ovn belongs to VirtualMachine default/same: rename one of the two, or delete that one',
    ),
  );
  expect(Object.keys(await annotations('same')).filter((key) => key.includes('ip_address'))).toEqual([]);
  await plane.client.delete(R.pods, { namespace: 'default', name: 'same' });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect((await ip('same')).spec).toEqual(before.spec);
  expect(port('same')?.options).toEqual({ 'requested-chassis': 'node1' });
});

test('a full or wrong wish is said on the pod and on the machine', async () => {
  await plane.client.create(R.vms, machine('wish', 'net1'));
  const { metadata } = await plane.client.create(R.vmis, {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    metadata: { name: 'wish', namespace: 'default' },
    spec: {},
  } as never);
  const launcher = wishing('virt-launcher-wish', { 'net1.default.ovn.kubernetes.io/ip_address': '10.9.9.9' });
  const owner = {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    name: 'wish',
    uid: (metadata as { uid?: string }).uid,
    controller: true,
  };
  await plane.client.create(R.pods, { ...launcher, metadata: { ...launcher.metadata, ownerReferences: [owner] } });
  await eventually(async () => {
    for (const [kind, name] of [
      ['Pod', 'virt-launcher-wish'],
      ['VirtualMachine', 'wish'],
    ] as const)
      expect(await warning(kind, name)).toContainEqual(
        expect.stringMatching(/10\.9\.9\.9 is not a usable address of 10\.0\.0\.0\/24/),
      );
  });
});

test('a static address is given; a later pod that asks for another gets that one', async () => {
  const key = 'net1.default.ovn.kubernetes.io/ip_address';
  await plane.client.create(R.pods, wishing('fixed', { [key]: '10.0.0.50' }));
  await eventually(async () => expect((await ip('fixed')).spec?.v4IpAddress).toBe('10.0.0.50'));
  // a machine keeps its interface over the change of its launcher: here the IP object outlives the pod
  await plane.client.create(R.vms, machine('moved', 'net1'));
  await plane.launch('moved', 'net1');
  await eventually(() => ip('moved'));
  await plane.client.delete(R.pods, { namespace: 'default', name: 'virt-launcher-moved' });
  const owner = {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    name: 'moved',
    uid: (await plane.client.get<KubeObject>(R.vmis, 'default', 'moved')).metadata.uid,
    controller: true,
  };
  const next = wishing('virt-launcher-moved-2', { [key]: '10.0.0.60' });
  await plane.client.create(R.pods, { ...next, metadata: { ...next.metadata, ownerReferences: [owner] } });
  await eventually(async () => {
    expect((await ip('moved')).spec?.v4IpAddress).toBe('10.0.0.60');
    expect((await annotations('virt-launcher-moved-2'))[key]).toBe('10.0.0.60');
  });
});

test('port security is on, unless it is annotated off, and follows the annotation', async () => {
  await plane.client.create(R.pods, wishing('open', { 'net1.default.ovn.kubernetes.io/port_security': 'false' }));
  await plane.client.create(R.pods, pod('shut', 'net1'));
  await eventually(() => {
    expect(port('open')).toMatchObject({
      port_security: [],
      addresses: expect.arrayContaining(['unknown']) as unknown,
    });
    expect(port('shut')?.port_security).toHaveLength(1);
  });
  await plane.client.patch(
    R.pods,
    { namespace: 'default', name: 'open' },
    { metadata: { annotations: { 'net1.default.ovn.kubernetes.io/port_security': null } } },
  );
  await eventually(() => expect(port('open')?.port_security).toHaveLength(1));
});

test('an IP object that a user made is a reservation: it stays, and its address is taken', async () => {
  await plane.client.create(R.ips, {
    apiVersion: 'kubeovn.io/v1',
    kind: 'IP',
    metadata: { name: 'later.default.net1.default.ovn' },
    spec: {
      subnet: 'net1',
      namespace: 'default',
      podName: 'later',
      v4IpAddress: '10.0.0.77',
      ipAddress: '10.0.0.77',
      macAddress: '02:00:00:00:00:77',
    },
  } as never);
  await plane.client.create(R.pods, wishing('thief', { 'net1.default.ovn.kubernetes.io/ip_address': '10.0.0.77' }));
  await eventually(async () =>
    expect(await warning('Pod', 'thief')).toContainEqual(
      expect.stringMatching(/10\.0\.0\.77 of subnet net1 is in use by later\.default/),
    ),
  );
  await plane.client.create(R.pods, pod('later', 'net1'));
  await eventually(async () =>
    expect((await annotations('later'))['net1.default.ovn.kubernetes.io/ip_address']).toBe('10.0.0.77'),
  );
});

test('a pod that no longer asks for a network does not say any more what it had there', async () => {
  await plane.client.create(R.subnets, subnet('net2', 'red', '10.0.2.0/24'));
  await plane.client.create(R.attachments, network('net2', 'net2'));
  await plane.client.create(R.vms, machine('plugged', 'net1'));
  await plane.launch('plugged', 'net1,net2');
  const launcher = 'virt-launcher-plugged';
  const ask = (more: Record<string, string>) =>
    plane.client.patch(R.pods, { namespace: 'default', name: launcher }, { metadata: { annotations: more } });
  const said = async () =>
    Object.keys(await annotations(launcher)).filter((key) => key.startsWith('net2.default.ovn.kubernetes.io/'));
  await eventually(async () => expect(await said()).toContain('net2.default.ovn.kubernetes.io/ip_address'));
  const others = { 'other.default.ovn.kubernetes.io/ip_address': '10.9.0.1', 'ovn.kubernetes.io/allocated': 'true' };
  const wish = 'net2.default.ovn.kubernetes.io/port_security';
  await ask({ ...others, [wish]: 'false', 'k8s.v1.cni.cncf.io/networks': 'net1' });
  await eventually(async () => expect(await said()).toEqual([wish]));
  expect(await annotations(launcher)).toMatchObject({ ...others, 'net1.default.ovn.kubernetes.io/allocated': 'true' });
  await ask({ 'k8s.v1.cni.cncf.io/networks': 'net1,net2' });
  await eventually(async () => expect(await said()).toContain('net2.default.ovn.kubernetes.io/ip_address'));
});
