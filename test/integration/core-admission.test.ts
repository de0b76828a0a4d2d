/** The API server's door with the core behind it: writes that are committed together are judged one after the other. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KubeObjectLike } from '../../src/lib/kube/client.ts';
import { KubeError } from '../../src/lib/kube/error.ts';
import { ControlPlane } from '../support/control-plane.ts';
import { R } from '../support/objects.ts';

let plane: ControlPlane;

beforeAll(async () => {
  plane = await ControlPlane.start(process.env['WEFT_ENGINE_ROOT']!);
});

afterAll(async () => {
  await plane[Symbol.asyncDispose]();
});

function subnet(name: string, cidrBlock: string): KubeObjectLike {
  const object = { apiVersion: 'kubeovn.io/v1', kind: 'Subnet', metadata: { name }, spec: { vpc: 'v', cidrBlock } };
  return object;
}

/** `created`, or the HTTP status of the refusal */
async function create(object: KubeObjectLike): Promise<string> {
  try {
    await plane.client.create(R.subnets, object);
    return 'created';
  } catch (error) {
    if (error instanceof KubeError) return `${error.code}`;
    throw error;
  }
}

test('of subnets with one CIDR that arrive at the same time, one is stored', async () => {
  const names = Array.from({ length: 8 }, (_, index) => `same-${index}`);
  const outcomes = await Promise.all(names.map((name) => create(subnet(name, '10.1.0.0/16'))));
  expect(outcomes.toSorted()).toEqual([...Array.from({ length: 7 }, () => '422'), 'created']);
});

test('what a refused or a trial write named does not stand in the way of others', async () => {
  expect(await create(subnet('bad', '10.2.0.0/99'))).toBe('422');
  expect(await create(subnet('Not_A_Name', '10.2.0.0/16'))).toBe('422');
  expect(await create(subnet('good', '10.2.0.0/16'))).toBe('created');
});

test('a CIDR is free again as soon as its subnet is deleted', async () => {
  expect(await create(subnet('first', '10.3.0.0/16'))).toBe('created');
  await plane.client.delete(R.subnets, { name: 'first' });
  expect(await create(subnet('too-early', '10.3.0.0/16'))).toBe('422');
  await plane.client.patch(R.subnets, { name: 'first' }, { metadata: { finalizers: null } });
  expect(await create(subnet('second', '10.3.0.0/16'))).toBe('created');
});
