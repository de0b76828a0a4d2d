import { type Command, InvalidArgumentError, Option } from 'commander';
import { notBuilt } from '../terminal/not-built.ts';

interface Flags {
  readonly name?: string;
  readonly nodes?: number;
  readonly engine?: string;
  readonly encap?: 'geneve' | 'vxlan' | 'geneve,vxlan';
  readonly ip?: '4' | '6' | 'dual';
  readonly kubeconfig?: string;
  readonly central?: '1' | '3';
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
      new Option('--encap <TYPES>', 'encapsulation between nodes, both while it is changed; default: geneve').choices([
        'geneve',
        'vxlan',
        'geneve,vxlan',
      ]),
    )
    .addOption(
      new Option('--ip <FAMILIES>', 'address families of the management network and the underlays; default: 4').choices(
        ['4', '6', 'dual'],
      ),
    )
    .option('--kubeconfig <FILE>', "an API server other than the lab's own (not built yet)")
    .addOption(
      new Option('--central <COUNT>', 'servers of OVN central (3: not built yet); default: 1').choices(['1', '3']),
    )
    .action(run);
}

async function run({ name = process.env['WEFT_LAB'] || 'lab', kubeconfig, central, ...asked }: Flags): Promise<void> {
  if (kubeconfig !== undefined) throw notBuilt('--kubeconfig', 'a lab on another API server');
  if (central === '3') throw notBuilt('--central 3', 'OVN central as a cluster of three servers');
  const { startLab } = await import('./start-lab.ts');
  await startLab(name, asked);
  process.stderr.write(`next: eval "$(./weft lab env --name ${name})"\n`);
}

function count(text: string): number {
  const nodes = Number(text);
  if (!/^\d+$/.test(text) || nodes < 1 || nodes > 244) throw new InvalidArgumentError('give a number from 1 to 244');
  return nodes;
}
