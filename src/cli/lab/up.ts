import { type Command, InvalidArgumentError, Option } from 'commander';

interface Flags {
  readonly name?: string;
  readonly nodes?: number;
  readonly engine?: string;
  readonly encap?: 'geneve' | 'vxlan';
  readonly ip?: '4' | '6' | 'dual';
}

export function registerUp(lab: Command): void {
  lab
    .command('up')
    .description('start a lab; nothing happens when it runs')
    .option('--name <NAME>', 'default: $WEFT_LAB, else "lab"')
    .option('--nodes <COUNT>', 'default: 3', count)
    .option(
      '--engine <ENGINE>',
      'where OVN and Open vSwitch come from: auto (a Debian root, made once), host (this machine), or a root directory; default: auto',
    )
    .addOption(
      new Option('--encap <TYPE>', 'encapsulation between nodes; default: geneve').choices(['geneve', 'vxlan']),
    )
    .addOption(
      new Option('--ip <FAMILIES>', 'address families of the management network and the underlays; default: 4').choices(
        ['4', '6', 'dual'],
      ),
    )
    .action(run);
}

async function run({ name = process.env['WEFT_LAB'] || 'lab', ...asked }: Flags): Promise<void> {
  const { startLab } = await import('./start-lab.ts');
  await startLab(name, asked);
  process.stderr.write(`next: eval "$(./weft lab env --name ${name})"\n`);
}

function count(text: string): number {
  const nodes = Number(text);
  if (!/^\d+$/.test(text) || nodes < 1 || nodes > 244) throw new InvalidArgumentError('give a number from 1 to 244');
  return nodes;
}
