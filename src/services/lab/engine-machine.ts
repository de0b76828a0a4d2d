/** What a machine must have to make the engine; found out before anything is made. */
import { existsSync, readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { run } from '../../lib/proc/run.ts';
import { LabError } from './errors.ts';
import { messageOf } from '../../lib/error/message.ts';

/** bytes, while it is built */
const DISK_NEEDED = 2_000_000_000;

/** @param aside where an earlier build may have left something @throws LabError `not-root`, `wrong-os`, `no-disk`, `no-registry` */
export async function checkMachine(home: string, aside: string, progress: (what: string) => void): Promise<void> {
  checkUser();
  checkSystem();
  await checkDisk(home, aside);
  if (!existsSync('/usr/sbin/debootstrap')) await installDebootstrap(progress);
}

function checkUser(): void {
  if (process.getuid?.() === 0) return;
  throw new LabError(
    'not-root',
    'the lab needs root',
    'it makes network namespaces and a Debian root',
    'run it as root (sudo ./weft ...)',
  );
}

function checkSystem(): void {
  const text = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  if (/^ID(_LIKE)?=.*(debian|ubuntu)/m.test(text)) return;
  throw new LabError(
    'wrong-os',
    'this machine is neither Debian nor Ubuntu',
    'the engine is made with debootstrap from Debian packages',
    'use a Debian 12+ or Ubuntu 22.04+ machine, or give a ready root with --engine DIR',
  );
}

async function checkDisk(home: string, aside: string): Promise<void> {
  const { bavail, bsize } = await statfs(existingAncestor(home));
  const free = bavail * bsize;
  const needed = DISK_NEEDED - (existsSync(aside) ? await bytesBelow(aside) : 0);
  if (free >= needed) return;
  throw new LabError(
    'no-disk',
    `${home} has ${Math.floor(free / 1e6)} MB free`,
    `the engine needs ${Math.ceil(needed / 1e6)} MB while it is built`,
    'free some space or point WEFT_HOME at a larger disk',
  );
}

function existingAncestor(path: string): string {
  return existsSync(path) ? path : existingAncestor(dirname(path));
}

async function bytesBelow(directory: string): Promise<number> {
  const { stdout } = await run(['du', '--summarize', '--block-size=1', '--one-file-system', directory]);
  return Number.parseInt(stdout, 10);
}

async function installDebootstrap(progress: (what: string) => void): Promise<void> {
  progress('install debootstrap');
  const aptGet = (...args: readonly string[]) =>
    run(['apt-get', '-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
      deadline: 300,
      env: { DEBIAN_FRONTEND: 'noninteractive' },
    });
  try {
    await aptGet('update');
    await aptGet('install', '-y', '--no-install-recommends', 'debootstrap');
  } catch (error) {
    throw new LabError(
      'no-registry',
      'debootstrap could not be installed',
      messageOf(error),
      'check the package sources of this machine (apt-get update)',
    );
  }
}
