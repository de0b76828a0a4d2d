import type { Command } from 'commander';
import { whichLab } from '../terminal/which-lab.ts';

export function registerEnv(lab: Command): void {
  lab
    .command('env')
    .description('what a shell needs for kubectl and weft: eval "$(weft lab env)"')
    .option('--name <NAME>', 'default: $WEFT_LAB, else the only lab')
    .action(async ({ name: wanted }: { readonly name?: string }) => {
      const { kubeconfig, name } = await whichLab(wanted);
      process.stdout.write(`export KUBECONFIG=${quoted(kubeconfig)}\nexport WEFT_LAB=${quoted(name)}\n`);
    });
}

function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
