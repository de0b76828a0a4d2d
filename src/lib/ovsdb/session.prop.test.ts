// Whatever is written, the cache equals what `select` reads: of the writer, and of a session that only watches.
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Operation } from './operations.ts';
import { operations } from './operations.ts';
import { OvsdbSession } from './session.ts';
import type { Northbound } from './testing/northbound.ts';
import { engineRoot, TestServer } from './testing/ovsdb-server.ts';

const nb = operations<Northbound>();
const resources = new AsyncDisposableStack();
let writer: OvsdbSession<Northbound>;
let watcher: OvsdbSession<Northbound>;

beforeAll(async () => {
  const server = resources.use(await TestServer.start({ root: engineRoot() }));
  const open = async (): Promise<OvsdbSession<Northbound>> => {
    const session = new OvsdbSession<Northbound>({
      remote: server.remote,
      database: 'OVN_Northbound',
      monitor: { Logical_Switch: 'all', Logical_Switch_Port: 'all', Address_Set: 'all' },
    });
    resources.defer(() => session.close());
    await session.ready();
    return session;
  };
  [writer, watcher] = [await open(), await open()];
});

afterAll(() => resources.disposeAsync());

const text = fc.constantFrom('', 'a', 'b', 'é', '中', '😀', '\uffee', '{"}', '\\', '__proto__', 'constructor');
const texts = fc.uniqueArray(text, { maxLength: 6 });
const map = fc.dictionary(text, text, { maxKeys: 5 });
const named = (name: string) => [['name', '==', name]] as const;
const setName = fc.constantFrom('s1', 's2', 's3');
const portName = fc.constantFrom('p1', 'p2', 'p3');

const change: fc.Arbitrary<readonly Operation[]> = fc.oneof(
  fc
    .tuple(setName, texts, map)
    .map(([name, addresses, external_ids]) => [
      nb.delete('Address_Set', named(name)),
      nb.insert('Address_Set', { name, addresses, external_ids }),
    ]),
  fc
    .tuple(setName, texts, fc.constantFrom('insert', 'delete'))
    .map(([name, values, mutator]) => [nb.mutate('Address_Set', named(name), [['addresses', mutator, values]])]),
  fc
    .tuple(setName, map)
    .map(([name, entries]) => [nb.mutate('Address_Set', named(name), [['external_ids', 'insert', entries]])]),
  fc
    .tuple(setName, texts)
    .map(([name, keys]) => [nb.mutate('Address_Set', named(name), [['external_ids', 'delete', keys]])]),
  fc
    .tuple(setName, texts, map)
    .map(([name, addresses, external_ids]) => [nb.update('Address_Set', named(name), { addresses, external_ids })]),
  fc
    .tuple(portName, fc.option(fc.integer({ min: 1, max: 4095 }), { nil: undefined }))
    .map(([name, tag]) => [
      nb.delete('Logical_Switch', named(name)),
      nb.insert('Logical_Switch', { name, ports: ['port'] }),
      nb.insert('Logical_Switch_Port', { name, tag }, 'port'),
    ]),
  fc
    .tuple(portName, fc.option(fc.integer({ min: 1, max: 4095 }), { nil: undefined }))
    .map(([name, tag]) => [nb.update('Logical_Switch_Port', named(name), { tag })]),
  portName.map((name) => [nb.delete('Logical_Switch', named(name))]),
);

const TABLES = ['Logical_Switch', 'Logical_Switch_Port', 'Address_Set'] as const;

async function selectAll(): Promise<Map<string, unknown>> {
  const { results } = await writer.transact(TABLES.map((table) => nb.select(table, [])));
  const rows = results.flatMap((result) => result.rows!);
  return new Map(rows.map(({ _version, ...row }) => [row['_uuid'] as string, row]));
}

function cached(session: OvsdbSession<Northbound>): Map<string, unknown> {
  return new Map(TABLES.flatMap((table) => [...session.cache.table(table).rows]));
}

test('the caches equal the database after every transaction', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
      for (const change of changes) await writer.transact(change);
      expect(cached(writer)).toEqual(await selectAll());
      // A reply to the watcher comes after all updates that were made before it.
      await watcher.transact([]);
      expect(cached(watcher)).toEqual(cached(writer));
    }),
    { numRuns: 60 },
  );
});
