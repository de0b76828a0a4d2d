/** The default VPC, and whose machines a VPC is for, between a real API server and a real Northbound database. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Vpc } from '../../src/kinds/vpc.ts';
import type { IpObject } from '../../src/kinds/ip.ts';
import { engineRoot } from '../../src/lib/ovsdb/testing/ovsdb-server.ts';
import { ControlPlane, eventually } from '../support/control-plane.ts';
import { network, pod, R, subnet, vpc } from '../support/objects.ts';

let plane: ControlPlane;

beforeAll(async () => {
  plane = await ControlPlane.start(engineRoot());
  await plane.controller();
});

afterAll(async () => {
  await plane[Symbol.asyncDispose]();
});

const defaultVpc = () => plane.client.get<Vpc>(R.vpcs, undefined, 'ovn-cluster');
const addressOf = async (name: string) =>
  (await plane.client.list<IpObject>(R.ips)).items.find(({ spec }) => spec?.podName === name)?.spec;

async function warned(name: string, reason: string): Promise<string> {
  return eventually(async () => {
    const { items } = await plane.client.list<{
      readonly metadata: { readonly name: string };
      readonly reason: string;
      readonly message: string;
      readonly involvedObject: { readonly name: string };
    }>(R.events);
    const found = items.find((event) => event.involvedObject.name === name && event.reason === reason);
    expect(found).toBeDefined();
    return found!.message;
  });
}

test('the default VPC is there as soon as a subnet is in it, and stays as long as one is', async () => {
  await expect(defaultVpc()).rejects.toThrow(/not found/);
  const { vpc: _, ...spec } = subnet('first', '', '10.16.0.0/16').spec;
  await plane.client.create(R.subnets, { ...subnet('first', '', ''), spec });
  await eventually(async () => {
    const { status } = await defaultVpc();
    expect(status).toMatchObject({ default: true, subnets: ['first'] });
  });
  expect(await plane.ready(R.subnets, 'first')).toMatchObject({ status: 'True' });

  // it waits for its subnet, and is there again for the next one
  await plane.client.delete(R.vpcs, { name: 'ovn-cluster' });
  expect((await defaultVpc()).metadata.deletionTimestamp).toBeDefined();
  await plane.client.delete(R.subnets, { name: 'first' });
  await eventually(async () => expect(defaultVpc()).rejects.toThrow(/not found/));
  await plane.client.create(R.subnets, subnet('second', 'ovn-cluster', '10.17.0.0/16'));
  await eventually(async () => expect((await defaultVpc()).status?.subnets).toEqual(['second']));
});

test('pods of other namespaces get no address in a VPC that lists its own, until they are listed', async () => {
  await plane.client.create(R.vpcs, vpc('red', { namespaces: ['shop'] }));
  await plane.client.create(R.subnets, subnet('red-a', 'red', '10.1.0.0/24'));
  await plane.client.create(R.attachments, network('red-a', 'red-a'));
  await plane.client.create(R.pods, pod('stranger', 'red-a'));
  expect(await warned('stranger', 'NamespaceNotAllowed')).toMatch(
    /^subnet red-a is in VPC red, which is for namespaces shop: .* add namespace default to spec\.namespaces/,
  );
  expect(await addressOf('stranger')).toBeUndefined();
  await plane.client.patch(R.vpcs, { name: 'red' }, { spec: { namespaces: ['shop', 'default'] } });
  await eventually(async () => expect(await addressOf('stranger')).toMatchObject({ subnet: 'red-a' }));

  // who is in keeps its address when the namespace is taken out again
  await plane.client.patch(R.vpcs, { name: 'red' }, { spec: { namespaces: ['shop'] } });
  await plane.client.create(R.pods, pod('late', 'red-a'));
  await warned('late', 'NamespaceNotAllowed');
  expect(await addressOf('stranger')).toMatchObject({ subnet: 'red-a' });
});

test('a network that names no subnet is served by the default of its namespace', async () => {
  await plane.client.create(R.vpcs, vpc('blue', { namespaces: ['default'] }));
  await plane.client.create(R.subnets, subnet('blue-a', 'blue', '10.2.0.0/24'));
  const bare = network('bare', '');
  await plane.client.create(R.attachments, { ...bare, spec: { config: JSON.stringify({ type: 'kube-ovn' }) } });
  await plane.client.create(R.pods, pod('guest', 'bare'));
  expect(await warned('guest', 'NetworkNotReady')).toMatch(
    /no subnet serves network default\/bare: .*spec\.defaultSubnet/,
  );
  await plane.client.patch(R.vpcs, { name: 'blue' }, { spec: { defaultSubnet: 'blue-a' } });
  await eventually(async () => expect(await addressOf('guest')).toMatchObject({ subnet: 'blue-a' }));
});
