import { execa, ExecaError } from 'execa';

/** A command that could not be run, ended with another code than 0, or took longer than its deadline. */
export class CommandError extends Error {
  readonly command: readonly string[];
  /** exit code; undefined when the command did not start, was killed or ran into its deadline */
  readonly exitCode: number | undefined;
  readonly stderr: string;

  constructor(command: readonly string[], exitCode: number | undefined, why: string, stderr: string) {
    const last = stderr.trim().split('\n').slice(-3).join(' | ');
    super(`${command.join(' ')}: ${why}${last ? `: ${last}` : ''}`);
    this.name = 'CommandError';
    this.command = command;
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

export interface RunOptions {
  /** text for standard input; without it standard input is empty */
  readonly input?: string;
  /** seconds until the command is killed; default 60 */
  readonly deadline?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** called with every line of stdout and stderr as it comes */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command to its end, as an argument array (never through a shell).
 * @throws CommandError when it cannot start, ends with a code other than 0, or passes its deadline
 */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [file, ...args] = command;
  if (file === undefined) throw new Error('run: empty command');
  const deadline = options.deadline ?? 60;
  try {
    const child = execa(file, args, {
      timeout: deadline * 1000,
      all: true,
      ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
      ...(options.env ? { env: options.env } : {}),
      ...(options.cwd ? { cwd: options.cwd } : {}),
      ...(options.signal ? { cancelSignal: options.signal } : {}),
    });
    if (options.onLine) for await (const line of child.iterable({ from: 'all' })) options.onLine(line);
    const { stdout, stderr } = await child;
    return { stdout, stderr };
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    const why = error.timedOut
      ? `no end after ${deadline} s`
      : error.isCanceled
        ? 'cancelled'
        : error.exitCode === undefined
          ? (error.originalMessage ?? error.shortMessage)
          : `exit code ${error.exitCode}`;
    throw new CommandError(command, error.exitCode, why, typeof error.stderr === 'string' ? error.stderr : '');
  }
}
