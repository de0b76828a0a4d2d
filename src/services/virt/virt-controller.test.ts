/** The cluster's half against a real API server; what nodes would do, the tests do. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NETWORKS_ANNOTATION } from '../../core/ipam/attachments.ts';
import type { VirtualMachine, VirtualMachineInstance } from '../../kinds/virtual-machine.ts';
import type { KubeObjectLike } from '../../lib/kube/client.ts';
import { Informer } from '../../lib/kube/informer.ts';
import { Cluster } from './cluster.fixture.ts';
import { HEARTBEAT_GRACE, Nodes } from './nodes.ts';
import type { Node, Pod } from './pod.ts';
import { troublePatch } from './pod-report.ts';
import { RESOURCES } from './resources.ts';
import { timestamp } from './timestamp.ts';
import { VirtController } from './virt-controller.ts';

const SOON = { timeout: 10_000, interval: 20 };

let cluster: Cluster;
let controller: VirtController;
const log: string[] = [];

beforeEach(async () => {
  log.length = 0;
  cluster = await Cluster.start();
  for (const name of ['node1', 'node2', 'node3']) await cluster.addNode(name, { 'kubernetes.io/hostname': name });
  controller = await startController();
});

afterEach(async () => {
  await controller.stop();
  await cluster.stop();
});

async function startController(): Promise<VirtController> {
  const started = new VirtController({ client: cluster.client, log: (text) => log.push(text) });
  await started.start();
  return started;
}

const addMachine = (name: string, spec: object | null = {}, annotations: Record<string, string> = {}) =>
  cluster.create(RESOURCES.vms, name, {
    metadata: { annotations: { [NETWORKS_ANNOTATION]: 'blue', ...annotations } },
    spec,
  });
const machine = (name: string) => cluster.get<VirtualMachine>(RESOURCES.vms, name);
const instance = (name: string) => cluster.get<VirtualMachineInstance>(RESOURCES.vmis, name);
const pods = async () => (await cluster.client.list<Pod>(RESOURCES.pods)).items;
const printable = (name: string) => expect.poll(async () => (await machine(name))?.status?.printableStatus, SOON);
const readyOf = async (name: string) =>
  (await instance(name))?.status?.conditions?.find(({ type }) => type === 'Ready');

/** the launcher of a machine, once there is one that is not `before` */
async function launcherOf(name: string, before?: string): Promise<Pod> {
  let found: Pod | undefined;
  await expect
    .poll(async () => {
      found = (await pods()).find(
        ({ metadata }) => metadata.labels?.['kubevirt.io/domain'] === name && metadata.uid !== before,
      );
      return found;
    }, SOON)
    .toBeDefined();
  return found!;
}

/** what the node reports */
const report = ({ metadata }: Pod, phase: string) =>
  cluster.client.patch(RESOURCES.pods, metadata, { status: { phase } }, { subresource: 'status' });
/** what the node does when the sandbox is gone */
const release = ({ metadata }: Pod) => cluster.client.patch(RESOURCES.pods, metadata, { metadata: { finalizers: [] } });
const patchMachine = (name: string, spec: object) =>
  cluster.client.patch(RESOURCES.vms, { namespace: 'default', name }, { spec });

