/** Runs the parts one after the other, each to its end, and closes with the line `N passed, N failed`. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

type Part = 'static' | 'unit' | 'e2e';

const ROOT = resolve(import.meta.dirname, '../../..');
const BIN = join(ROOT, 'node_modules/.bin');

/** checks without a test runner: each counts as one test */
const CHECKS: readonly (readonly [name: string, ...command: string[]])[] = [
  ['types', 'tsc', '-p', '.'],
  ['lint', 'oxlint', '--type-aware', '--deny-warnings'],
  ['format', 'biome', 'format'],
  ['dead code', 'knip', '--no-progress'],
];

const CONFIGS: Readonly<Record<'unit' | 'e2e', string>> = { unit: 'vitest.config.ts', e2e: 'vitest.e2e.config.ts' };

export async function runTests(part: Part | undefined, files: readonly string[]): Promise<Counts> {
  const results: Counts[] = [];
  if (part === undefined || part === 'static') for (const check of CHECKS) results.push(await runCheck(check));
  for (const name of ['unit', 'e2e'] as const)
    if (part === undefined || part === name) results.push(await runVitest(name, files));
  const sum = (key: keyof Counts) => results.reduce((total, counts) => total + counts[key], 0);
  const counts = { passed: sum('passed'), failed: sum('failed') };
  process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed\n`);
  return counts;
}

async function runCheck([name, command, ...args]: (typeof CHECKS)[number]): Promise<Counts> {
  process.stdout.write(`== ${name}\n`);
  const code = await run(join(BIN, command!), args);
  if (code !== 0) process.stdout.write(`FAILED: ${name} (${[command, ...args].join(' ')})\n`);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function runVitest(name: 'unit' | 'e2e', files: readonly string[]): Promise<Counts> {
  process.stdout.write(`== ${name} tests\n`);
  const folder = await mkdtemp(join(tmpdir(), 'weft-test-'));
  const report = join(folder, 'report.json');
  try {
    const code = await run(join(BIN, 'vitest'), [
      'run',
      '--config',
      CONFIGS[name],
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...files,
    ]);
    return counted(await readFile(report, 'utf8').catch(() => '{}'), code);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A run that ended badly without a failed test (it crashed, or found no test) is one failure. */
export function counted(report: string, code: number): Counts {
  const {
    numPassedTests: passed = 0,
    numFailedTests: failed = 0,
    numFailedTestSuites: suites = 0,
  } = JSON.parse(report) as Record<string, number | undefined>;
  if (failed > 0) return { passed, failed };
  return { passed, failed: code === 0 && passed > 0 ? 0 : Math.max(1, suites) };
}

function run(command: string, args: readonly string[]): Promise<number> {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      done(127);
    });
    child.once('exit', (code, signal) => done(code ?? (signal ? 128 : 1)));
  });
}
