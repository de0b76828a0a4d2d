/** `weft demo`: everything from nothing, and proof that it works. */
import { type Command, Option } from 'commander';
import { type Format, outputOption } from '../terminal/output.ts';

export interface DemoFlags {
  readonly name?: string;
  readonly encap?: 'geneve' | 'vxlan';
  readonly engine?: string;
  readonly output?: Format;
}

export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description(
      'engine, lab of three nodes, the stories of the proposal, and who reaches whom, measured with real packets',
    )
    .option('--name <NAME>', 'name of the lab; default: $WEFT_LAB, else "lab"')
    .addOption(
      new Option('--encap <TYPE>', 'encapsulation between nodes; default: geneve').choices(['geneve', 'vxlan']),
    )
    .option('--engine <ENGINE>', 'as for `weft lab up`; default: auto')
    .addOption(outputOption())
    .action(async (flags: DemoFlags) => {
      const { runDemo } = await import('./run-demo.ts');
      const { ok } = await runDemo(flags);
      process.exitCode = ok ? 0 : 1;
    });
}
