/** Who may talk, between a real API server and a real Northbound database: each edit is sent, and once; what somebody else does to the rows is undone. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { apply } from '../../src/cli/demo/apply.ts';
import { readManifests } from '../../src/cli/manifest/read-manifests.ts';
import { admit } from '../../src/core/admit/admit.ts';
import type { NorthboundTables } from '../../src/core/ovn/generated/nb.ts';
import type { KubeObject } from '../../src/kinds/object.ts';
import type { Subnet } from '../../src/kinds/subnet.ts';
import { operations } from '../../src/lib/ovsdb/operations.ts';
import { engineRoot } from '../../src/lib/ovsdb/testing/ovsdb-server.ts';
import { ControlPlane, eventually, type RunningController } from '../support/control-plane.ts';
import { R, subnet, vpc } from '../support/objects.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples/isolation/', import.meta.url));
const nb = operations<NorthboundTables>();

let plane: ControlPlane;
let running: RunningController;

beforeAll(async () => {
  plane = await ControlPlane.start(engineRoot());
  running = await plane.controller();
  await plane.client.create(R.vpcs, vpc('red'));
  await plane.client.create(R.subnets, subnet('vault', 'red', '10.1.0.0/24'));
});

afterAll(async () => {
  await plane[Symbol.asyncDispose]();
});

const it = (uuid: string) => [['_uuid', '==', uuid]] as const;

const PRIVATE = { private: true, allowSubnets: ['10.0.0.0/24'], acls: null };

const table = <T extends keyof NorthboundTables>(name: T) => [...running.session.cache.table(name).rows.values()];
const keys = () => table('ACL').map(({ external_ids }) => external_ids['weft-key']!);
const allowed = () => table('Address_Set').find(({ name }) => name === 'weft_allowed4._.vault')?.addresses;
const transactions = () => running.counter('weft_nb_transactions_total');

async function edit(spec: object): Promise<void> {
  const { metadata } = await plane.client.patch<Subnet>(R.subnets, { name: 'vault' }, { spec });
  await eventually(async () =>
    expect(await plane.ready(R.subnets, 'vault')).toMatchObject({
      status: 'True',
      observedGeneration: metadata.generation,
    }),
  );
  running.expectInSync();
}

beforeEach(async () => {
  await edit(PRIVATE);
});

test('each edit is one transaction, also one that only adds to a set, or only takes away', async () => {
  expect(keys()).toHaveLength(8);
  for (const [change, rows, set] of [
    [{ allowSubnets: ['10.0.0.0/24', '172.16.0.0/12'] }, 8, ['10.0.0.0/24', '172.16.0.0/12']],
    [{ allowSubnets: ['172.16.0.0/12'] }, 8, ['172.16.0.0/12']],
    [
      { acls: [{ direction: 'to-lport', priority: 2000, match: 'tcp.dst==22', action: 'allow-related' }] },
      10,
      ['172.16.0.0/12'],
    ],
    [{ acls: null }, 8, ['172.16.0.0/12']],
    [{ private: null, allowSubnets: null }, 0, undefined],
  ] as const) {
    const before = await transactions();
    await edit(change);
    expect([keys().length, allowed()]).toEqual([rows, set]);
    expect((await transactions()) - before).toBe(1);
  }
});

test('rules turned round, renamed, taken out of the switch, a set that was emptied: all is put right', async () => {
  const drop = () => table('ACL').find(({ external_ids }) => external_ids['weft-key'] === 'vault/to-lport/2/private');
  const home = () => table('Logical_Switch').find(({ name }) => name === 'vault')!;
  const set = () => table('Address_Set').find(({ name }) => name === 'weft_allowed4._.vault')!;
  for (const damage of [
    () => nb.update('ACL', it(drop()!._uuid), { action: 'allow', priority: 0, match: '0', tier: 3 }),
    () => nb.update('ACL', it(drop()!._uuid), { name: 'mine', external_ids: {}, options: { 'log-related': 'true' } }),
    () => nb.update('Logical_Switch', it(home()._uuid), { acls: [] }),
    () => nb.update('Address_Set', it(set()._uuid), { addresses: ['0.0.0.0/0'] }),
    () => nb.delete('Address_Set', it(set()._uuid)),
  ]) {
    await running.session.transact([damage()]);
    await eventually(() => {
      running.expectInSync();
      expect(drop()).toMatchObject({ action: 'drop', match: 'ip', priority: 1000, tier: 2, name: 'vault/private' });
      expect(allowed()).toEqual(['10.0.0.0/24']);
    });
  }
});

test('a rule of somebody else in the same switch stays', async () => {
  const home = table('Logical_Switch').find(({ name }) => name === 'vault')!;
  await running.session.transact([
    nb.insert('ACL', { direction: 'to-lport', priority: 7, match: 'udp', action: 'drop' }, 'theirs'),
    nb.mutate('Logical_Switch', it(home._uuid), [['acls', 'insert', ['theirs']]]),
  ]);
  await edit({ private: null, allowSubnets: null });
  expect(table('ACL').map(({ match }) => match)).toEqual(['udp']);
});

test('the examples are in force, and once all is there nothing in them does nothing', async () => {
  const objects: KubeObject[] = [];
  for (const file of (await readdir(EXAMPLES)).filter((name) => name.endsWith('.yaml')).toSorted())
    objects.push(...readManifests(await readFile(EXAMPLES + file, 'utf8'), file));
  expect(objects.length).toBeGreaterThan(6);
  for (const object of objects) await apply(plane.client, object);
  for (const name of ['shop-web', 'shop-app', 'shop-db', 'shop-admin', 'shop-edge'])
    await eventually(async () => expect(await plane.ready(R.subnets, name)).toMatchObject({ status: 'True' }));
  const { world } = running.controller.compiler;
  expect(objects.flatMap((object) => admit(object, object, world).warnings)).toEqual([]);
  running.expectInSync();
});
