// What a session makes of a server that dies and comes back, and of transactions that were in flight then.
import { afterEach, describe, expect, test } from 'vitest';
import { operations } from './operations.ts';
import type { SessionOptions } from './session.ts';
import { OvsdbSession } from './session.ts';
import type { Northbound } from './testing/northbound.ts';
import { engineRoot, TestServer } from './testing/ovsdb-server.ts';
import { Proxy } from './testing/proxy.ts';

const nb = operations<Northbound>();
let resources = new AsyncDisposableStack();

afterEach(async () => {
  await resources.disposeAsync();
  resources = new AsyncDisposableStack();
});

async function startServer(clustered: boolean): Promise<TestServer> {
  return resources.use(await TestServer.start({ root: engineRoot(), clustered }));
}

async function openSession(
  remote: string,
  more: Partial<SessionOptions<Northbound>> = {},
): Promise<OvsdbSession<Northbound>> {
  const session = new OvsdbSession<Northbound>({
    remote,
    database: 'OVN_Northbound',
    monitor: { Address_Set: 'all' },
    backoff: { minMs: 5, maxMs: 50 },
    ...more,
  });
  resources.defer(() => session.close());
  await session.ready(AbortSignal.timeout(30_000));
  return session;
}

const addressSet = (name: string) => nb.insert('Address_Set', { name, addresses: [`$${name}`] });
const names = (session: OvsdbSession<Northbound>): string[] =>
  Array.from(session.cache.table('Address_Set').rows.values(), ({ name }) => name).toSorted();
const has = (name: string) => (cache: OvsdbSession<Northbound>['cache']) =>
  [...cache.table('Address_Set').rows.values()].some((row) => row.name === name);

function stateReached(session: OvsdbSession<Northbound>, wanted: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = session.onState((state) => {
      if (state !== wanted) return;
      stop();
      resolve();
    });
  });
}

describe.each([
  ['standalone', false],
  ['clustered', true],
])('a %s server is killed and started again', (_title, clustered) => {
  test('the session comes back by itself and tells only what differs', async () => {
    const server = await startServer(clustered);
    await using proxy = await Proxy.start(server.socketPath);
    const said: string[] = [];
    const session = await openSession(proxy.remote, { log: (line) => said.push(line) });
    session.cache.table('Address_Set').addIndex('name', (row) => row.name);
    // The server remembers no more changes than its database has content: give it some.
    const filling = { name: 'filling', addresses: Array.from({ length: 500 }, (_, i) => `$${i}`) };
    await session.transact([nb.insert('Address_Set', filling), addressSet('kept')]);
    await session.transact([addressSet('edited'), addressSet('deleted')]);
    const kept = session.cache.table('Address_Set').find('name', 'kept')[0];
    const seen: unknown[] = [];
    session.onUpdate((updates) => seen.push(updates));

    const lost = stateReached(session, 'connecting');
    await proxy.pause();
    await lost;
    await expect(session.transact([addressSet('unsent')])).rejects.toMatchObject({ code: 'not-connected' });
    expect(names(session)).toEqual(['deleted', 'edited', 'filling', 'kept']);
    await server.kill();
    await server.startProcess();
    const other = await openSession(server.remote);
    await other.transact([
      addressSet('added'),
      nb.delete('Address_Set', [['name', '==', 'deleted']]),
      nb.mutate('Address_Set', [['name', '==', 'edited']], [['addresses', 'insert', ['b']]]),
    ]);
    const back = session.ready(AbortSignal.timeout(30_000));
    await proxy.resume();
    await back;

    expect(names(session)).toEqual(['added', 'edited', 'filling', 'kept']);
    expect(seen).toHaveLength(1);
    const [{ Address_Set: changes }] = seen as [{ Address_Set: { old?: { name: string }; new?: { name: string } }[] }];
    const told = changes.map((change) => `${change.old?.name} -> ${change.new?.name}`);
    expect(told.toSorted()).toEqual(['deleted -> undefined', 'edited -> edited', 'undefined -> added']);
    expect(session.cache.table('Address_Set').find('name', 'kept')[0]).toBe(kept);
    expect(session.cache.table('Address_Set').find('name', 'deleted')).toEqual([]);
    // Only a clustered server keeps the history of its transactions.
    expect(said.at(-1)!.endsWith('(resumed).')).toBe(clustered);
  });
});

