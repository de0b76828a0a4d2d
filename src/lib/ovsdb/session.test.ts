// The session against the real ovsdb-server of the engine.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operations } from './operations.ts';
import type { SessionOptions } from './session.ts';
import { OvsdbSession } from './session.ts';
import type { Northbound } from './testing/northbound.ts';
import { engineRoot, TestServer } from './testing/ovsdb-server.ts';
import { Proxy } from './testing/proxy.ts';

const nb = operations<Northbound>();
const resources = new AsyncDisposableStack();
let server: TestServer;
let session: OvsdbSession<Northbound>;

function openSession(more: Partial<SessionOptions<Northbound>> = {}): OvsdbSession<Northbound> {
  const opened = new OvsdbSession<Northbound>({
    remote: server.remote,
    database: 'OVN_Northbound',
    monitor: { Logical_Switch: 'all', Logical_Switch_Port: 'all', Address_Set: 'all' },
    ...more,
  });
  resources.defer(() => opened.close());
  return opened;
}

beforeAll(async () => {
  server = resources.use(await TestServer.start({ root: engineRoot() }));
  session = openSession();
  await session.ready();
});

afterAll(() => resources.disposeAsync());

const addressSet = (name: string, addresses: readonly string[] = []) => nb.insert('Address_Set', { name, addresses });

