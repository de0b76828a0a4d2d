/** What the controller makes of the Southbound's port bindings while a machine moves: real databases, written as ovn-controllers would. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { KubeObject } from '../../src/kinds/object.ts';
import { virtualMachineInstanceMigrationKind } from '../../src/kinds/virtual-machine.ts';
import { engineRoot } from '../../src/lib/ovsdb/testing/ovsdb-server.ts';
import { ControlPlane, eventually, type RunningController } from '../support/control-plane.ts';
import { launcher, machine, network, R, subnet, vpc } from '../support/objects.ts';
import { Southbound } from '../support/southbound.ts';

const PORT = 'web.default.net1.default.ovn';
let plane: ControlPlane;
let southbound: Southbound;
let running: RunningController;

beforeAll(async () => {
  plane = await ControlPlane.start(engineRoot());
  southbound = await Southbound.start(engineRoot(), ['node1', 'node2', 'node3']);
  running = await plane.controller({ southbound: southbound.server });
  await plane.client.create(R.vpcs, vpc('red'));
  await plane.client.create(R.subnets, subnet('net1', 'red', '10.0.0.0/24'));
  await plane.client.create(R.attachments, network('net1', 'net1'));
  await plane.client.create(R.vms, machine('web', 'net1'));
  await plane.launch('web', 'net1', 'node1');
  await southbound.addPort(PORT);
});

afterAll(async () => {
  await plane[Symbol.asyncDispose]();
  await southbound[Symbol.asyncDispose]();
});

const pinned = (value: string) =>
  eventually(() => {
    const rows = [...running.session.cache.table('Logical_Switch_Port').rows.values()];
    expect(rows.find(({ name }) => name === PORT)?.options['requested-chassis']).toBe(value);
  }, 15);
const instanceSays = (status: object) =>
  plane.client.patch(R.vmis, { namespace: 'default', name: 'web' }, { status }, { subresource: 'status' });
const migrations = virtualMachineInstanceMigrationKind;
const complaints = async () =>
  (await plane.client.list<KubeObject & { readonly reason: string; readonly message: string }>(R.events)).items
    .filter(({ reason }) => reason === 'PortNotMoved')
    .map(({ message }) => message);

let round = 0;
beforeEach(async () => {
  await instanceSays({ phase: 'Running', nodeName: 'node1', migrationState: null });
  await pinned('node1');
  await southbound.bind(PORT, 'node1');
  round += 1;
});

/** a migration from node1 to node2, up to the moment at which the machine has arrived and the source pod has ended */
async function arrive(): Promise<() => Promise<void>> {
  const name = `m${round}`;
  const { metadata } = await plane.client.create<KubeObject>(migrations, {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstanceMigration',
    metadata: { name, namespace: 'default' },
    spec: { vmiName: 'web' },
  });
  const owner = await plane.client.get<KubeObject>(R.vmis, 'default', 'web');
  const target = launcher('web', owner.metadata.uid ?? '', 'net1', 'node2');
  const labels = { 'kubevirt.io/migrationJobUID': metadata.uid };
  await plane.client.create(R.pods, { ...target, metadata: { ...target.metadata, name: `target-${name}`, labels } });
  await pinned('node1,node2');
  await southbound.bind(PORT, 'node1', 'node2');
  await eventually(() =>
    expect(running.controller.compiler.world.get('PortsBound', 'default/web')).toEqual({
      chassis: ['node1'],
      additional: ['node2'],
    }),
  );
  await instanceSays({
    nodeName: 'node2',
    migrationState: { migrationUid: metadata.uid, completed: true, sourceNode: 'node1', targetNode: 'node2' },
  });
  await plane.client.patch(
    migrations,
    { namespace: 'default', name },
    { status: { phase: 'Succeeded' } },
    { subresource: 'status' },
  );
  await eventually(() =>
    expect(running.controller.compiler.world.get('Placement', 'default/web')).toEqual({ node: 'node2', left: 'node1' }),
  );
  return async () => {
    await plane.client.delete(R.pods, { namespace: 'default', name: `target-${name}` });
  };
}

test('the pin is taken back when the source has let go, and not before', async () => {
  const before = await running.counter('weft_nb_transactions_total');
  const end = await arrive();
  await pinned('node1,node2');
  await southbound.bind(PORT, undefined, 'node2');
  await pinned('node2');
  await southbound.bind(PORT, 'node2');
  await eventually(() => expect(running.controller.compiler.world.get('PortsBound', 'default/web')).toBeUndefined());
  expect(await running.counter('weft_nb_transactions_total')).toBe(before + 2);
  expect(await complaints()).toEqual([]);
  await end();
});

test('a source that does not let go is not waited for for ever, and is named', async () => {
  const end = await arrive();
  await pinned('node2');
  await eventually(
    async () =>
      expect(await complaints()).toContainEqual(
        `port ${PORT} belongs on node2 only, but OVN has it on node2 as an additional one and node1: see that ovn-controller runs on node2 and on node1, or \`ovn-sbctl chassis-del node1\` if that node is gone for good`,
      ),
    20,
  );
  await southbound.bind(PORT, 'node2');
  await eventually(() => expect(plane.log).toContain(`port ${PORT} is on node2 now, and nowhere else`), 15);
  await end();
}, 60_000);

test('a controller that starts finds ports that were left on two nodes', async () => {
  await running.stop();
  await southbound.bind(PORT, 'node1', 'node3');
  await plane.northbound.run('usr/bin/ovn-nbctl', [
    `--db=${plane.northbound.remote}`,
    'lsp-set-options',
    PORT,
    'requested-chassis=node1,node3',
  ]);
  running = await plane.controller({ southbound: southbound.server });
  await pinned('node1');
  await eventually(
    async () =>
      expect(await complaints()).toContainEqual(
        expect.stringContaining('belongs on node1 only, but OVN has it on node1 and node3'),
      ),
    20,
  );
}, 60_000);
