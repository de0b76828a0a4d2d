/**
 * The way into a guest of QEMU, as a program: `guest-exec.ts MACHINE COMMAND...` runs the command inside with our standard streams; its exit
 * code becomes ours. 3 when the guest cannot be reached.
 */
import type { Buffer } from 'node:buffer';
import type { Writable } from 'node:stream';
import { findMachine } from './find-machine.ts';
import { GuestCommand } from './guest-command.ts';
import { HubClient } from './hub-client.ts';
import { messageOf } from '../../../lib/error/message.ts';

const [id = '', ...command] = process.argv.slice(2);

const running = new GuestCommand({
  connect: () => HubClient.connect(findMachine(id).map(({ directory }) => directory)),
  command,
  streams: { stdin: process.stdin, stdout: writer(process.stdout), stderr: writer(process.stderr) },
});
for (const [signal, name] of [
  ['SIGINT', 'INT'],
  ['SIGTERM', 'TERM'],
  ['SIGHUP', 'HUP'],
] as const)
  process.on(signal, () => running.signal(name));

try {
  process.exit(await running.run());
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(3);
}

/** What nobody reads any more is dropped: the command goes on as with `command | head`. */
function writer(stream: Writable): (bytes: Buffer) => Promise<void> {
  let broken = false;
  stream.on('error', () => {
    broken = true;
    running.signal('PIPE');
  });
  return (bytes) => new Promise((resolve) => (broken ? resolve() : stream.write(bytes, () => resolve())));
}
