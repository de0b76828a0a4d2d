/** The manifests of examples/networks do what their comments say. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Subnet } from '../../src/kinds/subnet.ts';
import { engineRoot } from '../../src/lib/ovsdb/testing/ovsdb-server.ts';
import { ControlPlane } from '../support/control-plane.ts';
import { applyExamples, networksInForce } from '../support/examples.ts';
import { R } from '../support/objects.ts';

let plane: ControlPlane;

beforeAll(async () => {
  plane = await ControlPlane.start(engineRoot());
  await plane.controller();
});

afterAll(async () => {
  await plane[Symbol.asyncDispose]();
});

test('all of them are in force, and the objects by hand are taken over as they are', async () => {
  await applyExamples(plane, 'networks');
  expect(await networksInForce(plane)).toEqual(['db', 'legacy', 'staging', 'web']);
  const legacy = await plane.client.get<Subnet>(R.subnets, undefined, 'legacy');
  expect(legacy.metadata.labels).toMatchObject({ 'network.harvesterhci.io/virtual-network': 'legacy' });
  expect(legacy.spec?.excludeIps).toContain('10.3.0.200..10.3.0.254');
});
