/** What the controller does of a live migration: from KubeVirt's objects alone, as they appear on any cluster. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { IpObject } from '../../src/kinds/ip.ts';
import type { KubeObject } from '../../src/kinds/object.ts';
import { type Migration, virtualMachineInstanceMigrationKind } from '../../src/kinds/virtual-machine.ts';
import { engineRoot } from '../../src/lib/ovsdb/testing/ovsdb-server.ts';
import { ControlPlane, eventually, type RunningController } from '../support/control-plane.ts';
import { launcher, network, R, subnet, vpc } from '../support/objects.ts';

const PORT = 'web.default.net1.default.ovn';
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

const options = () =>
  [...running.session.cache.table('Logical_Switch_Port').rows.values()].find((row) => row.name === PORT)?.options;
const status = (resource: { readonly plural: string }, name: string, change: object) =>
  plane.client.patch(
    resource as typeof R.vmis,
    { namespace: 'default', name },
    { status: change },
    { subresource: 'status' },
  );
const pod = (name: string) => plane.client.get<KubeObject>(R.pods, 'default', name);
const ADDRESS = 'net1.default.ovn.kubernetes.io/ip_address';

test('the target pod gets the addresses of its source; the port is on both nodes until the machine has arrived, or does not come', async () => {
  await plane.launch('web', 'net1', 'node1');
  await status(R.vmis, 'web', { phase: 'Running', nodeName: 'node1' });
  await eventually(() => expect(options()).toEqual({ 'requested-chassis': 'node1' }));
  const address = await eventually(async () => (await pod('virt-launcher-web')).metadata.annotations![ADDRESS]!);
  const source = await pod('virt-launcher-web');

  const begin = async (name: string, node: string) => {
    const { metadata } = await plane.client.create<Migration>(virtualMachineInstanceMigrationKind, {
      apiVersion: 'kubevirt.io/v1',
      kind: 'VirtualMachineInstanceMigration',
      metadata: { name, namespace: 'default' },
      spec: { vmiName: 'web' },
    });
    const target = launcher('web', source.metadata.ownerReferences![0]!.uid, 'net1', node);
    const labels = { 'kubevirt.io/migrationJobUID': metadata.uid };
    await plane.client.create(R.pods, { ...target, metadata: { ...target.metadata, name: `target-${name}`, labels } });
    await eventually(() =>
      expect(options()).toEqual({ 'requested-chassis': `node1,${node}`, 'activation-strategy': 'rarp' }),
    );
    await eventually(async () => expect((await pod(`target-${name}`)).metadata.annotations?.[ADDRESS]).toBe(address));
  };
  const nodeOfIp = async () => (await plane.client.get<IpObject>(R.ips, undefined, PORT)).spec?.nodeName;

  await begin('fails', 'node2');
  expect(await nodeOfIp()).toBe('node1');
  await status(virtualMachineInstanceMigrationKind, 'fails', { phase: 'Failed' });
  await eventually(() => expect(options()).toEqual({ 'requested-chassis': 'node1' }));
  await plane.client.delete(R.pods, { namespace: 'default', name: 'target-fails' });

  await begin('succeeds', 'node3');
  await status(R.vmis, 'web', { nodeName: 'node3' });
  await eventually(() => expect(options()).toEqual({ 'requested-chassis': 'node3' }));
  await eventually(async () => expect(await nodeOfIp()).toBe('node3'));
  await status(virtualMachineInstanceMigrationKind, 'succeeds', { phase: 'Succeeded' });
  await plane.client.delete(R.pods, { namespace: 'default', name: 'virt-launcher-web' });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(options()).toEqual({ 'requested-chassis': 'node3' });
  expect((await plane.client.get<IpObject>(R.ips, undefined, PORT)).spec?.ipAddress).toBe(address);
});
