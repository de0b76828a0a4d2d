/** What a person reads who wants into a guest that is not there; the API server is real. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NETWORKS_ANNOTATION } from '../../core/ipam/attachments.ts';
import type { KubeObjectLike } from '../../lib/kube/client.ts';
import { Cluster } from '../../services/virt/cluster.fixture.ts';
import { RESOURCES } from '../../services/virt/resources.ts';
import { guestAbsence } from './guest-absence.ts';

let cluster: Cluster;

const META = { annotations: { [NETWORKS_ANNOTATION]: 'blue' } };
const SPEC = { containers: [{ name: 'c', image: 'x' }] };

beforeAll(async () => {
  cluster = await Cluster.start();
});
afterAll(() => cluster.stop());

const podIs = (name: string, status: object) =>
  cluster.client.patch(RESOURCES.pods, { namespace: 'default', name }, { status }, { subresource: 'status' });
const absence = (name: string) => guestAbsence(cluster.client, 'default', name);

test('a pod that waits for its network', async () => {
  await cluster.create(RESOURCES.pods, 'plain', { metadata: META, spec: SPEC });
  expect(await absence('plain')).toMatchObject({
    exit: 1,
    message: 'pod default/plain does not run: it is Pending; see `kubectl -n default describe pod plain`',
  });
  const conditions = [{ type: 'Ready', status: 'False', message: 'subnet net1 is full' }];
  await podIs('plain', { phase: 'Pending', conditions });
  expect((await absence('plain')).message).toMatch(/does not run: it is Pending \(subnet net1 is full\); see/);
});

test('a pod that fits no node', async () => {
  await cluster.create(RESOURCES.pods, 'picky', { metadata: META, spec: SPEC });
  await podIs('picky', { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/3 nodes fit' }] });
  expect((await absence('picky')).message).toMatch(
    /^pod default\/picky does not run: it is Pending \(0\/3 nodes fit\)/,
  );
});

test('a pod whose processes are gone', async () => {
  await cluster.create(RESOURCES.pods, 'lost', { metadata: META, spec: { ...SPEC, nodeName: 'node1' } });
  await podIs('lost', { phase: 'Running' });
  expect((await absence('lost')).message).toMatch(/^pod default\/lost cannot be entered: .* runs on node1, but its/);
});

test('a pod that is no guest', async () => {
  await cluster.create(RESOURCES.pods, 'other', { spec: SPEC });
  expect((await absence('other')).message).toBe(
    'pod default/other asks for no network, so the lab makes no guest of it',
  );
});

test('a launcher leads to its machine', async () => {
  const owner = { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachineInstance', name: 'web', uid: '1' };
  await cluster.client.create(RESOURCES.vmis, {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstance',
    metadata: { name: 'web', namespace: 'default' },
  } as KubeObjectLike);
  const { metadata } = (await cluster.get<KubeObjectLike & { readonly metadata: { readonly uid: string } }>(
    RESOURCES.vmis,
    'web',
  ))!;
  const ownerReferences = [{ ...owner, uid: metadata.uid }];
  await cluster.create(RESOURCES.pods, 'virt-launcher-web', { metadata: { ...META, ownerReferences }, spec: SPEC });
  expect((await absence('virt-launcher-web')).message).toMatch(
    /launches virtual machine web: enter that, `weft vm exec/,
  );
});

test('a machine comes before a pod of its name; one that is halted can be started', async () => {
  await cluster.create(RESOURCES.vms, 'twin', { spec: { runStrategy: 'Halted' } });
  await cluster.create(RESOURCES.pods, 'twin', { metadata: META, spec: SPEC });
  expect(await absence('twin')).toMatchObject({
    exit: 1,
    message: expect.stringMatching(
      /^virtual machine default\/twin does not run: .* `weft vm start -n default twin`/,
    ) as string,
  });
});

test('neither machine nor pod', async () => {
  expect(await absence('nobody')).toMatchObject({
    exit: 3,
    message: expect.stringMatching(/^there is no virtual machine and no pod nobody in namespace default/) as string,
  });
});