describe('a machine', () => {
  test('whose spec is null starts, runs and says so', async () => {
    await addMachine('web', null);
    const pod = await launcherOf('web');
    expect(pod.spec?.nodeName).toBe('node1');
    await printable('web').toBe('Starting');
    await expect
      .poll(async () => (await instance('web'))?.status, SOON)
      .toMatchObject({ phase: 'Scheduled', nodeName: 'node1' });
    await report(pod, 'Running');
    await printable('web').toBe('Running');
    expect((await machine('web'))?.status).toMatchObject({ ready: true, created: true });
  });

  test('that is halted is gone when its launcher is; started again, it has another one', async () => {
    await addMachine('web', { runStrategy: 'Always' });
    const pod = await launcherOf('web');
    await report(pod, 'Running');
    await printable('web').toBe('Running');
    await patchMachine('web', { runStrategy: 'Halted' });
    await printable('web').toBe('Stopping');
    await expect.poll(async () => (await pods())[0]?.metadata.deletionTimestamp, SOON).toBeDefined();
    expect(await instance('web')).toBeDefined();
    await release(pod);
    await printable('web').toBe('Stopped');
    expect(await instance('web')).toBeUndefined();
    await patchMachine('web', { runStrategy: 'Always' });
    expect((await launcherOf('web', pod.metadata.uid)).metadata.name).not.toBe(pod.metadata.name);
  });

  test('whose instance is forced away waits for the old launcher to end before it gets another', async () => {
    await addMachine('web');
    const pod = await launcherOf('web');
    await cluster.client.delete(RESOURCES.vmis, { namespace: 'default', name: 'web' });
    const before = await instance('web');
    await cluster.client.patch(RESOURCES.vmis, { namespace: 'default', name: 'web' }, { metadata: { finalizers: [] } });
    await expect.poll(async () => (await readyOf('web'))?.message, SOON).toMatch(/launcher of the instance before/);
    expect((await instance('web'))?.metadata.uid).not.toBe(before?.metadata.uid);
    expect(await pods()).toHaveLength(1);
    await release(pod);
    await launcherOf('web', pod.metadata.uid);
    expect(await pods()).toHaveLength(1);
  });

  test.each([
    ['failed', (pod: Pod) => report(pod, 'Failed')],
    ['was deleted', ({ metadata }: Pod) => cluster.client.delete(RESOURCES.pods, metadata)],
  ])('whose launcher %s is started anew', async (_what, harm) => {
    await addMachine('web', { runStrategy: 'Always' });
    const pod = await launcherOf('web');
    await report(pod, 'Running');
    await printable('web').toBe('Running');
    const before = (await instance('web'))?.metadata.uid;
    await harm(pod);
    await expect.poll(async () => (await pods())[0]?.metadata.deletionTimestamp, SOON).toBeDefined();
    await release(pod);
    await launcherOf('web', pod.metadata.uid);
    expect((await instance('web'))?.metadata.uid).not.toBe(before);
  });

  test('that runs once stays where it ended', async () => {
    await addMachine('web', { runStrategy: 'Once' });
    const pod = await launcherOf('web');
    await report(pod, 'Failed');
    await printable('web').toBe('Stopped');
    expect((await instance('web'))?.status?.phase).toBe('Failed');
  });

  test('is deleted with all that was made of it', async () => {
    await addMachine('web');
    const pod = await launcherOf('web');
    await cluster.client.delete(RESOURCES.vms, { namespace: 'default', name: 'web' });
    await expect.poll(async () => (await pods())[0]?.metadata.deletionTimestamp, SOON).toBeDefined();
    await release(pod);
    await expect.poll(() => cluster.names(RESOURCES.vmis), SOON).toEqual([]);
    expect(await pods()).toEqual([]);
  });

  test.each([
    ['another sort of guest', { 'weft.lab/guest': 'vmware' }, 'Invalid'],
    ['a bandwidth that is none', { 'weft.lab/guest': 'qemu', 'weft.lab/migration-bandwidth': 'fast' }, 'Invalid'],
    ['an annotation that is none', { [NETWORKS_ANNOTATION]: 'Not A Name' }, 'Invalid'],
  ])('that asks for %s says why it does not start', async (_what, annotations, reason) => {
    await addMachine('web', {}, annotations);
    await expect.poll(async () => (await readyOf('web'))?.reason, SOON).toBe(reason);
    await expect.poll(async () => (await machine('web'))?.status?.conditions?.[0]?.reason, SOON).toBe(reason);
    expect(await pods()).toEqual([]);
  });

  test.each([
    ['binding', [{ name: 'net', masquerade: {} }], 'NotImplemented', /interfaces\[0\]\.masquerade is not built yet/],
    ['interface without network', [{ name: 'lan' }], 'Invalid', /interfaces\[0\]: there is no network lan/],
  ])('with a %s that cannot be had says so', async (_what, interfaces, reason, message) => {
    const networks = [{ name: 'net', multus: { networkName: 'blue' } }];
    await addMachine('web', { template: { spec: { networks, domain: { devices: { interfaces } } } } });
    await expect.poll(async () => (await readyOf('web'))?.reason, SOON).toBe(reason);
    const said = async () => (await machine('web'))?.status?.conditions?.[0]?.message;
    await expect.poll(said, SOON).toMatch(message);
    expect(await pods()).toEqual([]);
  });

  test('whose pod is warned about, says why it does not run, also after its node has tried', async () => {
    await addMachine('web');
    const pod = await launcherOf('web');
    const { name, namespace = '', uid } = pod.metadata;
    const warn = (by: string, reason: string, message: string) =>
      cluster.client.create(RESOURCES.events, {
        metadata: { name: by, namespace },
        involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid },
        type: 'Warning',
        reportingComponent: by,
        reason,
        message,
      } as KubeObjectLike);
    await warn('weft-controller', 'NoAddress', 'subnet net1 is full');
    const ready = async () => (await machine('web'))?.status?.conditions?.[0];
    await expect.poll(ready, SOON).toMatchObject({ reason: 'NoAddress', message: 'subnet net1 is full' });
    // as a node does: the event is its condition again
    await warn('weft-virt', 'FailedCreatePodSandBox', 'the CNI says no');
    const patch = troublePatch(pod, 'the CNI says no', timestamp());
    await cluster.client.patch(RESOURCES.pods, pod.metadata, patch, { subresource: 'status' });
    const message = 'the CNI says no; subnet net1 is full';
    await expect.poll(ready, SOON).toMatchObject({ reason: 'FailedCreatePodSandBox', message });
    await report(pod, 'Running');
    await expect.poll(ready, SOON).toMatchObject({ status: 'True', reason: 'GuestRunning' });
  });

  test('a restart of the controller changes nothing', async () => {
    await addMachine('web');
    await report(await launcherOf('web'), 'Running');
    await printable('web').toBe('Running');
    const before = [await machine('web'), await instance('web'), ...(await pods())];
    await controller.stop();
    controller = await startController();
    await addMachine('other');
    await launcherOf('other');
    expect([
      await machine('web'),
      await instance('web'),
      (await pods()).find(({ metadata }) => metadata.uid === before[2]?.metadata.uid),
    ]).toEqual(before);
  });
});

