import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Migration, virtualMachineInstanceMigrationKind as KIND } from '../../kinds/virtual-machine.ts';
import { Cluster } from '../../services/virt/cluster.fixture.ts';
import { waitForMigration } from './wait-for-migration.ts';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
});

afterAll(() => cluster.stop());

test('a migration that does not end is called off at the deadline, and the reason is told', async () => {
  const at = { namespace: 'default', name: 'move' };
  await cluster.client.create(KIND, {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstanceMigration',
    metadata: at,
    spec: { vmiName: 'web' },
  } as Migration);
  const message = 'target pod p on node2: the network is closed today';
  const conditions = [{ type: 'TargetPodReady', status: 'False', reason: 'FailedCreatePodSandBox', message }];
  await cluster.client.patch(KIND, at, { status: { phase: 'Scheduling', conditions } }, { subresource: 'status' });
  const said: string[] = [];
  const wait = waitForMigration(cluster.client, { ...at, deadline: 1, say: (text) => said.push(text) });
  await expect(wait).rejects.toThrow(
    `the migration has not ended after 1 s and is called off (Scheduling; ${message})`,
  );
  expect(said).toEqual(['Scheduling', message]);
  expect(await cluster.names(KIND)).toEqual([]);
});
