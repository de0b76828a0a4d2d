import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { limitLogs } from './log-limit.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weft-logs-'));
  await mkdir(join(directory, 'node1'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

test('a log above the limit begins anew under those who write it; what it held is kept once', async () => {
  const file = join(directory, 'node1/agent.log');
  const log = await open(file, 'a');
  try {
    for (const text of ['first first', 'second second', 'third']) {
      await log.write(text);
      await limitLogs(directory, 10);
    }
  } finally {
    await log.close();
  }
  expect(await readFile(file, 'utf8')).toBe('third');
  expect(await readFile(`${file}.1`, 'utf8')).toBe('second second');
});

test('small logs and other files stay as they are', async () => {
  await writeFile(join(directory, 'supervisor.log'), '0123456789');
  await writeFile(join(directory, 'node1/other'), 'x'.repeat(100));
  await limitLogs(directory, 10);
  expect((await readdir(directory, { recursive: true })).toSorted()).toEqual([
    'node1',
    'node1/other',
    'supervisor.log',
  ]);
  expect(await readFile(join(directory, 'supervisor.log'), 'utf8')).toBe('0123456789');
});
