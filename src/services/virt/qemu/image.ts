/**
 * What guests are made of, once for all nodes of all labs: their file systems, and a golden guest, which is booted as far as it goes without
 * being anybody, and saved. It is kept under a name that follows from all that it is made of.
 *
 *     DIRECTORY/STAMP/initramfs   the first file system
 *     DIRECTORY/STAMP/disk        /usr of all guests
 *     DIRECTORY/STAMP/golden      the saved machine; the pages of its memory at their own offsets (mapped-ram)
 */
import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { qemuCommand, type MachineFiles } from './command-line.ts';
import { cpio } from './cpio.ts';
import { saveGolden } from './golden.ts';
import { diskFiles, engineFiles, firstFiles, KERNEL_ROOT, ownFiles } from './guest-files.ts';
import { romfs } from './romfs.ts';

export interface GuestImage extends MachineFiles {
  readonly golden: string;
}

/** shared by all boxes of all labs */
const DIRECTORY = '/var/cache/weft/guests';
const QEMU = '/usr/bin/qemu-system-x86_64';

let image: Promise<GuestImage> | undefined;

/** Makes it unless it is there; several nodes at once make it once. @throws Error that says what is missing, or what failed */
export async function guestImage(): Promise<GuestImage> {
  image ??= findOrMake();
  try {
    const found = await image;
    // another version of Weft under the same home makes another one, and keeps no old ones
    if (existsSync(found.golden)) return found;
  } catch (error) {
    image = undefined;
    throw error;
  }
  image = undefined;
  return guestImage();
}

async function findOrMake(): Promise<GuestImage> {
  const kernel = await kernelFile();
  const place = join(DIRECTORY, await stampOf(kernel));
  const [initramfs, disk, golden] = ['initramfs', 'disk', 'golden'].map((name) => join(place, name)) as [
    string,
    string,
    string,
  ];
  const found = { kernel, initramfs, disk, golden };
  if (existsSync(found.golden)) return found;
  await mkdir(DIRECTORY, { recursive: true });
  await whileLocked(join(DIRECTORY, 'lock'), async () => {
    if (!existsSync(found.golden)) await make(place, kernel);
  });
  return found;
}

async function make(place: string, kernel: string): Promise<void> {
  const aside = `${place}.making`;
  // whoever holds the lock is the only one who makes anything
  for (const name of await readdir(DIRECTORY))
    if (name !== 'lock') await rm(join(DIRECTORY, name), { recursive: true, force: true });
  await mkdir(aside);
  const files = { kernel, initramfs: join(aside, 'initramfs'), disk: join(aside, 'disk') };
  await writeFile(files.initramfs, cpio(await firstFiles()));
  await writeFile(files.disk, romfs(await diskFiles()));
  await saveGolden(files, join(aside, 'golden'));
  await rename(aside, place);
}

async function kernelFile(): Promise<string> {
  const names = await readdir(join(KERNEL_ROOT, 'boot')).catch(() => []);
  const name = names.find((file) => file.startsWith('vmlinuz-'));
  if (name !== undefined && existsSync(QEMU)) return join(KERNEL_ROOT, 'boot', name);
  throw new Error(
    `this engine has no ${name === undefined ? `guest kernel below ${KERNEL_ROOT}` : 'QEMU'}: qemu guests need one that Weft has made (--engine auto)`,
  );
}

/** Files of packages by size and time, our own by what is in them. */
async function stampOf(kernel: string): Promise<string> {
  const hash = createHash('sha256');
  for (const path of [kernel, QEMU, ...engineFiles()]) {
    const { size, mtimeMs } = await stat(path);
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  }
  const options = {
    id: '',
    directory: '',
    log: '',
    kernel: '',
    initramfs: '',
    disk: '',
    generation: '',
    incoming: false,
  };
  hash.update(JSON.stringify(qemuCommand(options)));
  hash.update(await readFile(fileURLToPath(new URL('golden.ts', import.meta.url))));
  for (const content of await ownFiles()) hash.update(content);
  return hash.digest('hex').slice(0, 16);
}

/** The lock of flock(1) is gone when its process is, and that ends with us. */
async function whileLocked(path: string, work: () => Promise<void>): Promise<void> {
  const holder = spawn('flock', ['--exclusive', path, 'sh', '-c', 'echo; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    holder.once('error', reject);
    holder.stdout.once('data', () => resolve());
    holder.once('exit', () => reject(new Error(`${path} could not be locked`)));
  });
  try {
    await work();
  } finally {
    holder.stdin.end();
  }
}
