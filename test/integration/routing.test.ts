/** Routing, between a real API server and a real Northbound database: each edit of it is one transaction, and OVN's own tool sees what it says. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KubeObject } from '../../src/kinds/object.ts';
import type { VpcSpec } from '../../src/kinds/vpc.ts';
import type { Resource } from '../../src/lib/kube/resource.ts';
import { engineRoot } from '../../src/lib/ovsdb/testing/ovsdb-server.ts';
import { ControlPlane, eventually, type RunningController } from '../support/control-plane.ts';
import { R, subnet, vpc } from '../support/objects.ts';

let plane: ControlPlane;
let running: RunningController;

beforeAll(async () => {
  plane = await ControlPlane.start(engineRoot());
  running = await plane.controller();
  for (const name of ['red', 'blue']) await plane.client.create(R.vpcs, vpc(name, { namespaces: ['default'] }));
  for (let index = 0; index < 20; index += 1)
    await plane.client.create(
      R.subnets,
      subnet(`net${index}`, index < 10 ? 'red' : 'blue', `10.${index}.0.0/24,fd00:${index}::/64`, { enableDHCP: true }),
    );
  for (let index = 0; index < 20; index += 1) await settled(R.subnets, `net${index}`);
});

afterAll(async () => {
  await plane[Symbol.asyncDispose]();
});

async function settled(resource: Resource, name: string): Promise<void> {
  await eventually(async () => {
    const { metadata } = await plane.client.get<KubeObject>(resource, undefined, name);
    expect(await plane.ready(resource, name)).toMatchObject({
      status: 'True',
      observedGeneration: metadata.generation,
    });
  });
  running.expectInSync();
}

async function nbctl(...args: readonly string[]): Promise<readonly string[]> {
  const text = await plane.northbound.run('usr/bin/ovn-nbctl', [`--db=${plane.northbound.remote}`, ...args]);
  return text.split('\n').map((line) => line.trim().replaceAll(/\s+/g, ' '));
}

/** How many transactions an edit takes until what it says is in force and nothing is left to do. */
async function transactions(edit: () => Promise<unknown>, inForce: () => Promise<void>): Promise<number> {
  const before = await running.counter('weft_nb_transactions_total');
  await edit();
  await inForce();
  return (await running.counter('weft_nb_transactions_total')) - before;
}

const patched = (spec: VpcSpec) =>
  transactions(
    () => plane.client.patch(R.vpcs, { name: 'red' }, { spec }),
    () => settled(R.vpcs, 'red'),
  );

test('static routes, by destination and by source, of the main table and of another one: one transaction for each edit', async () => {
  const routes: NonNullable<VpcSpec['staticRoutes']>[number][] = [];
  for (const [route, seen] of [
    [{ cidr: '172.16.0.0/16', nextHopIP: '10.0.0.9' }, '172.16.0.0/16 10.0.0.9 dst-ip'],
    [{ cidr: '172.16.0.0/16', nextHopIP: '10.1.0.9' }, '172.16.0.0/16 10.1.0.9 dst-ip ecmp'],
    [{ cidr: 'fd09::/48', nextHopIP: 'fd00:1::9' }, 'fd09::/48 fd00:1::9 dst-ip'],
    [{ cidr: '172.17.0.0/16', nextHopIP: '10.2.0.9', routeTable: 'other' }, '172.17.0.0/16 10.2.0.9 dst-ip'],
    [{ cidr: '192.168.0.0/24', nextHopIP: '10.3.0.9', policy: 'policySrc' }, undefined],
    [{ cidr: '192.168.9.0/24', nextHopIP: '10.3.0.9', policy: 'policySrc' }, undefined],
  ] as const) {
    routes.push(route);
    expect(await patched({ staticRoutes: [...routes] })).toBe(1);
    if (seen !== undefined) expect(await nbctl('lr-route-list', 'red')).toContain(seen);
    else
      expect(await nbctl('lr-policy-list', 'red')).toContainEqual(
        expect.stringMatching(new RegExp(`^1 ip4.src == ${route.cidr} && .* reroute 10.3.0.9`)),
      );
  }
  for (; routes.length > 0; routes.shift()) expect(await patched({ staticRoutes: routes.slice(1) })).toBe(1);
  expect((await nbctl('lr-route-list', 'red')).join('')).toBe('');
});

test('policy routes: one transaction for each that comes, changes or goes', async () => {
  const drop = { priority: 100, match: 'ip4.src == 10.0.0.0/24 && tcp.dst == 22', action: 'drop' } as const;
  const reroute = { priority: 90, match: 'udp', action: 'reroute', nextHopIP: '10.3.0.9' } as const;
  for (const policyRoutes of [[drop], [drop, reroute], [{ ...drop, action: 'allow' } as const, reroute], [reroute], []])
    expect(await patched({ policyRoutes })).toBe(1);
  expect((await nbctl('lr-policy-list', 'red')).join('')).toBe('');
});

test('a subnet that changes its route table, a VpcPeering that comes, shows another subnet, and goes: one transaction each', async () => {
  const table = (routeTable: string) =>
    transactions(
      () => plane.client.patch(R.subnets, { name: 'net3' }, { spec: { routeTable } }),
      () => settled(R.subnets, 'net3'),
    );
  expect([await table('other'), await table('')]).toEqual([1, 1]);

  const peering = (localSubnets: readonly string[]) => ({
    apiVersion: 'network.harvesterhci.io/v1beta1',
    kind: 'VpcPeering',
    metadata: { name: 'p', namespace: 'default' },
    spec: { localVpc: 'red', remoteVpc: 'blue', localSubnets },
  });
  const at = { name: 'p', namespace: 'default' };
  /** routes of blue, two families of each subnet of red */
  const routed = (subnets: number) =>
    eventually(async () => {
      expect((await nbctl('lr-route-list', 'blue')).filter((line) => line.includes('dst-ip'))).toHaveLength(
        2 * subnets,
      );
      running.expectInSync();
    });
  for (const [edit, subnets] of [
    [() => plane.client.create(R.vpcPeerings, peering(['net0'])), 1],
    [() => plane.client.patch(R.vpcPeerings, at, { spec: { localSubnets: ['net0', 'net1'] } }), 2],
    [() => plane.client.patch(R.vpcPeerings, at, { spec: { localSubnets: null } }), 10],
    [() => plane.client.delete(R.vpcPeerings, at), 0],
  ] as const)
    expect(await transactions(edit, () => routed(subnets))).toBe(1);
});