describe('transact', () => {
  test('resolves when the cache shows its effects', async () => {
    const { confirmed, results } = await session.transact([
      nb.insert('Logical_Switch', { name: 'own-writes', ports: ['port'] }),
      nb.insert('Logical_Switch_Port', { name: 'own-writes-port', addresses: ['dynamic'], tag: 7 }, 'port'),
    ]);
    expect(confirmed).toBe(true);
    const [switchUuid, portUuid] = results.map(({ uuid }) => uuid!);
    expect(session.cache.table('Logical_Switch').get(switchUuid!)!.ports).toEqual([portUuid]);
    expect(session.cache.table('Logical_Switch_Port').get(portUuid!)).toMatchObject({ tag: 7, addresses: ['dynamic'] });
  });

  test('so does each of many in flight', async () => {
    const names = Array.from({ length: 100 }, (_, i) => `pipelined-${i}`);
    await Promise.all(
      names.map(async (name) => {
        const { results } = await session.transact([addressSet(name)]);
        expect(session.cache.table('Address_Set').get(results[0]!.uuid!)!.name).toBe(name);
      }),
    );
  });

  test('reports counts and selected rows', async () => {
    await session.transact([addressSet('counted', ['b', 'a'])]);
    const where = [['name', '==', 'counted']] as const;
    const { results } = await session.transact([
      nb.update('Address_Set', where, { external_ids: { owner: 'x' } }),
      nb.select('Address_Set', where, ['addresses', 'external_ids']),
      { op: 'comment', comment: 'for the log' },
      nb.delete('Address_Set', where),
    ]);
    expect(results).toEqual([
      { count: 1 },
      { rows: [{ addresses: ['a', 'b'], external_ids: { owner: 'x' } }] },
      {},
      { count: 1 },
    ]);
  });

  test('a failed guard is timed-out, and nothing is applied', async () => {
    const { results } = await session.transact([addressSet('guarded', ['a'])]);
    const where = [['_uuid', '==', results[0]!.uuid!]] as const;
    const change = nb.update('Address_Set', where, { addresses: ['b'] });
    const guarded = session.transact([nb.wait('Address_Set', where, [{ addresses: ['x'] }]), change]);
    await expect(guarded).rejects.toMatchObject({ code: 'timed-out', operation: 0, serverError: 'timed out' });
    expect(session.cache.table('Address_Set').get(results[0]!.uuid!)!.addresses).toEqual(['a']);
    await session.transact([nb.wait('Address_Set', where, [{ addresses: ['a'] }]), change]);
    expect(session.cache.table('Address_Set').get(results[0]!.uuid!)!.addresses).toEqual(['b']);
  });

  test('guards on the presence and absence of rows, by one entry of a map', async () => {
    const guarded = nb.insert('Address_Set', { name: 'epoch', external_ids: { epoch: '7', other: 'x' } });
    const present = nb.exists('Address_Set', [['external_ids', 'includes', { epoch: '7' }]]);
    const absent = nb.absent('Address_Set', [['external_ids', 'includes', { epoch: '7' }]]);
    const change = addressSet('behind-the-guard');
    await expect(session.transact([present, change])).rejects.toMatchObject({ code: 'timed-out', operation: 0 });
    await session.transact([absent, guarded]);
    await expect(session.transact([absent, change])).rejects.toMatchObject({ code: 'timed-out', operation: 0 });
    await session.transact([present, change]);
  });

  test('a duplicate in a unique index is a constraint violation of the commit', async () => {
    await session.transact([addressSet('unique')]);
    const again = session.transact([addressSet('unique')]);
    await expect(again).rejects.toMatchObject({ code: 'constraint-violation', operation: undefined });
    await expect(again).rejects.toThrow(/^The commit failed: constraint violation: .*Address_Set/);
  });

  test('a dangling strong reference is a violation of referential integrity', async () => {
    const dangling = nb.insert('Logical_Switch', { name: 'dangling', ports: ['0045e960-c4ea-4497-90d1-3bdfdd70a579'] });
    await expect(session.transact([dangling])).rejects.toMatchObject({ code: 'referential-integrity' });
  });

  test('the failing operation is named', async () => {
    const bad = { op: 'insert', table: 'ACL', row: { action: 'perhaps' } } as const;
    const refused = session.transact([addressSet('rolled-back'), bad]);
    await expect(refused).rejects.toMatchObject({ code: 'constraint-violation', operation: 1 });
    await expect(refused).rejects.toThrow(/^Operation 1 \(insert ACL\) failed: constraint violation: /);
  });

  test.each([
    [
      { op: 'insert', table: 'Nowhere', row: {} },
      /^Operation 0 \(insert Nowhere\): the server's OVN_Northbound has no such table\.$/,
    ],
    [{ op: 'insert', table: 'QoS', row: { colour: 'red' } }, /: the server's table has no column colour\.$/],
    [
      { op: 'update', table: 'QoS', where: [], row: { priority: 'x' } },
      /: column priority takes an integer .*, not "x"\.$/,
    ],
    [
      { op: 'delete', table: 'QoS', where: [['priority', '==', 'x']] },
      /^Operation 0 \(delete QoS\): column priority takes/,
    ],
  ] as const)('%j is refused before it is sent', async (operation, sentence) => {
    const refused = session.transact([operation]);
    await expect(refused).rejects.toMatchObject({ code: 'bad-value', operation: 0 });
    await expect(refused).rejects.toThrow(sentence);
  });

  test('an abort signal ends the waiting', async () => {
    const aborted = session.transact([addressSet('aborted')], { signal: AbortSignal.abort(new Error('enough')) });
    await expect(aborted).rejects.toThrow('enough');
    const names = Array.from(session.cache.table('Address_Set').rows.values(), ({ name }) => name);
    expect(names).not.toContain('aborted');
  });
});

describe('the cache', () => {
  test('tells what one transaction changed in one call', async () => {
    const { results } = await session.transact([addressSet('told', ['a'])]);
    const uuid = results[0]!.uuid!;
    const before = session.cache.table('Address_Set').get(uuid);
    const seen: unknown[] = [];
    const stop = session.onUpdate((updates) => seen.push(updates));
    await session.transact([nb.mutate('Address_Set', [['_uuid', '==', uuid]], [['addresses', 'insert', ['b']]])]);
    await session.transact([nb.mutate('Address_Set', [['_uuid', '==', uuid]], [['addresses', 'insert', ['b']]])]);
    await session.transact([nb.delete('Address_Set', [['_uuid', '==', uuid]])]);
    stop();
    const after = { ...before, addresses: ['a', 'b'] };
    expect(seen).toEqual([
      { Address_Set: [{ uuid, old: before, new: after }] },
      { Address_Set: [{ uuid, old: after, new: undefined }] },
    ]);
  });

  test('finds rows by index, whenever the index was added', async () => {
    const table = session.cache.table('Address_Set');
    await session.transact([addressSet('index-1', ['x', 'y']), addressSet('index-2', ['y'])]);
    table.addIndex('address', (row) => row.addresses);
    table.addIndex('name', (row) => row.name);
    const found = (address: string) =>
      table
        .find('address', address)
        .map(({ name }) => name)
        .toSorted();
    expect([found('x'), found('y'), found('z')]).toEqual([['index-1'], ['index-1', 'index-2'], []]);
    await session.transact([nb.update('Address_Set', [['name', '==', 'index-1']], { addresses: ['z'] })]);
    expect([found('x'), found('y'), found('z')]).toEqual([[], ['index-2'], ['index-1']]);
    await session.transact([nb.delete('Address_Set', [['name', '==', 'index-2']])]);
    expect([found('y'), table.find('name', 'index-2')]).toEqual([[], []]);
    expect(table.find('name', 'index-1')).toHaveLength(1);
    expect(() => table.find('colour', 'x')).toThrow(/has no index named colour/);
  });

  test('holds only the rows and columns that were asked for', async () => {
    const narrow = openSession({
      monitor: { Address_Set: { columns: ['name'], where: [['name', '==', 'narrow']] } },
    });
    await narrow.ready();
    await session.transact([addressSet('narrow'), addressSet('wide')]);
    const { results } = await narrow.transact([addressSet('narrow-not')]);
    expect(results).toHaveLength(1);
    const rows = [...narrow.cache.table('Address_Set').rows.values()];
    expect(rows.map((row) => Object.keys(row))).toEqual([['_uuid', 'name']]);
    expect(() => narrow.cache.table('Logical_Switch')).toThrow(/Table Logical_Switch is not monitored/);
  });

  test('goes without what the schema does not have, and says so', async () => {
    interface Newer extends Northbound {
      readonly Teleport: { readonly name: string };
    }
    const newer = new OvsdbSession<Newer>({
      remote: server.remote,
      database: 'OVN_Northbound',
      monitor: { Teleport: 'all', Address_Set: ['name', 'speed' as 'name'] },
    });
    resources.defer(() => newer.close());
    await newer.ready();
    expect(newer.missing).toEqual(['Teleport', 'Address_Set.speed']);
    expect(newer.cache.table('Teleport').size).toBe(0);
    expect(newer.schema!.tables['Address_Set']!.indexes).toEqual([['name']]);
  });
});

describe('the session', () => {
  test('works over TCP', async () => {
    await using proxy = await Proxy.start(server.socketPath);
    const remote = openSession({ remote: proxy.remote });
    await remote.ready();
    await remote.transact([addressSet('over-tcp')]);
    await remote.close();
    expect(remote.state).toBe('closed');
  });

  test('ready gives up on a signal and on close', async () => {
    const waiting = openSession({ remote: `unix:${server.directory}/nobody-listens`, backoff: { minMs: 1, maxMs: 5 } });
    await expect(waiting.ready(AbortSignal.timeout(20))).rejects.toThrow(/timeout/i);
    const given = expect(waiting.ready()).rejects.toMatchObject({ code: 'closed' });
    await expect(waiting.transact([])).rejects.toMatchObject({ code: 'not-connected' });
    expect(waiting.lastError?.message).toMatch(/^The connection failed: .*ENOENT/);
    await waiting.close();
    await given;
    await expect(waiting.ready()).rejects.toMatchObject({ code: 'closed' });
    await expect(waiting.transact([])).rejects.toThrow(/it was closed/);
  });

  test('a wrong database name is said, and tried again', async () => {
    const said: string[] = [];
    const wrong = openSession({
      database: 'OVN_Westbound',
      backoff: { minMs: 1, maxMs: 5 },
      log: (line) => said.push(line),
    });
    while (said.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(said[1]).toMatch(/Reading the schema of database OVN_Westbound failed: unknown database/);
    await wrong.close();
  });

  test('close rejects what is in flight: its fate is unknown', async () => {
    const closing = openSession();
    await closing.ready();
    const rejected = expect(closing.transact([addressSet('closing')])).rejects.toMatchObject({ code: 'fate-unknown' });
    await closing.close();
    await rejected;
  });
});
