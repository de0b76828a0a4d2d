import { afterEach, expect, test } from 'vitest';
import { OvsdbError } from './errors.ts';
import type { SessionOptions } from './session.ts';
import { OvsdbSession } from './session.ts';
import type { Script } from './testing/scripted-server.ts';
import { ScriptedServer } from './testing/scripted-server.ts';

interface Things {
  readonly Thing: { readonly name: string; readonly tags: readonly string[] };
}

const open: { session?: OvsdbSession<Things>; server?: ScriptedServer } = {};

afterEach(async () => {
  await open.session?.close();
  await open.server?.[Symbol.asyncDispose]();
});

async function start(script?: Script, more: Partial<SessionOptions<Things>> = {}) {
  const said: string[] = [];
  const server = (open.server = await ScriptedServer.start(script));
  const session = (open.session = new OvsdbSession<Things>({
    remote: server.remote,
    database: 'Scripted',
    monitor: { Thing: ['name', 'tags'] },
    backoff: { minMs: 1, maxMs: 10 },
    log: (sentence) => said.push(sentence),
    ...more,
  }));
  return { server, session, said };
}

const names = (session: OvsdbSession<Things>): string[] =>
  Array.from(session.cache.table('Thing').rows.values(), ({ name }) => name);

const nextUpdate = (session: OvsdbSession<Things>): Promise<unknown> =>
  new Promise((resolve) => {
    const stop = session.onUpdate((updates) => {
      stop();
      resolve(updates);
    });
  });

/** A script that treats the nth request of a method in its own way. */
function onNth(method: string, nth: number, act: Script): Script {
  let seen = 0;
  return (request, client) => (request.method === method && ++seen === nth ? act(request, client) : undefined);
}

const ROW = 'aaaaaaaa-0000-0000-0000-000000000001';

test.each<[string, Script, RegExp]>([
  [
    'hangs up in the middle of a message',
    (request, client) => {
      client.sendText(`{"id":${JSON.stringify(request.id)},"result":[`);
      client.hangUp();
      return 'handled';
    },
    /The server closed the connection in the middle of a message\./,
  ],
  [
    'sends garbage',
    (_request, client) => {
      client.sendText('HTTP/1.1 400 Bad Request\r\n');
      return 'handled';
    },
    /The server sent what is not a JSON object: "HTTP/,
  ],
  [
    'answers with an error',
    (request, client) => {
      client.refuse(request, { error: 'unknown database', details: 'no such thing' });
      return 'handled';
    },
    /failed: unknown database: no such thing/,
  ],
  [
    'answers with the wrong form',
    (request, client) => {
      client.reply(request, 'nonsense');
      return 'handled';
    },
    /has no "name" and "tables"|something other than \[found, last-txn-id, updates\]/,
  ],
])('a server that %s is tried again', async (_title, act, sentence) => {
  const byTurns: Script[] = [onNth('get_schema', 1, act), onNth('monitor_cond_since', 1, act)];
  const { session, said } = await start((request, client) =>
    byTurns.map((script) => script(request, client)).find(Boolean),
  );
  await session.ready();
  expect(names(session)).toEqual(['one']);
  expect(said.filter((line) => sentence.test(line))).toHaveLength(2);
});

test('a server that never answers is given up after a probe', async () => {
  let silent = true;
  const { session, server, said } = await start(() => (silent ? 'handled' : undefined), { probeInterval: 20 });
  await new Promise<void>((resolve) => {
    const stop = session.onState((state) => {
      if (state !== 'connecting') return;
      stop();
      silent = false;
      resolve();
    });
  });
  await session.ready();
  expect(server.count('echo')).toBeGreaterThan(0);
  expect(said.join('\n')).toMatch(/The server was silent for 40 ms and did not answer an echo\./);
});

