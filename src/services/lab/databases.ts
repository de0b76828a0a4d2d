/** Empty databases, made once per set of schemas and copied into the boxes from then on. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../lib/proc/run.ts';

const SCHEMAS = {
  'ovnnb_db.db': 'usr/share/ovn/ovn-nb.ovsschema',
  'ovnsb_db.db': 'usr/share/ovn/ovn-sb.ovsschema',
  'conf.db': 'usr/share/openvswitch/vswitch.ovsschema',
} as const;

/** The switch's only row, so that options that count before its start are there when it starts. */
function switchRow(tso: boolean): string {
  const row = tso ? { other_config: ['map', [['userspace-tso-enable', 'true']]] } : {};
  return JSON.stringify(['Open_vSwitch', { op: 'insert', table: 'Open_vSwitch', row }]);
}

/** Directory with `ovnnb_db.db`, `ovnsb_db.db` and `conf.db`. */
export async function emptyDatabases(home: string, engineRoot: string, tso: boolean): Promise<string> {
  const hash = createHash('sha256').update(String(tso));
  for (const schema of Object.values(SCHEMAS)) hash.update(await readFile(join(engineRoot, schema)));
  const final = join(home, 'databases', hash.digest('hex').slice(0, 16));
  if (existsSync(final)) return final;
  await mkdir(join(home, 'databases'), { recursive: true });
  const aside = await mkdtemp(`${final}.`);
  try {
    await Promise.all(
      Object.entries(SCHEMAS).map(async ([file, schema]) => {
        await copyFile(join(engineRoot, schema), join(aside, `${file}.schema`));
        await ovsdbTool(engineRoot, ['create', join(aside, file), join(aside, `${file}.schema`)]);
      }),
    );
    await ovsdbTool(engineRoot, ['transact', join(aside, 'conf.db'), switchRow(tso)]);
    // another lab may have made the same ones meanwhile
    await rename(aside, final).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return final;
}

/** Runs the engine's program on the host's files, by the engine's own loader and libraries. */
async function ovsdbTool(engineRoot: string, args: readonly string[]): Promise<void> {
  await run([...hostCommand(engineRoot, 'usr/bin/ovsdb-tool'), ...args]);
}

function hostCommand(engineRoot: string, program: string): readonly string[] {
  const path = join(engineRoot, program);
  if (engineRoot === '/') return [path];
  const [triplet, loader] =
    process.arch === 'arm64'
      ? ['aarch64-linux-gnu', 'usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1']
      : ['x86_64-linux-gnu', 'usr/lib64/ld-linux-x86-64.so.2'];
  const libraries = [`usr/lib/${triplet}`, 'usr/lib'].map((part) => join(engineRoot, part)).join(':');
  return [join(engineRoot, loader), '--library-path', libraries, path];
}