describe('the fate of a transaction in flight', () => {
  test('is found by reading when it was applied and only the reply was lost', async () => {
    const server = await startServer(false);
    await using proxy = await Proxy.start(server.socketPath);
    const session = await openSession(proxy.remote);
    const witness = await openSession(server.remote);
    proxy.dropReplies = true;
    const asked = session.transact([addressSet('applied')], { applied: has('applied') });
    const unasked = expect(session.transact([addressSet('unasked')])).rejects.toMatchObject({ code: 'fate-unknown' });
    while (!has('applied')(witness.cache)) await new Promise<void>((resolve) => witness.onUpdate(() => resolve()));
    proxy.dropReplies = false;
    proxy.cut();
    expect(await asked).toEqual({ confirmed: false, results: [] });
    expect(has('applied')(session.cache)).toBe(true);
    await unasked;
  });

  test('is found by reading when the server died before it was applied', async () => {
    const server = await startServer(false);
    const session = await openSession(server.remote);
    server.signal('SIGSTOP');
    const asked = expect(session.transact([addressSet('lost')], { applied: has('lost') })).rejects.toMatchObject({
      code: 'not-applied',
    });
    const unasked = expect(session.transact([addressSet('unasked')])).rejects.toMatchObject({ code: 'fate-unknown' });
    // Out of this process before the server dies.
    await new Promise((resolve) => setImmediate(resolve));
    await server.kill();
    await server.startProcess();
    await asked;
    await unasked;
    expect(session.state).toBe('ready');
    expect(names(session)).toEqual([]);
  });

  test('is told rightly of each when the server hangs and goes on later', async () => {
    const server = await startServer(false);
    const session = await openSession(server.remote, { probeInterval: 30 });
    const wanted = Array.from({ length: 30 }, (_, i) => `hung-${i}`);
    server.signal('SIGSTOP');
    const lost = stateReached(session, 'connecting');
    const asked = Promise.allSettled(
      wanted.map((name) => session.transact([addressSet(name)], { applied: has(name) })),
    );
    await lost;
    server.signal('SIGCONT');
    const outcomes = await asked;
    await session.ready(AbortSignal.timeout(30_000));
    await session.transact([addressSet('after')]);
    const applied = wanted.filter((_, i) => outcomes[i]!.status === 'fulfilled');
    expect(names(session)).toEqual(['after', ...applied].toSorted());
  });

  test('is not asked about after a signal ended the waiting', async () => {
    const server = await startServer(false);
    const session = await openSession(server.remote);
    server.signal('SIGSTOP');
    const controller = new AbortController();
    const given = session.transact([addressSet('given-up')], { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    server.signal('SIGCONT');
    await session.transact([addressSet('next')]);
    expect(names(session)).toEqual(['given-up', 'next']);
  });
});

test('a server that hangs is given up after a probe', async () => {
  const server = await startServer(false);
  const session = await openSession(server.remote, { probeInterval: 30 });
  const lost = stateReached(session, 'connecting');
  server.signal('SIGSTOP');
  await lost;
  expect(session.lastError?.message).toMatch(/was silent for 60 ms/);
  server.signal('SIGCONT');
  await session.ready(AbortSignal.timeout(30_000));
});

test('a client that was busy for long does not blame the server', async () => {
  const server = await startServer(false);
  const session = await openSession(server.remote, { probeInterval: 50 });
  const states: string[] = [];
  session.onState((state) => states.push(state));
  for (let turn = 0; turn < 4; turn++) {
    for (const start = performance.now(); performance.now() - start < 150; );
    await new Promise((resolve) => setImmediate(resolve));
  }
  await session.transact([]);
  expect(states).toEqual([]);
});
