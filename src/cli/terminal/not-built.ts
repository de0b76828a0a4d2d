/** What users may type by contract, and Weft cannot do yet. It is said in one sentence, never ignored and never "unknown". */
import type { Command } from 'commander';
import { CliError } from './failure.ts';

/** command -> what comes with it */
const COMMANDS: Readonly<Record<string, string>> = {
  trace: 'reachability, hop by hop',
  plan: 'what applying manifests would change',
  webhook: 'admission of manifests on a cluster',
  speaker: 'announcing routes by BGP',
  'test conformance': 'the conformance cases of the Kubernetes API',
};

/** @param what as it was typed, @param does what it would do */
export function notBuilt(what: string, does: string): CliError {
  return new CliError(
    2,
    `${what} is not built yet: ${does} comes with a later version; \`weft --help\` lists what works`,
  );
}

/** Adds the commands of the table; those above them must be there. */
export function registerNotBuilt(program: Command): void {
  for (const [path, does] of Object.entries(COMMANDS)) {
    const words = path.split(' ');
    const parent = words.slice(0, -1).reduce((command, word) => subcommand(command, word), program);
    parent
      .command(words.at(-1)!)
      .description(`${does} (not built yet)`)
      .argument('[words...]')
      .allowUnknownOption()
      .action(() => {
        throw notBuilt(`weft ${path}`, does);
      });
  }
}

function subcommand(parent: Command, name: string): Command {
  const found = parent.commands.find((command) => command.name() === name);
  if (!found) throw new Error(`weft has no command ${name} below ${parent.name()}`);
  return found;
}