test('a server that is silent but answers probes is kept', async () => {
  const { session, server } = await start(undefined, { probeInterval: 40 });
  await session.ready();
  while (server.count('echo') < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(server.count('get_schema')).toBe(1);
});

test('an echo of the server is answered, and a request that it cannot make is refused', async () => {
  const { session, server } = await start((request, client) => {
    if (request.method === 'transact') {
      client.send({ id: 'are you there', method: 'echo', params: ['x'] });
      client.send({ id: 'and you', method: 'dance', params: [] });
      client.reply(request, []);
      return 'handled';
    }
    return undefined;
  });
  await session.ready();
  await session.transact([]);
  // The answers left before this request did.
  await session.transact([]);
  expect(server.answers.slice(0, 2)).toEqual([
    { id: 'are you there', result: ['x'], error: null },
    { id: 'and you', result: null, error: 'unknown method' },
  ]);
});

test('monitor_cond stands in where monitor_cond_since is unknown', async () => {
  const { session, server } = await start((request, client) => {
    if (request.method === 'monitor_cond_since') {
      client.refuse(request, 'unknown method');
      return 'handled';
    }
    if (request.method === 'transact') {
      client.notify('update2', ['cache', { Thing: { [ROW]: { modify: { tags: ['set', ['b', 'c']] } } } }]);
    }
    return undefined;
  });
  await session.ready();
  expect(names(session)).toEqual(['one']);
  await session.transact([]);
  expect(session.cache.table('Thing').get(ROW)!.tags).toEqual(['a', 'c']);
  expect(server.count('monitor_cond')).toBe(1);
});

test('replies in another order find their requests', async () => {
  const held: (() => void)[] = [];
  const { session } = await start((request, client) => {
    if (request.method !== 'transact') return undefined;
    const answer = { uuid: ['uuid', `aaaaaaaa-0000-0000-0000-00000000000${held.length}`] };
    held.push(() => client.reply(request, [answer]));
    if (held.length === 2) for (const reply of held.toReversed()) reply();
    return 'handled';
  });
  await session.ready();
  const insert = { op: 'insert', table: 'Thing', row: { name: 'x' } } as const;
  const outcomes = await Promise.all([session.transact([insert]), session.transact([insert])]);
  expect(outcomes.map(({ results }) => results[0]!.uuid!.at(-1))).toEqual(['0', '1']);
});

test('a second reply to the same request, and replies to none, are ignored', async () => {
  const { session, said } = await start((request, client) => {
    if (request.method !== 'transact') return undefined;
    client.reply(request, [{ count: 1 }]);
    client.reply(request, [{ count: 2 }]);
    client.send({ id: 'nobody', result: [], error: null });
    client.send({ id: null, result: null, error: 'odd' });
    return 'handled';
  });
  await session.ready();
  const remove = { op: 'delete', table: 'Thing', where: [] } as const;
  const { results } = await session.transact([remove]);
  expect(results).toEqual([{ count: 1 }]);
  await session.transact([remove]);
  expect(said.filter((line) => line.startsWith('Ignored a reply'))).not.toHaveLength(0);
});

test.each([
  ['an unknown table', { Other: { [ROW]: { insert: {} } } }, /update of table Other, which is not monitored/],
  [
    'an unknown column',
    { Thing: { [ROW]: { modify: { colour: 'red' } } } },
    /column colour of table Thing, which is not/,
  ],
  ['an unknown row', { Thing: { x: { modify: { name: 'y' } } } }, /modifies a row that was never sent/],
  ['a deleted unknown row', { Thing: { x: { delete: null } } }, /deletes a row that was never sent/],
  ['no kind of change', { Thing: { [ROW]: {} } }, /is none of initial, insert, modify, delete/],
  ['a wrong value', { Thing: { [ROW]: { modify: { name: 5 } } } }, /sent 5 where a value of type string belongs/],
  ['no tables', [], /a monitor update that is not a JSON object of tables/],
])('an update of %s is not applied; everything is read again', async (_title, update, sentence) => {
  const { session, server, said } = await start((request, client) => {
    if (request.method !== 'transact') return undefined;
    // The first table is in order: nothing of a broken update may be applied.
    client.notify('update3', [
      'cache',
      'tx',
      Array.isArray(update) ? update : { Thing: { n: { insert: { name: 'new' } } }, ...update },
    ]);
    return 'handled';
  });
  await session.ready();
  const seen: unknown[] = [];
  session.onUpdate((updates) => seen.push(updates));
  await expect(session.transact([])).rejects.toMatchObject({ code: 'fate-unknown' });
  expect(session.state).toBe('ready');
  expect(seen).toEqual([]);
  expect(names(session)).toEqual(['one']);
  expect(said.join('\n')).toMatch(sentence);
  const since = server.requests.filter(({ method }) => method === 'monitor_cond_since').map(({ params }) => params[3]);
  expect(since).toEqual(['00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000000']);
});

test('notifications that are not of its monitor are ignored', async () => {
  const { session } = await start((request, client) => {
    if (request.method !== 'transact') return undefined;
    client.notify('update3', ['other', 'tx', { Thing: { [ROW]: { delete: null } } }]);
    client.notify('locked', ['x']);
    client.reply(request, []);
    return 'handled';
  });
  await session.ready();
  await session.transact([]);
  expect(names(session)).toEqual(['one']);
});

test('when the monitor is cancelled, everything is read again', async () => {
  const { session, server } = await start(
    onNth('transact', 1, (_request, client) => {
      client.notify('monitor_canceled', ['cache']);
      return 'handled';
    }),
  );
  await session.ready();
  await expect(session.transact([])).rejects.toMatchObject({ code: 'fate-unknown' });
  expect(server.count('get_schema')).toBe(2);
});

test('a message in packets of one byte', async () => {
  const { session } = await start((request, client) => {
    if (request.method !== 'transact') return undefined;
    const tags = Array.from({ length: 200 }, (_, i) => `é中😀 {"${i}`);
    const rows = { Thing: { b: { insert: { name: '😀', tags: ['set', tags] } } } };
    void client
      .sendBytes({ id: null, method: 'update3', params: ['cache', 'tx', rows] })
      .then(() => client.sendBytes({ id: request.id, result: [], error: null }));
    return 'handled';
  });
  await session.ready();
  await session.transact([]);
  const row = session.cache.table('Thing').get('b')!;
  expect(row.name).toBe('😀');
  expect(row.tags).toHaveLength(200);
});

test('after a cut the session resumes where it was, and the cache moves on by the difference', async () => {
  let connections = 0;
  const { session, server, said } = await start((request, client) => {
    if (request.method === 'get_schema') connections++;
    if (request.method === 'monitor_cond_since' && connections === 1) {
      client.reply(request, [
        false,
        'tx-1',
        { Thing: { [ROW]: { initial: { name: 'one', tags: ['set', ['a', 'b']] } } } },
      ]);
      client.notify('update3', ['cache', 'tx-2', { Thing: { b: { insert: { name: 'two' } } } }]);
      return 'handled';
    }
    if (request.method === 'monitor_cond_since') {
      client.reply(request, [true, 'tx-3', { Thing: { b: { modify: { tags: 'x' } } } }]);
      return 'handled';
    }
    if (request.method === 'transact') client.hangUp();
    return request.method === 'transact' ? 'handled' : undefined;
  });
  await session.ready();
  if (names(session).length === 1) await nextUpdate(session);
  expect(names(session)).toEqual(['one', 'two']);
  const difference = nextUpdate(session);
  await expect(session.transact([])).rejects.toMatchObject({ code: 'fate-unknown' });
  expect(await difference).toMatchObject({ Thing: [{ uuid: 'b', old: { tags: [] }, new: { tags: ['x'] } }] });
  expect(server.requests.findLast(({ method }) => method === 'monitor_cond_since')!.params[3]).toBe('tx-2');
  expect(said.at(-1)).toMatch(/\(resumed\)\.$/);
});

test.each<[string, unknown, object]>([
  ['an error reply as text', 'canceled', { code: 'other', serverError: 'canceled' }],
  ['an error reply', { error: 'not allowed', details: 'read only' }, { code: 'permission', details: 'read only' }],
])('%s rejects the transaction', async (_title, error, expected) => {
  const { session } = await start((request, client) => {
    if (request.method !== 'transact') return undefined;
    client.refuse(request, error);
    return 'handled';
  });
  await session.ready();
  await expect(session.transact([])).rejects.toMatchObject(expected);
  expect(session.state).toBe('ready');
});

test('a reply that is no array of results rejects the transaction', async () => {
  const { session } = await start((request, client) => {
    if (request.method !== 'transact') return undefined;
    client.reply(request, 'fine');
    return 'handled';
  });
  await session.ready();
  const rejection = session.transact([]);
  await expect(rejection).rejects.toBeInstanceOf(OvsdbError);
  await expect(rejection).rejects.toMatchObject({ code: 'protocol' });
});
