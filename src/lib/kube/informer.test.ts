/** The informer against a server that does what the test says: closes, forgets, cuts lines, repeats. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KubeClient } from './client.ts';
import { Informer } from './informer.ts';

interface Thing {
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
  readonly value: number | bigint;
}

const THINGS = { group: '', version: 'v1', plural: 'things', namespaced: false };
const thing = (name: string, version: number, value: number, uid = name): Thing => ({
  metadata: { name, uid, resourceVersion: String(version) },
  value,
});

let server: Server;
let client: KubeClient;
let informer: Informer<Thing>;
/** answers of list requests, the last one again and again */
let lists: { readonly items: Thing[]; readonly version: number }[];
let requests: string[];
let watches: ServerResponse[];
let seen: string[];

beforeEach(async () => {
  [lists, requests, watches, seen] = [[], [], [], []];
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://host');
    requests.push(url.search);
    if (url.searchParams.get('watch') === 'true') {
      response.writeHead(200);
      response.flushHeaders();
      watches.push(response);
      return;
    }
    const { items, version } = lists.length > 1 ? lists.shift()! : lists[0]!;
    response.writeHead(200).end(JSON.stringify({ items, metadata: { resourceVersion: String(version) } }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  client = new KubeClient({ server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  informer = new Informer<Thing>(client, THINGS, {
    backoff: 1,
    onChanges: (changes) => {
      for (const { key, old, new: now } of changes)
        seen.push(`${key} ${(old as Thing | undefined)?.value ?? '-'} -> ${(now as Thing | undefined)?.value ?? '-'}`);
    },
  });
});

afterEach(async () => {
  await informer.stop();
  await client.close();
  server.closeAllConnections();
  server.close();
});

async function until(question: () => boolean): Promise<void> {
  for (let count = 0; !question(); count += 1) {
    if (count > 2000) throw new Error(`never: ${question.toString()}; seen ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const line = (type: string, object: unknown) => `${JSON.stringify({ type, object })}\n`;

test('list, then watch from there; lines may be cut anywhere', async () => {
  lists.push({ items: [thing('a', 3, 1)], version: 5 });
  await informer.start();
  await until(() => watches.length === 1);
  expect(requests.at(-1)).toContain('resourceVersion=5');
  const bytes =
    line('ADDED', thing('b', 6, 2)) + line('MODIFIED', thing('a', 7, 9)) + line('DELETED', thing('b', 8, 2));
  for (const part of [bytes.slice(0, 30), bytes.slice(30, 31), bytes.slice(31)]) {
    watches[0]!.write(part);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await until(() => seen.length === 4);
  expect(seen).toEqual(['a - -> 1', 'b - -> 2', 'a 1 -> 9', 'b 2 -> -']);
  expect([...informer.values()].map(({ value }) => value)).toEqual([9]);
});

test('a watch that ends goes on from the last version, bookmarks included, without a list', async () => {
  lists.push({ items: [], version: 5 });
  await informer.start();
  await until(() => watches.length === 1);
  watches[0]!.write(line('ADDED', thing('a', 6, 1)) + line('BOOKMARK', { metadata: { resourceVersion: '40' } }));
  watches[0]!.end();
  await until(() => watches.length === 2);
  expect(requests.at(-1)).toContain('resourceVersion=40');
  expect(requests.filter((query) => !query.includes('watch=true'))).toHaveLength(1);
});

test('a version that the server forgot: list again, and tell the difference only', async () => {
  lists.push(
    { items: [thing('a', 3, 1), thing('b', 4, 2), thing('c', 4, 3)], version: 5 },
    { items: [thing('a', 3, 1), thing('c', 9, 30), thing('d', 10, 4)], version: 12 },
  );
  await informer.start();
  await until(() => watches.length === 1);
  watches[0]!.write(line('ERROR', { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' }));
  await until(() => watches.length === 2);
  expect(seen.slice(3)).toEqual(['b 2 -> -', 'c 3 -> 30', 'd - -> 4']);
});

test('a broken connection in the middle of an event loses nothing', async () => {
  lists.push({ items: [], version: 5 });
  await informer.start();
  await until(() => watches.length === 1);
  watches[0]!.write(line('ADDED', thing('a', 6, 1)) + line('ADDED', thing('b', 7, 2)).slice(0, 20));
  await until(() => seen.length === 1);
  watches[0]!.destroy();
  await until(() => watches.length === 2);
  expect(requests.at(-1)).toContain('resourceVersion=6');
  watches[1]!.write(line('ADDED', thing('b', 7, 2)));
  await until(() => seen.length === 2);
});

test('what a write returned is known at once; older news of it, and its own echo, are not told again', async () => {
  lists.push({ items: [thing('a', 3, 1)], version: 5 });
  await informer.start();
  await until(() => watches.length === 1);
  informer.learn(thing('a', 9, 5));
  watches[0]!.write(
    line('MODIFIED', thing('a', 7, 4)) + line('MODIFIED', thing('a', 9, 5)) + line('MODIFIED', thing('a', 10, 6)),
  );
  await until(() => seen.length >= 3);
  expect(seen).toEqual(['a - -> 1', 'a 1 -> 5', 'a 5 -> 6']);
  // a deletion of an earlier object of that name does not take the new one
  informer.learn(thing('a', 20, 7, 'second'));
  watches[0]!.write(line('DELETED', thing('a', 15, 6)) + line('ADDED', thing('z', 30, 0)));
  await until(() => seen.some((text) => text.startsWith('z')));
  expect(informer.get('a')?.value).toBe(7);
});

test('an answer that the deletion has overtaken does not bring the object back', async () => {
  lists.push({ items: [thing('a', 3, 1)], version: 5 });
  await informer.start();
  await until(() => watches.length === 1);
  watches[0]!.write(line('DELETED', thing('a', 9, 1)));
  await until(() => seen.length === 2);
  informer.learn(thing('a', 8, 2));
  expect(informer.get('a')).toBeUndefined();
  informer.learn(thing('a', 10, 3, 'second'));
  expect(informer.get('a')?.value).toBe(3);
});

test('integers beyond 2^53 stay what they are', async () => {
  lists.push({ items: [], version: 5 });
  await informer.start();
  await until(() => watches.length === 1);
  watches[0]!.write(line('ADDED', thing('a', 6, 1)).replace('"value":1', '"value":18446744073709551613'));
  await until(() => seen.length === 1);
  expect(informer.get('a')?.value).toBe(18446744073709551613n);
});
