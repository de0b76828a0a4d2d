import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { isRunning, type ProcessId, processId } from '../../lib/proc/process-id.ts';
import { CONTAINED, engineSteps } from './engine-steps.ts';

/** pids below a process, by the kernel's own list */
async function descendants(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const children = text.split(' ').filter(Boolean).map(Number);
  return [...children, ...(await Promise.all(children.map(descendants))).flat()];
}

test('what a build runs dies with the build, and its mounts with it', async () => {
  // the build is a process of its own: it starts a contained shell which mounts something and starts a sleeper
  const script = `
    const { spawn } = require('node:child_process');
    const work = 'mount -t tmpfs weft-contained /mnt && sleep 1000 & sleep 1000';
    spawn(${JSON.stringify(CONTAINED[0])}, [...${JSON.stringify(CONTAINED.slice(1))}, 'sh', '-c', work], { stdio: 'ignore' });
    setInterval(() => {}, 1000);`;
  const build = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
  let below: readonly ProcessId[] = [];
  try {
    // unshare, the shell, its two sleepers
    await vi.waitFor(
      async () => {
        const found = await descendants(build.pid!);
        const names = await Promise.all(found.map((pid) => readFile(`/proc/${pid}/comm`, 'utf8')));
        expect(names.filter((name) => name === 'sleep\n')).toHaveLength(2);
        below = found.flatMap((pid) => processId(pid) ?? []);
      },
      { timeout: 10_000 },
    );
    expect(await readFile('/proc/self/mounts', 'utf8')).not.toContain('weft-contained');
  } finally {
    build.kill('SIGKILL');
  }
  await vi.waitFor(() => expect(below.filter(isRunning)).toEqual([]), { timeout: 10_000 });
});

test('the steps in their order, each with a stamp of its own', () => {
  const names = engineSteps('/nowhere', ['frr']).map(({ name }) => name);
  expect(names).toEqual(['debootstrap', 'configure', 'packages', 'kernel', 'clean']);
});
