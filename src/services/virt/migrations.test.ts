/** Migrations against a real API server; what nodes would do, the tests do. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NETWORKS_ANNOTATION } from '../../core/ipam/attachments.ts';
import type { Migration, VirtualMachineInstance } from '../../kinds/virtual-machine.ts';
import type { Resource } from '../../lib/kube/resource.ts';
import { Cluster } from './cluster.fixture.ts';
import { MIGRATION_LABEL, type Pod } from './pod.ts';
import { troublePatch } from './pod-report.ts';
import { RESOURCES } from './resources.ts';
import { timestamp } from './timestamp.ts';
import { VirtController } from './virt-controller.ts';

const SOON = { timeout: 10_000, interval: 20 };

let cluster: Cluster;
let controller: VirtController;

beforeEach(async () => {
  cluster = await Cluster.start();
  for (const name of ['node1', 'node2']) await cluster.addNode(name);
  controller = new VirtController({ client: cluster.client, log: () => undefined });
  await controller.start();
});

afterEach(async () => {
  await controller.stop();
  await cluster.stop();
});

const pods = async () => (await cluster.client.list<Pod>(RESOURCES.pods)).items;
const network = (name: string) => ({ name, multus: { networkName: name } });
const spec = (...names: readonly string[]) => ({
  runStrategy: 'Always',
  template: {
    spec: { networks: names.map(network), domain: { devices: { interfaces: names.map((name) => ({ name })) } } },
  },
});
const patchStatus = (resource: Resource, name: string, status: object) =>
  cluster.client.patch(resource, { namespace: 'default', name }, { status }, { subresource: 'status' });

/** machine `web` runs with these of its networks */
async function runningWith(asked: readonly string[], present: readonly string[]): Promise<void> {
  await cluster.create(RESOURCES.vms, 'web', { spec: spec(...asked) });
  await expect.poll(pods, SOON).toHaveLength(1);
  const [launcher] = await pods();
  const interfaces = present.map((name, index) => ({ name, interfaceName: `eth${index}` }));
  await patchStatus(RESOURCES.pods, launcher!.metadata.name, { phase: 'Running' });
  await expect.poll(async () => (await instance())?.status?.phase, SOON).toBe('Running');
  await patchStatus(RESOURCES.vmis, 'web', { interfaces });
}

const instance = () => cluster.get<VirtualMachineInstance>(RESOURCES.vmis, 'web');
const migration = () => cluster.get<Migration>(RESOURCES.migrations, 'move');
const targetCondition = async () =>
  (await migration())?.status?.conditions?.find(({ type }) => type === 'TargetPodReady');

async function targetOfMove(): Promise<Pod> {
  await cluster.client.create(RESOURCES.migrations, {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstanceMigration',
    metadata: { name: 'move', namespace: 'default' },
    spec: { vmiName: 'web' },
  } as Migration);
  const target = async () => (await pods()).find(({ metadata }) => metadata.labels?.[MIGRATION_LABEL]);
  await expect.poll(target, SOON).toBeDefined();
  return (await target())!;
}

test('a machine moves with the interfaces that it has; one that never came does not hold it, and is forgotten when nobody asks for it', async () => {
  await runningWith(['blue', 'nowhere'], ['blue']);
  const target = await targetOfMove();
  const asked = JSON.parse(target.metadata.annotations![NETWORKS_ANNOTATION]!) as { name: string }[];
  expect(asked.map(({ name }) => name)).toEqual(['blue']);
  await cluster.client.patch(RESOURCES.vms, { namespace: 'default', name: 'web' }, { spec: spec('blue') });
  await expect.poll(async () => (await instance())?.spec?.networks, SOON).toEqual([network('blue')]);
  expect((await instance())?.spec?.domain?.devices?.interfaces).toEqual([{ name: 'blue' }]);
});

test('what holds up the target pod stands in the migration, also what others say of it, until the pod runs', async () => {
  await runningWith(['blue'], ['blue']);
  const { metadata, ...pod } = await targetOfMove();
  const { name, uid } = metadata;
  const trouble = troublePatch({ metadata, ...pod }, 'the network is closed today', timestamp());
  await cluster.client.patch(RESOURCES.pods, metadata, trouble, { subresource: 'status' });
  await expect.poll(targetCondition, SOON).toMatchObject({
    status: 'False',
    reason: 'FailedCreatePodSandBox',
    message: expect.stringMatching(`^target pod ${name} on node[12]: the network is closed today$`) as unknown,
  });
  await cluster.client.create(RESOURCES.events, {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'why', namespace: 'default' },
    involvedObject: { kind: 'Pod', namespace: 'default', name, uid },
    type: 'Warning',
    reason: 'SubnetNotFound',
    message: 'subnet blue does not exist',
    reportingComponent: 'weft-controller',
    lastTimestamp: timestamp(),
  } as never);
  await expect
    .poll(async () => (await targetCondition())?.message, SOON)
    .toMatch(/closed today; subnet blue does not exist$/);
  await patchStatus(RESOURCES.pods, name, { phase: 'Running' });
  await expect.poll(targetCondition, SOON).toBeUndefined();
});
