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
  const [{ up }, { homeDirectory, labPaths }, { progress }] = await Promise.all([
    import('../../services/lab/up.ts'),
    import('../../services/lab/paths.ts'),
    import('./progress.ts'),
  ]);
  const started = performance.now();
  const home = homeDirectory(process.env);
  const show = await progress(process.stderr);
  try {
    const { ran } = await up({
      paths: labPaths(home, name),
      asked,
      supervisor: [
        process.execPath,
        ...process.execArgv,
        process.argv[1]!,
        'supervisor',
        '--home',
        home,
        '--name',
        name,
      ],
      onEngine: show.engine,
      onStep: show.step,
    });
    await show.end();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stderr.write(
      ran
        ? `lab ${name} runs already\n`
        : `lab ${name} is up after ${seconds} s; eval "$(./weft lab env --name ${name})"\n`,
    );
  } catch (error) {
    await show.end(error);
    throw error;
  }
}

function count(text: string): number {
  const nodes = Number(text);
  if (!/^\d+$/.test(text) || nodes < 1 || nodes > 244) throw new InvalidArgumentError('give a number from 1 to 244');
  return nodes;
}
