import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Command } from 'commander';
import { CliError } from '../terminal/failure.ts';
import { whichLab } from '../terminal/which-lab.ts';

export function registerExec(lab: Command): void {
  lab
    .command('exec')
    .description(
      'run a command in a box (central, node1, fabric, ...) with the tools of the engine; its exit code is ours',
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

function terminal(): Readonly<Record<string, string>> {
  const { TERM, COLORTERM } = process.env;
  return { ...(TERM ? { TERM } : {}), ...(COLORTERM ? { COLORTERM } : {}) };
}

/** Runs a command with our own standard streams. @returns its exit code, 128 + N for signal N */
function inherit([file, ...args]: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  const child = spawn(file!, args, { stdio: 'inherit', env });
  // the terminal sends Ctrl-C to both: the command decides what it means
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new CliError(3, `${file} could not be run: ${error.message}`)));
    child.once('exit', (code, signal) => resolve(signal === null ? code! : 128 + constants.signals[signal]));
  });
}
