import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LabError } from './errors.ts';
import { callRpc, NoListenerError, type RpcHandler, serveRpc } from './rpc.ts';

let directory: string;
let path: string;
let server: Server | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weft-rpc-'));
  path = join(directory, 'sock');
});

afterEach(async () => {
  server?.close();
  server = undefined;
  await rm(directory, { recursive: true, force: true });
});

async function serve(handle: RpcHandler): Promise<void> {
  server = await serveRpc(path, handle);
}

test('a call gets its notifications in order, then its result', async () => {
  await serve((method, params, notify) => {
    for (const n of [1, 2, 3]) notify({ n, text: 'ü\n' });
    return Promise.resolve({ method, params });
  });
  const seen: unknown[] = [];
  const result = await callRpc(path, 'm', { a: 'b' }, { onNotify: (params) => seen.push(params) });
  expect(result).toEqual({ method: 'm', params: { a: 'b' } });
  expect(seen).toEqual([1, 2, 3].map((n) => ({ n, text: 'ü\n' })));
});

test('an error arrives with its code and its three parts', async () => {
  await serve(() => Promise.reject(new LabError('bad-node', 'what', 'why', 'todo')));
  await expect(callRpc(path, 'm', {})).rejects.toMatchObject({
    code: 'bad-node',
    what: 'what',
    why: 'why',
    todo: 'todo',
    exit: 2,
  });
});

test('an error of another kind arrives as a sentence', async () => {
  await serve(() => Promise.reject(new Error('odd')));
  await expect(callRpc(path, 'm', {})).rejects.toThrow('odd');
});

test('without a supervisor the call fails at once', async () => {
  await expect(callRpc(path, 'm', {})).rejects.toBeInstanceOf(NoListenerError);
});

test('a supervisor that dies in the middle of a call is noticed', async () => {
  await serve(() => new Promise(() => undefined));
  server!.on('connection', (socket) => socket.destroy());
  await expect(callRpc(path, 'wait', {})).rejects.toThrow(/ended before it answered wait|ECONNRESET|EPIPE/);
});
