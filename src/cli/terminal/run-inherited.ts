/** Runs a command in our place: with our own standard streams, its exit code becomes ours. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { CliError } from './failure.ts';

/** what a command needs to know of the terminal */
export function terminal(): Readonly<Record<string, string>> {
  const { TERM, COLORTERM } = process.env;
  return { ...(TERM ? { TERM } : {}), ...(COLORTERM ? { COLORTERM } : {}) };
}

/** @returns its exit code, 128 + N for signal N @throws CliError when it cannot be run */
export function inherit([file, ...args]: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  const child = spawn(file!, args, { stdio: 'inherit', env });
  // the terminal sends Ctrl-C to both: the command decides what it means
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new CliError(3, `${file} could not be run: ${error.message}`)));
    child.once('exit', (code, signal) => resolve(signal === null ? code! : 128 + constants.signals[signal]));
  });
}