test('an instance that no machine stands behind runs too', async () => {
  await cluster.client.create(RESOURCES.vmis, {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    metadata: { name: 'alone', namespace: 'default' },
    spec: { networks: [{ name: 'a', multus: { networkName: 'blue' } }] },
  } as KubeObjectLike);
  const pod = await launcherOf('alone');
  expect(pod.metadata.annotations?.[NETWORKS_ANNOTATION]).toBe(
    '[{"name":"blue","namespace":"default","interface":"podca978112ca1"}]',
  );
  expect((await instance('alone'))?.metadata.finalizers).toEqual(['foregroundDeleteVirtualMachine']);
});

describe('placement', () => {
  test('machines that are made at once spread over the nodes', async () => {
    await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => addMachine(name)));
    await expect
      .poll(
        async () => (await pods()).map(({ spec }) => spec?.nodeName ?? '').toSorted((a, b) => a.localeCompare(b)),
        SOON,
      )
      .toEqual(['node1', 'node1', 'node2', 'node2', 'node3', 'node3']);
  });

  test('a machine that fits nowhere says why, and starts when a node fits', async () => {
    await addMachine('web', { template: { spec: { nodeSelector: { disk: 'ssd' } } } });
    await printable('web').toBe('ErrorUnschedulable');
    expect((await readyOf('web'))?.message).toMatch(/^0\/3 nodes fit: node1 lacks label disk=ssd/);
    await cluster.client.patch(RESOURCES.nodes, { name: 'node3' }, { metadata: { labels: { disk: 'ssd' } } });
    expect((await launcherOf('web')).spec?.nodeName).toBe('node3');
    await expect
      .poll(async () => (await instance('web'))?.status?.conditions?.map(({ type }) => type), SOON)
      .toEqual(['Ready']);
  });

  test('machines of a node that is deleted are started elsewhere, without waiting for it', async () => {
    await addMachine('web', { runStrategy: 'Always' });
    await cluster.create(RESOURCES.pods, 'plain', {
      metadata: { annotations: { [NETWORKS_ANNOTATION]: 'blue' } },
      spec: { nodeName: 'node1', containers: [{ name: 'c', image: 'x' }] },
    });
    const pod = await launcherOf('web');
    await report(pod, 'Running');
    await printable('web').toBe('Running');
    expect(['node1', 'node2']).toContain(pod.spec?.nodeName);
    for (const name of ['node1', 'node2']) await cluster.client.delete(RESOURCES.nodes, { name });
    await expect
      .poll(
        async () =>
          (await pods()).map(({ metadata, spec }) => [metadata.labels?.['kubevirt.io/domain'], spec?.nodeName]),
        SOON,
      )
      .toEqual([['web', 'node3']]);
  });

  test('a plain pod that asks for networks gets a node; others are not ours', async () => {
    const spec = { containers: [{ name: 'c', image: 'x' }] };
    const annotations = { [NETWORKS_ANNOTATION]: 'blue' };
    await cluster.create(RESOURCES.pods, 'other', { spec });
    await cluster.create(RESOURCES.pods, 'theirs', {
      metadata: { annotations },
      spec: { ...spec, schedulerName: 'mine' },
    });
    await cluster.create(RESOURCES.pods, 'picky', {
      metadata: { annotations },
      spec: { ...spec, nodeSelector: { disk: 'ssd' } },
    });
    await cluster.create(RESOURCES.pods, 'plain', { metadata: { annotations }, spec });
    const nodeOf = async (name: string) => (await cluster.get<Pod>(RESOURCES.pods, name))?.spec?.nodeName;
    await expect.poll(() => nodeOf('plain'), SOON).toBe('node1');
    const picky = async () => (await cluster.get<Pod>(RESOURCES.pods, 'picky'))?.status?.conditions;
    await expect.poll(picky, SOON).toMatchObject([{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }]);
    expect([await nodeOf('other'), await nodeOf('theirs')]).toEqual([undefined, undefined]);
  });
});

