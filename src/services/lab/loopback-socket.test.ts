import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { bindLoopback, type LoopbackSocket } from './loopback-socket.ts';

const SERVER =
  'require("node:http").createServer((_, answer) => answer.end(String(process.pid))).listen({ fd: 3 }, () => console.log("up"))';

const open: LoopbackSocket[] = [];
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const socket of open.splice(0)) socket.close();
});

function bind(port: number): LoopbackSocket {
  const socket = bindLoopback(port);
  open.push(socket);
  return socket;
}

function serve(socket: LoopbackSocket): ChildProcess {
  const child = spawn(process.execPath, ['-e', SERVER], { stdio: ['ignore', 'pipe', 'inherit', socket.fd] });
  children.push(child);
  return child;
}

async function ask({ port }: LoopbackSocket): Promise<number> {
  return Number(await (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text());
}

test('a connection that comes while the server restarts is answered by the next one', async () => {
  const socket = bind(0);
  const first = serve(socket);
  await once(first.stdout!, 'data');
  expect(await ask(socket)).toBe(first.pid);
  first.kill('SIGKILL');
  await once(first, 'exit');
  const answer = ask(socket);
  const second = serve(socket);
  expect(await answer).toBe(second.pid);
});

test('a port that somebody listens on is replaced by another one', async () => {
  const socket = bind(0);
  await once(serve(socket).stdout!, 'data');
  expect(bind(socket.port).port).not.toBe(socket.port);
});

test('a port that was given back is had again', () => {
  const socket = bindLoopback(0);
  socket.close();
  expect(bind(socket.port).port).toBe(socket.port);
});
