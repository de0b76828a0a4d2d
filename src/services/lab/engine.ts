/**
 * The engine: OVN, Open vSwitch, FRR, QEMU and their tools in a Debian 13 root, made once by debootstrap and
 * content-addressed by its package list. It is built aside and renamed when complete, so that a root under its final name is
 * always whole; a build that was interrupted goes on after its last finished step.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError, run } from '../../lib/proc/run.ts';
import { LabError } from './errors.ts';

const SUITE = 'trixie';
/** raised when the steps below change in a way that makes older roots unfit */
const RECIPE = 1;
const KERNEL = 'linux-image-cloud-amd64';
const DISK_NEEDED = 2_000_000_000;

export interface Engine {
  /** absolute path of the root directory */
  readonly root: string;
}

export type Progress = (what: string) => void;

interface Step {
  readonly name: string;
  readonly does: string;
  run(root: string): Promise<void>;
}

const packagesFile = new URL('../../../deploy/engine/packages.txt', import.meta.url);

export function enginePackages(): string[] {
  return readFileSync(packagesFile, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** name of the root directory for a package list: changes with the list, the suite and the recipe */
export function engineName(packages: readonly string[]): string {
  const text = JSON.stringify({ SUITE, RECIPE, KERNEL, packages: [...packages].toSorted() });
  return `${SUITE}-${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;
}

/** The finished engine under `home`, if there is one. */
export function findEngine(home: string): Engine | undefined {
  const root = join(home, 'engine', engineName(enginePackages()));
  return existsSync(root) ? { root } : undefined;
}

/**
 * The engine under `home`, built if it is missing.
 * @throws LabError when the machine lacks what a build needs, or a step fails (the next call goes on there)
 */
export async function ensureEngine(home: string, progress: Progress): Promise<Engine> {
  const found = findEngine(home);
  if (found) return found;
  const packages = enginePackages();
  const final = join(home, 'engine', engineName(packages));
  await checkMachine(home, progress);
  const aside = `${final}.building`;
  const root = join(aside, 'root');
  const done = join(aside, 'done');
  await mkdir(done, { recursive: true });
  for (const step of steps(packages)) {
    const stamp = join(done, step.name);
    if (existsSync(stamp)) continue;
    progress(step.does);
    try {
      await step.run(root);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      throw new LabError(
        'engine-build',
        `the engine could not be built at "${step.does}"`,
        error.message,
        'check that this machine reaches its Debian package mirror, then run the same command again: it goes on at this step',
      );
    }
    await writeFile(stamp, '');
  }
  await rename(root, final);
  await rm(aside, { recursive: true, force: true });
  return { root: final };
}

async function checkMachine(home: string, progress: Progress): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new LabError(
      'not-root',
      'the lab needs root',
      'it makes network namespaces and a Debian root',
      'run it as root (sudo ./weft ...)',
    );
  const os = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  if (!/^ID(_LIKE)?=.*(debian|ubuntu)/m.test(os))
    throw new LabError(
      'wrong-os',
      'this machine is neither Debian nor Ubuntu',
      'the engine is made with debootstrap from Debian packages',
      'use a Debian 12+ or Ubuntu 22.04+ machine, or give a ready root with --engine DIR',
    );
  await mkdir(join(home, 'engine'), { recursive: true });
  const disk = await statfs(home);
  const free = disk.bavail * disk.bsize;
  if (free < DISK_NEEDED)
    throw new LabError(
      'no-disk',
      `${home} has ${Math.floor(free / 1e6)} MB free`,
      `the engine needs ${DISK_NEEDED / 1e6} MB while it is built`,
      'free some space or point WEFT_HOME at a larger disk',
    );
  if (!existsSync('/usr/sbin/debootstrap')) {
    progress('install debootstrap');
    try {
      await run(['apt-get', 'update', '-qq'], { deadline: 300 });
      await run(['apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'debootstrap'], {
        deadline: 300,
        env: { DEBIAN_FRONTEND: 'noninteractive' },
      });
    } catch (error) {
      throw new LabError(
        'no-registry',
        'debootstrap could not be installed',
        error instanceof Error ? error.message : String(error),
        'check the package sources of this machine (apt-get update)',
      );
    }
  }
}

const LEAN_DPKG = 'path-exclude=/usr/share/doc/*\npath-exclude=/usr/share/locale/*\nforce-unsafe-io\n';
const LEAN_APT = 'APT::Install-Recommends "false";\nAcquire::Languages "none";\n';

function steps(packages: readonly string[]): Step[] {
  const chroot = (root: string, ...command: string[]) =>
    run(['chroot', root, 'env', 'DEBIAN_FRONTEND=noninteractive', 'LC_ALL=C', ...command], { deadline: 900 });
  return [
    {
      name: 'debootstrap',
      does: `Debian ${SUITE} base system (debootstrap)`,
      async run(root) {
        await rm(root, { recursive: true, force: true });
        await run(['debootstrap', '--variant=minbase', '--include=ca-certificates', SUITE, root, ...debianMirror()], {
          deadline: 900,
        });
      },
    },
    {
      name: 'configure',
      does: 'package manager settings',
      async run(root) {
        // no daemon may start from a package script: policy-rc.d(8)
        await writeFile(join(root, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
        await writeFile(join(root, 'etc/dpkg/dpkg.cfg.d/lean'), LEAN_DPKG);
        await writeFile(join(root, 'etc/apt/apt.conf.d/lean'), LEAN_APT);
        await chroot(root, 'apt-get', 'update', '-qq');
      },
    },
    {
      name: 'packages',
      does: `OVN, Open vSwitch, FRR, QEMU and tools (${packages.length} packages)`,
      async run(root) {
        await chroot(root, 'dpkg', '--configure', '-a');
        await chroot(root, 'apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages);
      },
    },
    {
      name: 'kernel',
      does: 'guest kernel (unpacked only)',
      async run(root) {
        const { stdout } = await chroot(root, 'apt-cache', 'depends', KERNEL);
        const image = /Depends: (linux-image-[0-9]\S+)/.exec(stdout)?.[1];
        if (!image) throw new Error(`${KERNEL} names no kernel image`);
        const archives = join(root, 'var/cache/apt/archives');
        await run(
          ['chroot', root, 'sh', '-c', 'cd /var/cache/apt/archives && exec apt-get download "$1"', 'sh', image],
          { deadline: 900 },
        );
        const deb = (await readdir(archives)).find((file) => file.startsWith(`${image}_`));
        if (!deb) throw new Error(`${image} was not downloaded`);
        await run(['dpkg-deb', '-x', join(archives, deb), join(root, 'opt/kernel')], { deadline: 300 });
      },
    },
    {
      name: 'clean',
      does: 'clean up',
      async run(root) {
        await chroot(root, 'apt-get', 'clean');
        await rm(join(root, 'var/lib/apt/lists'), { recursive: true, force: true });
        await mkdir(join(root, 'var/lib/apt/lists'), { recursive: true });
        const { stdout } = await run([
          'dpkg-query',
          `--admindir=${root}/var/lib/dpkg`,
          '-W',
          '-f',
          '${Package} ${Version}\n',
        ]);
        await writeFile(join(root, 'etc/weft-engine'), stdout);
      },
    },
  ];
}

/** the mirror this machine itself uses when it is a Debian; else debootstrap's own default */
function debianMirror(): string[] {
  const lines = ['/etc/apt/sources.list', '/etc/apt/sources.list.d/debian.sources']
    .filter((file) => existsSync(file))
    .flatMap((file) => readFileSync(file, 'utf8').split('\n'));
  for (const line of lines) {
    const url = /^(?:deb\s+(?:\[[^\]]*\]\s+)?|URIs:\s*)(https?:\/\/\S+\/debian)\/?(?:\s|$)/.exec(line)?.[1];
    if (url) return [url];
  }
  return [];
}

/** versions of the engine's main packages, from the list written when it was made */
export async function engineVersions(engine: Engine): Promise<Record<string, string>> {
  const text = await readFile(join(engine.root, 'etc/weft-engine'), 'utf8').catch(() => '');
  const wanted = new Set(['ovn-central', 'openvswitch-switch-dpdk', 'frr', 'qemu-system-x86']);
  return Object.fromEntries(
    text
      .split('\n')
      .map((line) => line.split(' ') as [string, string])
      .filter(([name]) => wanted.has(name)),
  );
}
