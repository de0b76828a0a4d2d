/**
 * The serial console of a guest of QEMU, as a program: `guest-console.ts MACHINE`. Ctrl-] leaves. When the guest moves to another node, so does the
 * connection. 3 when there is no console to be had.
 */
import type { Buffer } from 'node:buffer';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { FILES } from './command-line.ts';
import { findMachine } from './find-machine.ts';

/** Ctrl-], as of telnet and virtctl */
const ESCAPE = 0x1d;
/** milliseconds that a guest which is gone is waited for: it may be on its way to another node */
const PATIENCE = 10_000;
const RETRY = 100;
/** milliseconds that are listened after the end of an input that is no terminal */
const LINGER = 1000;

const [id = ''] = process.argv.slice(2);
const { stdin, stdout, stderr } = process;
let current: Socket | undefined;

if (!(await isFree())) leave(3, 'somebody else is on this console: QEMU has one for each guest');
stdin.on('data', (bytes: Buffer) => {
  const end = bytes.indexOf(ESCAPE);
  current?.write(end < 0 ? bytes : bytes.subarray(0, end));
  if (end >= 0) leave(0);
});
stdin.on('end', () => setTimeout(() => leave(0), LINGER));
if (stdin.isTTY) {
  stdin.setRawMode(true);
  stderr.write('connected to the serial console; Ctrl-] leaves\r\n');
}
for (;;) {
  const socket = await reach();
  if (!socket) leave(3, 'the guest is gone');
  current = socket;
  socket.pipe(stdout, { end: false });
  await new Promise((resolve) => socket.once('close', resolve));
  current = undefined;
}

/** The lock of an abstract socket (unix(7)) goes with its owner. */
function isFree(): Promise<boolean> {
  const lock = createServer().unref();
  return new Promise((resolve) =>
    lock.once('error', () => resolve(false)).listen(`\0weft-console-${id}`, () => resolve(true)),
  );
}

async function reach(): Promise<Socket | undefined> {
  for (const end = performance.now() + PATIENCE; performance.now() < end; await sleep(RETRY))
    for (const { directory } of findMachine(id)) {
      const socket = connect(`${directory}/${FILES.console}`);
      const opened = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => resolve(true));
        socket.on('error', () => resolve(false));
      });
      if (opened) return socket;
    }
  return undefined;
}

function leave(code: number, why?: string): never {
  if (stdin.isTTY) stdin.setRawMode(false);
  if (why !== undefined) stderr.write(`${why}\n`);
  else if (stdin.isTTY) stderr.write('\r\n');
  process.exit(code);
}
