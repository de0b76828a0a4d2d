/** `weft doctor`: looks for what is wrong, says why and what to do, and repairs what it can when asked to. */
import type { Command } from 'commander';
import { type Format, outputOption } from '../terminal/output.ts';

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('looks for what is wrong: processes, networks, addresses and ports; exit code 1 when anything is')
    .option(
      '--fix',
      'repair what somebody broke by hand: IP objects and ports that nobody owns, addresses that guests do not use',
    )
    .option('--name <NAME>', 'default: $WEFT_LAB, else the only lab')
    .addOption(outputOption())
    .action(async (flags: { readonly fix?: boolean; readonly name?: string; readonly output?: Format }) => {
      const { examine } = await import('./examine.ts');
      if (!(await examine(flags))) process.exitCode = 1;
    });
}
