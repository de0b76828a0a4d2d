/** `weft bench [NAME...]`: runs bench/main.ts, which knows the measurements. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type Format, outputOption } from '../terminal/output.ts';

const MAIN = resolve(import.meta.dirname, '../../../bench/main.ts');

interface Flags {
  readonly quick?: boolean;
  readonly list?: boolean;
  readonly output?: Format;
}

export function registerBench(program: Command): void {
  program
    .command('bench')
    .description('measurements, each beside its reference in the same run')
    .argument('[names...]', 'only measurements whose name begins with one of these words')
    .option('--quick', 'small runs that only show that the measurements work')
    .option('--list', 'say which there are')
    .addOption(outputOption())
    .action(async (names: readonly string[], { quick, list, output }: Flags) => {
      const flags = [
        ...(quick ? ['--quick'] : []),
        ...(list ? ['--list'] : []),
        ...(output ? [`--output=${output}`] : []),
      ];
      process.exitCode = await new Promise<number>((done, failed) => {
        const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...flags, ...names], {
          stdio: 'inherit',
        });
        child.once('error', failed);
        child.once('exit', (code) => done(code ?? 3));
      });
    });
}
