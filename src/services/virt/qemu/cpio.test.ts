import { Buffer } from 'node:buffer';
import { mkdtemp, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../../../lib/proc/run.ts';
import { cpio } from './cpio.ts';
import { withDirectories } from './file-entry.ts';

const busybox = join(process.env['WEFT_ENGINE_ROOT']!, 'usr/bin/busybox');
let directory: string;
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), 'weft-cpio-'))));
afterAll(() => rm(directory, { recursive: true, force: true }));

test('an unpacker that is not ours finds what went in', async () => {
  const content = Buffer.from([0, 1, 2, 255, 10]);
  const archive = cpio(
    withDirectories([
      { path: 'usr/bin/tool', type: 'file', mode: 0o755, content },
      { path: 'usr/bin/alias', type: 'link', target: 'tool' },
      { path: 'empty', type: 'directory' },
      { path: 'etc/none', type: 'file', mode: 0o644, content: Buffer.alloc(0) },
    ]),
  );
  await writeFile(join(directory, 'archive'), archive);
  await run([busybox, 'sh', '-c', 'cd "$1" && cpio -id <archive', 'sh', directory]);
  expect(await readFile(join(directory, 'usr/bin/tool'))).toEqual(content);
  expect((await stat(join(directory, 'usr/bin/tool'))).mode & 0o777).toBe(0o755);
  expect(await readlink(join(directory, 'usr/bin/alias'))).toBe('tool');
  expect((await stat(join(directory, 'empty'))).isDirectory()).toBe(true);
  expect((await stat(join(directory, 'etc/none'))).size).toBe(0);
});
