/** `weft test [PART]`: everything that CI runs, or a part of it. */
import { Argument, type Command } from 'commander';

export function registerTest(program: Command): void {
  program
    .command('test')
    .description('everything that CI runs: types, lint, format, dead code, unit and e2e tests')
    .addArgument(new Argument('[part]', 'only this part').choices(['static', 'unit', 'e2e']))
    .argument('[files...]', 'only test files with these words in their path')
    .action(async (part: 'static' | 'unit' | 'e2e' | undefined, files: readonly string[]) => {
      const { runTests } = await import('./run-tests.ts');
      const { failed } = await runTests(part, files);
      process.exitCode = failed === 0 ? 0 : 1;
    });
}
