import type { Command } from 'commander';
import { CliError } from '../terminal/failure.ts';

interface Flags {
  readonly name?: string;
  readonly all?: boolean;
}

export function registerDown(lab: Command): void {
  lab
    .command('down')
    .description('stop a lab and remove every trace of it: processes, namespaces, files')
    .option('--name <NAME>', 'default: $WEFT_LAB, else the only lab')
    .option('--all', 'all labs')
    .action(run);
}

async function run({ name, all }: Flags): Promise<void> {
  if (name !== undefined && all) throw new CliError(2, '--name and --all exclude each other: give one of them');
  for (const lab of await chosen(name, all === true)) {
    const { removeLab } = await import('../../services/lab/remove.ts');
    await removeLab(lab);
    process.stderr.write(`lab ${lab.name} is gone\n`);
  }
}

async function chosen(name: string | undefined, all: boolean) {
  const [{ findLab, labNames }, { homeDirectory, labPaths }] = await Promise.all([
    import('../../services/lab/find-lab.ts'),
    import('../../services/lab/paths.ts'),
  ]);
  const home = homeDirectory(process.env);
  const wanted = name ?? (process.env['WEFT_LAB'] || undefined);
  if (all) return (await labNames(home)).map((lab) => labPaths(home, lab));
  // a lab that is named is removed even if only pieces of it are left
  if (wanted !== undefined) return [labPaths(home, wanted)];
  if ((await labNames(home)).length > 0) return [await findLab(home, undefined)];
  process.stderr.write('there is no lab\n');
  return [];
}
