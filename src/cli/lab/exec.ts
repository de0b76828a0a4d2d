import type { Command } from 'commander';
import { CliError } from '../terminal/failure.ts';
import { inherit, terminal } from '../terminal/run-inherited.ts';
import { whichLab } from '../terminal/which-lab.ts';

export function registerExec(lab: Command): void {
  lab
    .command('exec')
    .description(
      'run a command in a box (central, node1, tor, internet, phys1, fabric) with the tools of the engine; its exit code is ours; tor is a router: exec tor -- vtysh -c "show bgp summary"',
    )
    .option('--name <NAME>', 'default: $WEFT_LAB, else the only lab')
    .argument('<box>')
    .argument('<command...>', 'after --')
    .passThroughOptions()
    .action(run);
}

async function run(box: string, words: readonly string[], { name }: { readonly name?: string }): Promise<void> {
  // with options passed through, commander leaves the -- in front of the command to us
  const command = words[0] === '--' ? words.slice(1) : words;
  if (command.length === 0) throw new CliError(2, 'the command is missing: weft lab exec BOX -- COMMAND');
  const [{ BOX_ENVIRONMENT, inBox, readBoxes }, { LabError }] = await Promise.all([
    import('../../services/lab/box.ts'),
    import('../../services/lab/errors.ts'),
  ]);
  const lab = await whichLab(name);
  const boxes = await readBoxes(lab);
  if (!Object.hasOwn(boxes, box)) {
    const names = Object.keys(boxes).toSorted().join(', ');
    throw new LabError(
      'no-such-box',
      `there is no box ${JSON.stringify(box)}`,
      names ? `lab ${lab.name} has ${names}` : `lab ${lab.name} does not run`,
      names ? 'name one of them' : 'start it with `weft lab up`',
    );
  }
  process.exitCode = await inherit(inBox(boxes, box, command), { ...terminal(), ...BOX_ENVIRONMENT });
}
