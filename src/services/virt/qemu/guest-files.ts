/**
 * What a guest is made of: programs of the engine with the libraries they need, and scripts of our own. What it needs to get at its disk is in its
 * first file system, the rest on the disk, as /usr.
 */
import { Buffer } from 'node:buffer';
import { readdir, readFile, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../../lib/proc/run.ts';
import { DHCP_CONFIGURATION, DHCP_HOOK } from '../machine/namespace-dhcp.ts';
import { type FileEntry, withDirectories } from './file-entry.ts';

/** where packages put the guest's kernel, which is unpacked and not installed */
export const KERNEL_ROOT = '/opt/kernel';

const BUSYBOX = '/usr/bin/busybox';
/** real programs stand before busybox' own; its shell would take its own even so, hence another shell */
const PROGRAMS = [
  '/usr/bin/bash',
  '/usr/bin/dash',
  '/usr/bin/ip',
  '/usr/bin/ping',
  '/usr/bin/arping',
  '/usr/bin/nc',
  '/usr/bin/iperf3',
  '/usr/bin/perl',
  '/usr/sbin/dhcpcd',
] as const;
/** of what dhcpcd ships, what it calls */
const DHCP_HOOKS = '/usr/lib/dhcpcd';
/** in the order in which they are loaded; virtio, its PCI transport and its console are part of the kernel */
const MODULES = [
  'drivers/block/virtio_blk',
  'fs/romfs/romfs',
  'net/core/failover',
  'drivers/net/net_failover',
  'drivers/net/virtio_net',
  'drivers/acpi/button',
  'drivers/input/evdev',
] as const;
/** what the agent uses of Perl */
const PERL_MODULES = ['-Mstrict', '-Mwarnings', '-Mconstant', '-MErrno', '-MFcntl', '-MPOSIX'];
const PERL_FILES = 'glob q(/x*); print join qq(\\n), values %INC, @DynaLoader::dl_shared_objects';

const DIRECTORIES = ['dev', 'proc', 'root', 'run', 'sys', 'tmp', 'var/lib/dhcpcd', 'var/run'];
/** until the disk is there */
const FIRST_APPLETS = ['sh', 'mount', 'insmod', 'mkdir', 'cat'];
const LINKS = [
  ['bin', 'usr/bin'],
  ['sbin', 'usr/sbin'],
  ['lib', 'usr/lib'],
  ['lib64', 'usr/lib64'],
] as const;

const OWN = fileURLToPath(new URL('guest/', import.meta.url));
/** file of ours -> where it is in the guest, and its mode */
const FIRST_SCRIPTS = [['init', 'init', 0o755]] as const;
const DISK_SCRIPTS = [
  ['guest-agent', 'libexec/guest-agent', 0o755],
  ['guest-setup', 'libexec/guest-setup', 0o755],
  [DHCP_HOOK, 'libexec/dhcpcd-hook', 0o755],
] as const;
const TEXTS: Readonly<Record<string, string>> = {
  'etc/dhcpcd.conf': DHCP_CONFIGURATION,
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
  'etc/group': 'root:x:0:\n',
  'etc/hosts': '127.0.0.1 localhost\n::1 localhost\n',
  'root/.bashrc': "PS1='\\h:\\w# '\n",
};

/** The first file system. @throws Error when the engine lacks something */
export async function firstFiles(): Promise<readonly FileEntry[]> {
  const [busybox, modules, scripts] = await Promise.all([file(BUSYBOX), moduleFiles(), ownEntries(FIRST_SCRIPTS)]);
  const texts = Object.entries(TEXTS).map(([path, text]) => textFile(path, text));
  const links = LINKS.map(([path, target]) => ({ path, type: 'link' as const, target }));
  const applets = FIRST_APPLETS.map((name) => ({ path: `usr/bin/${name}`, type: 'link' as const, target: 'busybox' }));
  const directories = DIRECTORIES.map((path) => ({ path, type: 'directory' as const }));
  return withDirectories([...directories, ...links, busybox, ...applets, ...modules, ...scripts, ...texts]);
}

/** The disk that becomes /usr. @throws Error when the engine lacks something */
export async function diskFiles(): Promise<readonly FileEntry[]> {
  const [applets, programs, scripts] = await Promise.all([busyboxApplets(), programFiles(), ownEntries(DISK_SCRIPTS)]);
  const files = new Map<string, FileEntry>();
  for (const name of applets) files.set(`bin/${name}`, { path: `bin/${name}`, type: 'link', target: 'busybox' });
  files.set('bin/sh', { path: 'bin/sh', type: 'link', target: 'dash' });
  for (const { path, ...entry } of programs)
    files.set(path.slice('usr/'.length), { ...entry, path: path.slice('usr/'.length) } as FileEntry);
  return [...files.values(), ...scripts];
}

/** Files of ours that the guest is made of: what changes with them is another guest. */
export async function ownFiles(): Promise<readonly Buffer[]> {
  const names = [...FIRST_SCRIPTS, ...DISK_SCRIPTS].map(([name]) => resolve(OWN, name));
  return [
    ...(await Promise.all([...names, fileURLToPath(import.meta.url)].map((path) => readFile(path)))),
    Buffer.from(DHCP_CONFIGURATION),
  ];
}

/** Files of the engine that the guest is made of. */
export function engineFiles(): readonly string[] {
  return [BUSYBOX, ...PROGRAMS];
}

async function busyboxApplets(): Promise<readonly string[]> {
  const { stdout } = await run([BUSYBOX, '--list'], { deadline: 10 });
  const real = new Set(PROGRAMS.map((path) => path.slice(path.lastIndexOf('/') + 1)));
  return stdout.split('\n').filter((applet) => applet !== 'busybox' && !real.has(applet as never));
}

async function programFiles(): Promise<readonly FileEntry[]> {
  const perl = await run(['/usr/bin/perl', ...PERL_MODULES, '-e', PERL_FILES], { deadline: 10 });
  const hooks = await readdir(`${DHCP_HOOKS}/dhcpcd-hooks`);
  const libraries = await Promise.all(PROGRAMS.map(librariesOf));
  const paths = new Set([
    BUSYBOX,
    ...PROGRAMS,
    ...libraries.flat(),
    ...perl.stdout.split('\n'),
    `${DHCP_HOOKS}/dhcpcd-run-hooks`,
    ...hooks.map((name) => `${DHCP_HOOKS}/dhcpcd-hooks/${name}`),
  ]);
  return Promise.all([...paths].map(file));
}

async function file(path: string): Promise<FileEntry> {
  const content = await readFile(path);
  // directories of the merged file system: /lib64/ld-linux... is below /usr
  const place = path.startsWith('/usr/') ? path.slice(1) : `usr${path}`;
  return { path: place, type: 'file', mode: 0o755, content };
}

/** What the dynamic linker would load, under the names by which it asks. */
async function librariesOf(program: string): Promise<readonly string[]> {
  const { stdout } = await run(['ldd', await realpath(program)], { deadline: 10 });
  return stdout.split('\n').flatMap((line) => /(?:=> |^\s*)(\/\S+)/.exec(line)?.[1] ?? []);
}

async function moduleFiles(): Promise<readonly FileEntry[]> {
  const [version] = await readdir(join(KERNEL_ROOT, 'usr/lib/modules'));
  const names = MODULES.map((path) => `${path.slice(path.lastIndexOf('/') + 1)}.ko`);
  const files = MODULES.map(async (path, index) => {
    const packed = join(KERNEL_ROOT, `usr/lib/modules/${version}/kernel/${path}.ko.xz`);
    return { path: `modules/${names[index]}`, type: 'file' as const, mode: 0o644, content: await unpack(packed) };
  });
  return [...(await Promise.all(files)), textFile('modules/order', names.join('\n'))];
}

/** Binary output of xzcat, by way of base64: `run` collects text. */
async function unpack(file: string): Promise<Buffer> {
  const script = 'xzcat "$1" | base64';
  const { stdout } = await run([BUSYBOX, 'sh', '-c', `set -o pipefail; ${script}`, 'sh', file], { deadline: 30 });
  return Buffer.from(stdout, 'base64');
}

function textFile(path: string, text: string): FileEntry {
  return { path, type: 'file', mode: 0o644, content: Buffer.from(text) };
}

function ownEntries(scripts: readonly (readonly [string, string, number])[]): Promise<readonly FileEntry[]> {
  return Promise.all(
    scripts.map(async ([name, path, mode]) => ({
      path,
      type: 'file' as const,
      mode,
      content: await readFile(resolve(OWN, name)),
    })),
  );
}
