/** Between two real QEMUs, whose guests are as far as the firmware gets. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Address, hasGone, listen, parseAddress, sendTo, untilArrived } from './migration.ts';
import { Qmp } from './qmp.ts';

describe('addresses', () => {
  test.each([
    ['tcp:172.30.0.12:4444', true],
    ['tcp:[fd00::12]:4444', false],
  ])('as a target says it: %s', (uri, postcopy) => {
    expect(parseAddress(JSON.stringify({ uri, postcopy }))).toEqual({ uri, postcopy });
  });

  // QEMU would run the first, and write the second
  test.each(['exec:rm -rf /', 'file:/etc/passwd', 'tcp:host:1,x=y', 'unix:/run/x', 'tcp:1.2.3.4:'])(
    'what is none of a node gets no further: %s',
    (uri) => {
      expect(() => parseAddress(JSON.stringify({ uri, postcopy: true }))).toThrow(/is not where a machine can be sent/);
    },
  );
});

describe('two QEMUs', () => {
  const engine = process.env['WEFT_ENGINE_ROOT']!;
  const processes: ChildProcess[] = [];
  let directory: string;
  let source: Qmp;
  let target: Qmp;
  let address: Address;

  const start = async (name: string, ...more: readonly string[]): Promise<Qmp> => {
    const path = join(directory, name);
    const socket = `socket,id=qmp,path=${path.slice(engine.length)},server=on,wait=off`;
    const machine = ['-M', 'pc', '-m', '64', '-accel', 'tcg,tb-size=8', '-nodefaults', '-display', 'none'];
    const args = ['qemu-system-x86_64', ...machine, '-chardev', socket, '-mon', 'chardev=qmp,mode=control', ...more];
    processes.push(spawn('chroot', [engine, ...args], { stdio: 'ignore' }));
    return vi.waitFor(() => Qmp.connect({ path }), { timeout: 10_000 });
  };
  const status = async (qmp: Qmp) => (await qmp.execute<{ status: string }>('query-status')).status;

  beforeEach(async () => {
    directory = await mkdtemp(join(engine, 'tmp/move-'));
    [source, target] = await Promise.all([start('source'), start('target', '-incoming', 'defer')]);
    address = await listen(target, '127.0.0.1');
  });
  afterEach(async () => {
    for (const qmp of [source, target]) qmp.close();
    for (const child of processes.splice(0)) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    }
    await rm(directory, { recursive: true, force: true });
  });

  test('the machine leaves one and runs in the other; said again, it has left', async () => {
    expect(await hasGone(source)).toBe(false);
    const arrived = untilArrived(target);
    await sendTo(source, address);
    await arrived;
    expect([await hasGone(source), await status(target)]).toEqual([true, 'running']);
    await sendTo(source, address);
  });

  // so slow that pre-copy does not come to an end
  const slow = { bandwidth: 1000, convergence: Infinity };
  const isSending = async () => {
    await vi.waitFor(
      async () => expect((await source.execute<{ status: string }>('query-migrate')).status).toBe('active'),
      10_000,
    );
  };

  test('called off, it runs on where it is', async () => {
    const abort = new AbortController();
    const sent = sendTo(source, address, abort.signal, slow);
    const failure = expect(sent).rejects.toThrow(/it was called off/);
    await isSending();
    abort.abort();
    await failure;
    expect([await hasGone(source), await status(source)]).toEqual([false, 'running']);
  });

  test('when the target dies, it runs on where it is, and can be sent elsewhere', async () => {
    const sent = sendTo(source, address, undefined, slow);
    const failure = expect(sent).rejects.toThrow(/the guest could not be sent/);
    await isSending();
    processes[1]!.kill('SIGKILL');
    await failure;
    expect([await hasGone(source), await status(source)]).toEqual([false, 'running']);
    const other = await start('other', '-incoming', 'defer');
    await sendTo(source, await listen(other, '127.0.0.1'));
    await untilArrived(other);
    other.close();
  });

  test('what does not converge ends by post-copy', async () => {
    expect(address.postcopy).toBe(true);
    const arrived = untilArrived(target);
    await sendTo(source, address, undefined, { bandwidth: 1000, convergence: 100 });
    await arrived;
    expect([await hasGone(source), await status(target)]).toEqual([true, 'running']);
  });
});
