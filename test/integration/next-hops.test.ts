/** Next hops of equal cost, between a real API server and a real Northbound database: one whose port is down is left out, also by a controller that starts. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NorthboundTables } from '../../src/core/ovn/generated/nb.ts';
import type { IpObject } from '../../src/kinds/ip.ts';
import type { Vpc } from '../../src/kinds/vpc.ts';
import { operations } from '../../src/lib/ovsdb/operations.ts';
import { engineRoot } from '../../src/lib/ovsdb/testing/ovsdb-server.ts';
import { ControlPlane, eventually, type RunningController } from '../support/control-plane.ts';
import { network, pod, R, subnet, vpc } from '../support/objects.ts';

const nb = operations<NorthboundTables>();
const HOPS = ['one', 'two'] as const;

let plane: ControlPlane;
let running: RunningController;
const addresses = new Map<string, string>();

beforeAll(async () => {
  plane = await ControlPlane.start(engineRoot());
  running = await plane.controller();
  await plane.client.create(R.vpcs, vpc('red'));
  await plane.client.create(R.subnets, subnet('net', 'red', '10.0.0.0/24'));
  await plane.client.create(R.attachments, network('net', 'net'));
  for (const name of HOPS) await plane.client.create(R.pods, pod(name, 'net'));
  await eventually(async () => {
    for (const { spec } of (await plane.client.list<IpObject>(R.ips)).items)
      addresses.set(spec?.podName ?? '', spec?.v4IpAddress ?? '');
    expect([...addresses.keys()].toSorted()).toEqual([...HOPS]);
  });
  await plane.client.patch(
    R.vpcs,
    { name: 'red' },
    { spec: { staticRoutes: HOPS.map((name) => ({ cidr: '192.0.2.0/24', nextHopIP: addresses.get(name) })) } },
  );
});

afterAll(async () => {
  await plane[Symbol.asyncDispose]();
});

/** what ovn-northd does when a node takes a port, or lets go of it */
async function report(name: (typeof HOPS)[number], up: boolean): Promise<void> {
  const port = await eventually(() => {
    const rows = [...running.session.cache.table('Logical_Switch_Port').rows.values()];
    const found = rows.find((row) => row.name.startsWith(`${name}.`));
    expect(found).toBeDefined();
    return found!;
  });
  await running.session.transact([nb.update('Logical_Switch_Port', [['_uuid', '==', port._uuid]], { up })]);
}

const nextHops = () =>
  [...running.session.cache.table('Logical_Router_Static_Route').rows.values()]
    .map(({ nexthop }) => nexthop)
    .toSorted();
const of = (...names: readonly string[]) => names.map((name) => addresses.get(name)!).toSorted();

test('a port that goes down takes its next hop with it, and brings it back', async () => {
  for (const name of HOPS) await report(name, true);
  await eventually(() => expect(nextHops()).toEqual(of('one', 'two')));
  await report('two', false);
  await eventually(() => expect(nextHops()).toEqual(of('one')));
  await eventually(async () => {
    const { status } = await plane.client.get<Vpc>(R.vpcs, undefined, 'red');
    expect(JSON.stringify(status)).toMatch(/NextHopDown.*spec\.staticRoutes\[1\]\.nextHopIP/);
  });
  await report('two', true);
  await eventually(() => expect(nextHops()).toEqual(of('one', 'two')));
});

test('a controller that starts finds a port that is down, and changes nothing', async () => {
  await report('two', false);
  await eventually(() => expect(nextHops()).toEqual(of('one')));
  await running.stop();
  running = await plane.controller();
  expect(await running.counter('weft_nb_transactions_total')).toBe(0);
  running.expectInSync();
  expect(nextHops()).toEqual(of('one'));
});
