/** Taking guests apart when their executable refuses; the pause process is real. Needs root. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isRunning } from '../../lib/proc/process-id.ts';
import { type GuestRecord, GuestStore, readGuests } from './guest-record.ts';
import { DEL_TRIES, Guests } from './guests.ts';

/** ADD succeeds; DEL refuses while there is a file `refuse` */
const EXECUTABLE = `#!/bin/sh
here=$(dirname "$0")
cat >/dev/null
echo "$CNI_COMMAND $CNI_IFNAME" >>"$here/calls"
if [ "$CNI_COMMAND" = DEL ]; then
  [ ! -e "$here/refuse" ] || { echo '{"cniVersion":"0.3.1","code":999,"msg":"never"}'; exit 1; }
  exit 0
fi
echo '{"cniVersion":"0.3.1","interfaces":[],"ips":[]}'
`;

let directory: string;
let guests: Guests;
let record: GuestRecord;
const log: string[] = [];

beforeEach(async () => {
  log.length = 0;
  directory = await mkdtemp(join(tmpdir(), 'weft-guests-'));
  await writeFile(join(directory, 'fake'), EXECUTABLE);
  await chmod(join(directory, 'fake'), 0o755);
  guests = new Guests(new GuestStore(directory), directory, directory, (sentence) => log.push(sentence));
  const face = (device: string) => ({ device, name: device, network: 'shop/blue', type: 'fake', config: '{}' });
  record = await guests.create({
    namespace: 'shop',
    pod: 'web',
    uid: '1',
    hostname: 'web',
    interfaces: [face('lo'), face('net2')],
  });
});

afterEach(async () => {
  await rm(join(directory, 'refuse'), { force: true });
  await guests.destroy(record);
  await rm(directory, { recursive: true });
});

const calls = async () => (await readFile(join(directory, 'calls'), 'utf8')).trim().split('\n');

test('a refusal that passes: the guest waits for it, then all of it goes', async () => {
  await writeFile(join(directory, 'refuse'), '');
  await expect(guests.destroy(record)).rejects.toThrow('CNI DEL of net2 (type fake): never');
  expect(readGuests(directory)).toEqual([record]);
  expect(isRunning(record.pause!)).toBe(true);
  await rm(join(directory, 'refuse'));
  await guests.destroy(record);
  expect(readGuests(directory)).toEqual([]);
  expect(isRunning(record.pause!)).toBe(false);
  expect(log).toEqual([]);
});

test('a refusal for good: after some tries the guest goes all the same, and the log says what was left', async () => {
  await writeFile(join(directory, 'refuse'), '');
  for (let tries = 1; tries < DEL_TRIES; tries++) await expect(guests.destroy(record)).rejects.toThrow('never');
  await guests.destroy(record);
  expect(readGuests(directory)).toEqual([]);
  expect(isRunning(record.pause!)).toBe(false);
  expect(log).toEqual([expect.stringMatching(/^guest shop\/web goes without .*: CNI DEL of net2 .*: never/)]);
  // every interface was asked for every time: one that refuses does not keep the others
  const dels = (await calls()).filter((call) => call.startsWith('DEL'));
  expect(dels.filter((call) => call === 'DEL lo')).toHaveLength(DEL_TRIES);
  expect(dels.filter((call) => call === 'DEL net2')).toHaveLength(DEL_TRIES);
});
