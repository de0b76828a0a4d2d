import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { isRunning, processId, signalProcess } from '../../lib/proc/process-id.ts';
import { ManagedProcess, type ManagedProcessOptions } from './managed-process.ts';

let directory: string;
let managed: ManagedProcess | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-managed-'));
});

afterEach(async () => {
  await managed?.stop(0);
  managed = undefined;
  rmSync(directory, { recursive: true, force: true });
});

function start(command: readonly string[], more: Partial<ManagedProcessOptions> = {}): ManagedProcess {
  managed = new ManagedProcess({
    name: 'name',
    box: 'box',
    logFile: join(directory, 'log'),
    readyFile: undefined,
    controlLink: undefined,
    launch: () => ({ command, environment: { PATH: '/usr/bin:/bin' }, descriptor: undefined }),
    log: () => undefined,
    ...more,
  });
  managed.start();
  return managed;
}

test('a process that is killed is started again', async () => {
  const daemon = start(['sleep', '1000']);
  const first = daemon.pid!;
  process.kill(first, 'SIGKILL');
  await vi.waitFor(() => expect(daemon.restarts).toBe(1));
  expect(daemon.state).toBe('running');
  expect(daemon.pid).not.toBe(first);
});

test('a process that is stopped stays stopped, and is gone when stop resolves', async () => {
  const daemon = start(['sleep', '1000']);
  const id = processId(daemon.pid!)!;
  await daemon.stop(5000);
  expect(isRunning(id)).toBe(false);
  expect([daemon.state, daemon.pid, daemon.restarts]).toEqual(['stopped', undefined, 0]);
});

test('one that ignores SIGTERM is killed when its time is over', async () => {
  const daemon = start(['sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 1000 & wait; done']);
  await vi.waitFor(() => expect(readFileSync(join(directory, 'log'), 'utf8')).toContain('ready'));
  const id = processId(daemon.pid!)!;
  await daemon.stop(50);
  expect(isRunning(id)).toBe(false);
});

test('a stop while it waits for its restart ends it for good', async () => {
  const daemon = start(['false']);
  await vi.waitFor(() => expect(daemon.restarts).toBeGreaterThanOrEqual(1));
  await daemon.stop(0);
  const { restarts } = daemon;
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect([daemon.state, daemon.restarts]).toEqual(['stopped', restarts]);
});

test('one that cannot start is given up, with its last words', async () => {
  const daemon = start(['sh', '-c', 'echo no such database; exit 1'], { readyFile: join(directory, 'sock') });
  await expect(daemon.ready()).rejects.toMatchObject({
    code: 'start-failed',
    why: expect.stringContaining('no such database') as unknown,
  });
});

test('a box that is gone makes the start fail again and again, not the supervisor', async () => {
  let box = true;
  const daemon = start([], {
    launch: () => {
      if (!box) throw new Error('the box is gone');
      return { command: ['sleep', '1000'], environment: { PATH: '/usr/bin:/bin' }, descriptor: undefined };
    },
  });
  box = false;
  process.kill(daemon.pid!, 'SIGKILL');
  await vi.waitFor(() => expect(daemon.restarts).toBeGreaterThanOrEqual(2));
  expect([daemon.state, daemon.pid, daemon.logTail(1)]).toEqual(['failed', undefined, '']);
  box = true;
  await vi.waitFor(() => expect(daemon.state).toBe('running'), { timeout: 5000 });
});

test('the control socket is found by process number, also after a restart', async () => {
  const daemon = start(['sleep', '1000'], { controlLink: join(directory, 'x') });
  const first = join(directory, `x.${daemon.pid}.ctl`);
  expect(readlinkSync(first)).toBe('x.ctl');
  process.kill(daemon.pid!, 'SIGKILL');
  await vi.waitFor(() => expect(daemon.restarts).toBe(1));
  expect(readlinkSync(join(directory, `x.${daemon.pid}.ctl`))).toBe('x.ctl');
  expect(existsSync(first)).toBe(false);
});

test('a recycled process number is never signalled', () => {
  const daemon = start(['sleep', '1000']);
  const id = processId(daemon.pid!)!;
  expect(signalProcess({ ...id, startTime: id.startTime - 1 }, 'SIGKILL')).toBe(false);
  expect(isRunning(id)).toBe(true);
});
