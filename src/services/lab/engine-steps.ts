/** How the engine's root directory is made: steps that run in this order, each of which can be run again after it was cut off. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run, type RunResult } from '../../lib/proc/run.ts';
import type { BuildStep } from './stamped-steps.ts';

export const SUITE = 'trixie';
export const KERNEL = 'linux-image-cloud-amd64';

/** seconds for one command; fetching half a gigabyte takes its time */
const DEADLINE = 900;
const LEAN_DPKG = 'path-exclude=/usr/share/doc/*\npath-exclude=/usr/share/locale/*\nforce-unsafe-io\n';
const LEAN_APT = 'APT::Install-Recommends "false";\nAcquire::Languages "none";\n';

/**
 * Mount and process namespaces of its own for a command, and death with us (pid_namespaces(7), PR_SET_PDEATHSIG): a build that is
 * killed leaves neither mounts below the root nor a package manager that goes on writing into it.
 */
export const CONTAINED: readonly string[] = [
  'setpriv',
  '--pdeathsig=KILL',
  'unshare',
  '--mount',
  '--pid',
  '--fork',
  '--kill-child',
  '--mount-proc',
];

function contained(...command: readonly string[]): Promise<RunResult> {
  return run([...CONTAINED, ...command], { deadline: DEADLINE });
}

/** @param root the directory that is made @param packages what is installed into it */
export function engineSteps(root: string, packages: readonly string[]): readonly BuildStep[] {
  const chroot = (...command: readonly string[]) =>
    contained('chroot', root, 'env', 'DEBIAN_FRONTEND=noninteractive', 'LC_ALL=C', ...command);
  return [
    {
      name: 'debootstrap',
      does: `Debian ${SUITE} base system (debootstrap)`,
      async run() {
        // debootstrap does not go on with what it began
        await rm(root, { recursive: true, force: true });
        const options = ['--variant=minbase', '--include=ca-certificates'];
        // what it complains of goes to standard output
        const complaining = ['sh', '-c', 'exec "$@" >&2', 'sh'];
        await contained(...complaining, 'debootstrap', ...options, SUITE, root, ...debianMirror());
      },
    },
    {
      name: 'configure',
      does: 'package manager settings',
      async run() {
        // no daemon may start from a package script: policy-rc.d(8)
        await writeFile(join(root, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
        await writeFile(join(root, 'etc/dpkg/dpkg.cfg.d/lean'), LEAN_DPKG);
        await writeFile(join(root, 'etc/apt/apt.conf.d/lean'), LEAN_APT);
        await chroot('apt-get', 'update', '-qq');
      },
    },
    {
      name: 'packages',
      does: `OVN, Open vSwitch, FRR, QEMU and tools (${packages.length} packages)`,
      async run() {
        await chroot('dpkg', '--configure', '-a');
        await chroot('apt-get', 'install', '-y', '-qq', '--fix-broken', '--no-install-recommends', ...packages);
      },
    },
    {
      name: 'kernel',
      does: 'guest kernel (unpacked only)',
      async run() {
        const { stdout } = await chroot('apt-cache', 'depends', KERNEL);
        const image = /Depends: (linux-image-[0-9]\S+)/.exec(stdout)?.[1];
        if (!image) throw new Error(`${KERNEL} names no kernel image`);
        const archives = join(root, 'var/cache/apt/archives');
        await chroot('sh', '-c', 'cd /var/cache/apt/archives && exec apt-get download "$1"', 'sh', image);
        const deb = (await readdir(archives)).find((file) => file.startsWith(`${image}_`));
        if (!deb) throw new Error(`${image} was not downloaded`);
        await contained('dpkg-deb', '-x', join(archives, deb), join(root, 'opt/kernel'));
      },
    },
    {
      name: 'clean',
      does: 'clean up',
      async run() {
        await chroot('apt-get', 'clean');
        await rm(join(root, 'var/lib/apt/lists'), { recursive: true, force: true });
        await mkdir(join(root, 'var/lib/apt/lists'), { recursive: true });
        const database = `--admindir=${root}/var/lib/dpkg`;
        const { stdout } = await run(['dpkg-query', database, '-W', '-f', '${Package} ${Version}\n']);
        await writeFile(join(root, 'etc/weft-engine'), stdout);
      },
    },
  ];
}

/** the mirror this machine itself uses when it is a Debian; else debootstrap's own default */
function debianMirror(): readonly string[] {
  const lines = ['/etc/apt/sources.list', '/etc/apt/sources.list.d/debian.sources']
    .filter((file) => existsSync(file))
    .flatMap((file) => readFileSync(file, 'utf8').split('\n'));
  for (const line of lines) {
    const url = /^(?:deb\s+(?:\[[^\]]*\]\s+)?|URIs:\s*)(https?:\/\/\S+\/debian)\/?(?:\s|$)/.exec(line)?.[1];
    if (url) return [url];
  }
  return [];
}
