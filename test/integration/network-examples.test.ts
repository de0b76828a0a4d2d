/** The manifests of examples/networks do what their comments say. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apply } from '../../src/cli/demo/apply.ts';
import { readManifests } from '../../src/cli/manifest/read-manifests.ts';
import { apiKinds } from '../../src/kinds/api.ts';
import type { Condition, KubeObject } from '../../src/kinds/object.ts';
import type { Subnet } from '../../src/kinds/subnet.ts';
import type { VirtualNetwork } from '../../src/kinds/virtual-network.ts';
import { engineRoot } from '../../src/lib/ovsdb/testing/ovsdb-server.ts';
import { ControlPlane, eventually } from '../support/control-plane.ts';
import { R } from '../support/objects.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples/networks/', import.meta.url));

/** kubectl puts what says no namespace into the current one */
const placed = (object: KubeObject): KubeObject =>
  apiKinds.find(({ kind }) => kind === object.kind)?.namespaced
    ? { ...object, metadata: { namespace: 'default', ...object.metadata } }
    : object;

let plane: ControlPlane;

beforeAll(async () => {
  plane = await ControlPlane.start(engineRoot());
  await plane.controller();
});

afterAll(async () => {
  await plane[Symbol.asyncDispose]();
});

test('all of them are in force, and the objects by hand are taken over as they are', async () => {
  const files = (await readdir(EXAMPLES)).filter((file) => file.endsWith('.yaml')).toSorted();
  expect(files.length).toBeGreaterThan(3);
  for (const file of files)
    for (const object of readManifests(await readFile(EXAMPLES + file, 'utf8'), file))
      await apply(plane.client, placed(object));
  const networks = await eventually(async () => {
    const { items } = await plane.client.list<VirtualNetwork>(R.virtualNetworks);
    for (const { metadata, status } of items) {
      const conditions = (status?.conditions ?? []) as readonly Condition[];
      const ready = conditions.find(({ type }) => type === 'Ready');
      expect([metadata.name, ready?.status, ready?.message]).toEqual([metadata.name, 'True', expect.anything()]);
    }
    return items.map(({ metadata }) => metadata.name);
  });
  expect(networks.toSorted()).toEqual(['db', 'legacy', 'staging', 'web']);
  const legacy = await plane.client.get<Subnet>(R.subnets, undefined, 'legacy');
  expect(legacy.metadata.labels).toMatchObject({ 'network.harvesterhci.io/virtual-network': 'legacy' });
  expect(legacy.spec?.excludeIps).toContain('10.3.0.200..10.3.0.254');
});
