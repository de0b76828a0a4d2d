/** Real namespaces; root is needed, the host's own are not touched. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { isRunning, type ProcessId, processId, signalProcess } from '../../../lib/proc/process-id.ts';
import { endSandbox, startSandbox } from './sandbox.ts';

const started: ProcessId[] = [];
afterEach(() => {
  for (const id of started.splice(0)) signalProcess(id, 'SIGKILL');
});

async function start(hostname: string): Promise<ProcessId> {
  return startSandbox(hostname, async (pause) => void started.push(pause));
}

const inside = ({ pid }: ProcessId, ...command: readonly string[]) =>
  execFileSync('nsenter', ['-t', String(pid), '--net', '--mount', '--uts', '--', ...command], { encoding: 'utf8' });
const namespaces = (pid: number) => ['net', 'mnt', 'uts'].map((kind) => readlinkSync(`/proc/${pid}/ns/${kind}`));

test('a guest has its own name, its own network with lo up, and none of the node’s sockets', async () => {
  const pause = await start('web');
  const own = namespaces(process.pid);
  expect(namespaces(pause.pid).filter((name) => own.includes(name))).toEqual([]);
  expect(inside(pause, 'hostname').trim()).toBe('web');
  expect(inside(pause, 'ip', '-o', 'link')).toMatch(/^1: lo: <LOOPBACK,UP,LOWER_UP>.*\n$/);
  expect(inside(pause, 'ls', '-A', '/run', '/tmp', '/sys/class/net').split(/\s+/)).toEqual([
    '/run:',
    'resolv.conf',
    '/sys/class/net:',
    'lo',
    '/tmp:',
    '',
  ]);
  await endSandbox(pause);
  expect(isRunning(pause)).toBe(false);
});

test('what was not written down does not live', async () => {
  let pause: ProcessId | undefined;
  const refused = startSandbox('web', async (id) => {
    started.push((pause = id));
    throw new Error('disk full');
  });
  await expect(refused).rejects.toThrow('disk full');
  await expect.poll(() => isRunning(pause!)).toBe(false);
});

test('a pause process whose starter dies before it said go ends by itself', async () => {
  const program = `
    import { startSandbox } from ${JSON.stringify(new URL('sandbox.ts', import.meta.url).href)};
    await startSandbox('web', async (id) => {
      process.stdout.write(String(id.pid) + '\\n');
      await new Promise((resolve) => setTimeout(resolve, 60000));
    });`;
  const starter = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = await new Promise<number>((resolve) =>
    starter.stdout.setEncoding('utf8').once('data', (text: string) => resolve(Number(text))),
  );
  const pause = processId(pid)!;
  started.push(pause);
  expect(isRunning(pause)).toBe(true);
  starter.kill('SIGKILL');
  await expect.poll(() => isRunning(pause)).toBe(false);
});

test('everything in a guest ends with it', async () => {
  const pause = await start('web');
  const child = spawn(
    'nsenter',
    ['-t', String(pause.pid), '-n', '-m', '-u', '--', 'sh', '-c', 'echo; sleep 600 & wait'],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const id = processId(child.pid!)!;
  started.push(id);
  await endSandbox(pause);
  expect(isRunning(id)).toBe(false);
});

test('a stranger that has the number of a guest that ended is left alone', async () => {
  const stranger = await start('other');
  await endSandbox({ pid: stranger.pid, startTime: stranger.startTime - 1 });
  expect(isRunning(stranger)).toBe(true);
  // and this very process, whatever a record says
  await endSandbox(processId(process.pid)!);
});

test('namespaces that cannot be made: why', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'weft-sandbox-'));
  try {
    const script = join(directory, 'init.sh');
    writeFileSync(script, 'echo no such luck >&2; exit 3');
    const refused = startSandbox('web', async () => undefined, { script });
    await expect(refused).rejects.toThrow('the namespaces of guest web could not be made: no such luck');
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
