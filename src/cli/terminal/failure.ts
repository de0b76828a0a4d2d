/** How commands fail: one sentence on standard error, and an exit code that says of what kind the failure is. */
import { CommanderError } from 'commander';
import { messageOf } from '../../lib/error/message.ts';

/** 0 well, 1 the answer is no (unreachable, unhealthy), 2 usage, 3 failed */
export type ExitCode = 0 | 1 | 2 | 3;

/** An error that knows its exit code. */
export class CliError extends Error {
  readonly exit: ExitCode;

  constructor(exit: ExitCode, message: string) {
    super(message);
    this.name = 'CliError';
    this.exit = exit;
  }
}

function exitCodeOf(error: unknown): ExitCode {
  // commander has said it already: --help is no failure, the rest is usage
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const exit = typeof error === 'object' && error !== null && 'exit' in error ? error.exit : undefined;
  return exit === 0 || exit === 1 || exit === 2 ? exit : 3;
}

/** Says what is wrong, with the stack when WEFT_DEBUG is set, and makes the process end with the right code. */
export function failWith(error: unknown): void {
  process.exitCode = exitCodeOf(error);
  if (error instanceof CommanderError) return;
  const text = messageOf(error);
  const debug = process.env['WEFT_DEBUG'] && error instanceof Error ? error.stack : undefined;
  process.stderr.write(`weft: ${debug ?? text}\n`);
  // whatever is still open must not keep a failed command alive
  process.exit();
}
