/** `weft status`: health of every part, and the networks with their addresses. */
import type { Command } from 'commander';
import { type Format, outputOption } from '../terminal/output.ts';

export function registerStatus(program: Command): void {
  program
    .command('status')
    .description(
      'health of every part, VPCs, subnets with used and free addresses; exit code 1 when anything is not well',
    )
    .option('--name <NAME>', 'default: $WEFT_LAB, else the only lab')
    .addOption(outputOption())
    .action(async (flags: { readonly name?: string; readonly output?: Format }) => {
      const { showStatus } = await import('./show-status.ts');
      if (!(await showStatus(flags))) process.exitCode = 1;
    });
}
