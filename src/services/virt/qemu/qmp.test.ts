/** Against a real QEMU that has a machine without anything in it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Qmp, QmpError, type QmpEvent } from './qmp.ts';

const engine = process.env['WEFT_ENGINE_ROOT']!;
let directory: string;
let qemu: ChildProcess;
let events: QmpEvent[];
const path = () => join(directory, 'qmp');
const connect = (options = {}) => Qmp.connect({ path: path(), onEvent: (event) => events.push(event), ...options });

beforeEach(async () => {
  events = [];
  directory = await mkdtemp(join(engine, 'tmp/qmp-'));
  const inside = path().slice(engine.length);
  const machine = ['-M', 'none', '-S', '-nodefaults', '-display', 'none'];
  const socket = ['-chardev', `socket,id=qmp,path=${inside},server=on,wait=off`, '-mon', 'chardev=qmp,mode=control'];
  qemu = spawn('chroot', [engine, 'qemu-system-x86_64', ...machine, ...socket], { stdio: 'ignore' });
  await vi.waitFor(async () => (await Qmp.connect({ path: path() })).close(), { timeout: 10_000 });
});
afterEach(async () => {
  if (qemu.exitCode === null && qemu.signalCode === null) {
    qemu.kill('SIGKILL');
    await once(qemu, 'exit');
  }
  await rm(directory, { recursive: true, force: true });
});

test('answers find their questions, however many are asked at once', async () => {
  const qmp = await connect();
  const [status, version, name] = await Promise.all([
    qmp.execute<{ status: string }>('query-status'),
    qmp.execute<{ qemu: { major: number } }>('query-version'),
    qmp.execute('query-name'),
  ]);
  expect(status.status).toBe('prelaunch');
  expect(version.qemu.major).toBeGreaterThanOrEqual(7);
  expect(name).toEqual({});
  qmp.close();
});

test('a refusal has the class and the words of QEMU, and the connection goes on', async () => {
  const qmp = await connect();
  const refusal = await qmp.execute('device_del', { id: 'nobody' }).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(QmpError);
  expect(refusal).toMatchObject({ class: 'DeviceNotFound', message: expect.stringContaining('nobody') as string });
  await expect(qmp.execute('query-status')).resolves.toBeDefined();
  qmp.close();
});

test('events come by themselves', async () => {
  const qmp = await connect();
  await qmp.execute('cont');
  await qmp.execute('stop');
  await vi.waitFor(() => expect(events.map(({ event }) => event)).toEqual(['RESUME', 'STOP']));
  qmp.close();
});

test('who waits for an event is woken by it, also when it came before the waiting', async () => {
  const qmp = await connect();
  const seen = qmp.events;
  const woken = qmp.eventAfter(seen, 60_000);
  await qmp.execute('cont');
  await woken;
  expect(events.map(({ event }) => event)).toEqual(['RESUME']);
  await qmp.eventAfter(seen, 60_000);
  const abort = new AbortController();
  const waits = qmp.eventAfter(qmp.events, 60_000, abort.signal);
  abort.abort();
  await expect(waits).rejects.toThrow('aborted');
  await qmp.eventAfter(qmp.events, 1);
  const last = qmp.eventAfter(qmp.events, 60_000);
  qemu.kill('SIGKILL');
  await last;
  expect(qmp.isOpen).toBe(false);
});

test('when QEMU ends, what waits fails and the end is told once', async () => {
  const onEnd = vi.fn();
  const qmp = await connect({ onEnd });
  const asked = qmp.execute('query-status');
  await asked;
  qemu.kill('SIGKILL');
  await vi.waitFor(() => expect(qmp.isOpen).toBe(false));
  await expect(qmp.execute('query-status')).rejects.toThrow(/QEMU/);
  expect(onEnd).toHaveBeenCalledTimes(1);
});

test('a second client is not greeted while the first one stays', async () => {
  const qmp = await connect();
  const second = connect({ deadline: 100 });
  const outcome = await Promise.race([
    second.then(() => 'greeted'),
    new Promise((resolve) => setTimeout(() => resolve('waits'), 300)),
  ]);
  expect(outcome).toBe('waits');
  qmp.close();
  (await second).close();
});

test('nobody listens', async () => {
  await expect(Qmp.connect({ path: join(directory, 'nothing') })).rejects.toThrow(/ENOENT/);
});
