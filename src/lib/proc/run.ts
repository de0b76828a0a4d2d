import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

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
export function run(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [file, ...args] = command;
  if (file === undefined) throw new Error('run: empty command');
  const { input, deadline = 60, env, cwd, onLine, signal } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      ...(cwd ? { cwd } : {}),
    });
    let ended: string | undefined;
    const end = (why: string) => {
      ended ??= why;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => end(`no end after ${deadline} s`), deadline * 1000);
    const abort = () => end('cancelled');
    signal?.addEventListener('abort', abort);
    if (signal?.aborted) abort();
    const [stdout, stderr] = [collect(child.stdout!, onLine), collect(child.stderr!, onLine)];
    // a command that does not read its input to the end is judged by its exit code
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
    const settle = (code: number | null, why: string | undefined) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      if (code === 0 && why === undefined) resolve({ stdout: stdout(), stderr: stderr() });
      else reject(new CommandError(command, code ?? undefined, why ?? `exit code ${code}`, stderr()));
    };
    child.once('error', (error) => settle(null, error.message));
    child.once('close', (code, killedBy) => settle(code, ended ?? (killedBy ? `killed by ${killedBy}` : undefined)));
  });
}

/** Collects a stream; the function gives what has come, without the last line end. */
function collect(stream: Readable, onLine: ((line: string) => void) | undefined): () => string {
  let text = '';
  let told = 0;
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text += chunk;
    if (!onLine) return;
    for (let at = text.indexOf('\n', told); at >= 0; at = text.indexOf('\n', told)) {
      onLine(text.slice(told, at));
      told = at + 1;
    }
  });
  return () => (text.endsWith('\n') ? text.slice(0, -1) : text);
}
