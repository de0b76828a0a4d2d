/** Evacuations against a real API server; what migrations, nodes and kubectl would do, the tests do. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Migration, VirtualMachineInstance } from '../../kinds/virtual-machine.ts';
import { Cluster } from './cluster.fixture.ts';
import { Evacuations } from './evacuations.ts';
import type { Pod } from './pod.ts';
import { RESOURCES } from './resources.ts';

const NAME = `web-${'x'.repeat(240)}`;
const KEY = `default/${NAME}`;
const KEPT = 5;

let cluster: Cluster;
let cordoned: boolean;

beforeEach(async () => {
  cluster = await Cluster.start();
  cordoned = true;
  const { metadata } = await cluster.client.create<VirtualMachineInstance>(RESOURCES.vmis, {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    metadata: { name: NAME, namespace: 'default' },
    spec: {},
  } as VirtualMachineInstance);
  await patchInstance({ phase: 'Running', nodeName: 'node1' });
  const owner = { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachineInstance', name: NAME, uid: metadata.uid };
  await cluster.create(RESOURCES.pods, 'launcher', {
    metadata: { ownerReferences: [owner] },
    spec: { nodeName: 'node1', containers: [{ name: 'compute', image: 'guest' }] },
  });
  await mark();
});

afterEach(() => cluster.stop());

const instance = async () => (await cluster.get<VirtualMachineInstance>(RESOURCES.vmis, NAME))!;
const launcher = async () => (await cluster.get<Pod>(RESOURCES.pods, 'launcher'))!;
const migrations = async () => (await cluster.client.list<Migration>(RESOURCES.migrations)).items;
const patchInstance = (status: object) =>
  cluster.client.patch(RESOURCES.vmis, { namespace: 'default', name: NAME }, { status }, { subresource: 'status' });
/** what the API server does when kubectl drain evicts the launcher */
const mark = () =>
  cluster.client.patch(
    RESOURCES.pods,
    { namespace: 'default', name: 'launcher' },
    { status: { phase: 'Running', conditions: [{ type: 'DisruptionTarget', status: 'True' }] } },
    { subresource: 'status' },
  );
const end = ({ metadata }: Migration, at: string) =>
  cluster.client.patch(
    RESOURCES.migrations,
    metadata,
    {
      status: {
        phase: 'Failed',
        phaseTransitionTimestamps: [{ phase: 'Failed', phaseTransitionTimestamp: at }],
      },
    },
    { subresource: 'status' },
  );

/** @param known what the cache has; all that there is when it is left out */
async function reconcile(now = '2026-01-01T00:00:00Z', known?: readonly Migration[]): Promise<void> {
  const [vmi, pod, all] = await Promise.all([instance(), launcher(), migrations()]);
  const evacuations = new Evacuations({
    client: cluster.client,
    instance: () => vmi,
    migrationsOf: () => known ?? all,
    launchersOf: () => [pod],
    isSchedulable: () => !cordoned,
    now: () => now,
  });
  await evacuations.reconcile(KEY);
}

const evacuationNode = async () => (await instance()).status?.evacuationNodeName;

test('there is another migration after each one that ended, however many there were and are kept', async () => {
  await reconcile();
  expect(await evacuationNode()).toBe('node1');
  const names = new Set<string>();
  for (let round = 1; round <= KEPT + 3; round++) {
    await reconcile(`2026-01-01T0${round}:00:00Z`);
    const open = (await migrations()).filter(({ status }) => status?.phase === undefined);
    expect([round, open.length]).toEqual([round, 1]);
    expect(open[0]!.metadata.name.length).toBeLessThanOrEqual(253);
    names.add(open[0]!.metadata.name);
    await end(open[0]!, `2026-01-01T0${round}:30:00Z`);
    const ended = (await migrations()).toSorted((a, b) => (endTime(a) < endTime(b) ? -1 : 1));
    for (const { metadata } of ended.slice(0, -KEPT)) await cluster.client.delete(RESOURCES.migrations, metadata);
  }
  expect(names.size).toBe(KEPT + 3);
});

const endTime = ({ status }: Migration) => status!.phaseTransitionTimestamps!.at(-1)!.phaseTransitionTimestamp;

test('with a cache that is behind, one that goes on is not made twice, and one that ended is no answer', async () => {
  await reconcile();
  await reconcile('2026-01-01T01:00:00Z', []);
  await reconcile('2026-01-01T01:00:01Z', []);
  const [only, ...more] = await migrations();
  expect(more).toEqual([]);
  await end(only!, '2026-01-01T01:00:02Z');
  await expect(reconcile('2026-01-01T02:00:00Z', [])).rejects.toThrow(/has ended/);
});

test('a node that takes machines again is not left: the wish goes, and the migration that waits', async () => {
  await reconcile();
  await reconcile();
  expect(await migrations()).toHaveLength(1);
  cordoned = false;
  for (let look = 0; look < 3; look++) await reconcile();
  expect(await migrations()).toEqual([]);
  expect(await evacuationNode()).toBeUndefined();
  expect((await instance()).status?.conditions ?? []).toEqual([]);
  await reconcile();
  expect(await evacuationNode()).toBeUndefined();
  // the next drain is heard again
  cordoned = true;
  await mark();
  await reconcile();
  expect(await evacuationNode()).toBe('node1');
});

test('a migration that has got its target goes on when the node takes machines again', async () => {
  await reconcile();
  await reconcile();
  const [only] = await migrations();
  const patch = { status: { phase: 'Scheduling' } };
  await cluster.client.patch(RESOURCES.migrations, only!.metadata, patch, { subresource: 'status' });
  cordoned = false;
  for (let look = 0; look < 3; look++) await reconcile();
  expect(await migrations()).toHaveLength(1);
  expect(await evacuationNode()).toBeUndefined();
});

test('an eviction from a node that was never cordoned moves the machine all the same', async () => {
  cordoned = false;
  for (let look = 0; look < 3; look++) await reconcile();
  expect(await evacuationNode()).toBe('node1');
  expect(await migrations()).toHaveLength(1);
  await patchInstance({ nodeName: 'node2' });
  await reconcile();
  expect(await evacuationNode()).toBeUndefined();
});