describe('nodes that stop reporting', () => {
  const beat = async (name: string, time: string) =>
    cluster.client.patch(
      RESOURCES.nodes,
      { name },
      {
        status: { conditions: [{ type: 'Ready', status: 'True', reason: 'r', message: 'm', lastHeartbeatTime: time }] },
      },
      { subresource: 'status' },
    );
  const statusOf = async (name: string) =>
    (await cluster.get<Node>(RESOURCES.nodes, name))?.status?.conditions?.[0]?.status;

  test('are unknown after the grace, by our own clock; those that report are not', async () => {
    const nodes = new Nodes(cluster.client);
    let now = 0;
    const informer = new Informer<Node>(cluster.client, RESOURCES.nodes, {
      onChanges: (changes) => nodes.onChanges(changes as never, now),
    });
    nodes.follow(informer);
    await informer.start();
    try {
      now = HEARTBEAT_GRACE;
      await beat('node2', timestamp());
      await expect.poll(() => JSON.stringify(informer.get('node2'))).toContain('lastHeartbeatTime');
      await nodes.judge(HEARTBEAT_GRACE, timestamp());
      expect(await statusOf('node1')).toBe('True');
      await nodes.judge(HEARTBEAT_GRACE + 1, timestamp());
      expect([await statusOf('node1'), await statusOf('node2')]).toEqual(['Unknown', 'True']);
    } finally {
      await informer.stop();
    }
  });

  test('their machines are not ready, and are again when they report', async () => {
    await addMachine('web');
    const pod = await launcherOf('web');
    await report(pod, 'Running');
    await printable('web').toBe('Running');
    const name = pod.spec?.nodeName ?? '';
    const set = (status: string) =>
      cluster.client.patch(
        RESOURCES.nodes,
        { name },
        { status: { conditions: [{ type: 'Ready', status }] } },
        { subresource: 'status' },
      );
    await set('Unknown');
    await expect.poll(async () => (await readyOf('web'))?.reason, SOON).toBe('NodeNotReady');
    await set('True');
    await expect.poll(async () => (await readyOf('web'))?.reason, SOON).toBe('GuestRunning');
    expect((await launcherOf('web')).metadata.uid).toBe(pod.metadata.uid);
  });
});
