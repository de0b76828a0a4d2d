/** Runs `weft` as a user does, in a WEFT_HOME of the test's own. */
import { execa } from 'execa';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FRONT_DOOR = fileURLToPath(new URL('../../src/bin/weft.ts', import.meta.url));

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface WeftOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The labs of one test file. */
export class WeftHome {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async make(): Promise<WeftHome> {
    return new WeftHome(await mkdtemp(join(tmpdir(), 'weft-')));
  }

  async weft(args: readonly string[], { input, env }: WeftOptions = {}): Promise<Outcome> {
    const result = await execa(process.execPath, ['--disable-warning=ExperimentalWarning', FRONT_DOOR, ...args], {
      reject: false,
      timeout: 100_000,
      input: input ?? '',
      env: { WEFT_HOME: this.directory, WEFT_LAB: '', NODE_COMPILE_CACHE: `${this.directory}/compile-cache`, ...env },
    });
    return { code: result.exitCode ?? -1, stdout: result.stdout, stderr: result.stderr };
  }

  /** Runs it and fails with what it said when it ends with another code than 0. */
  async ok(args: readonly string[], options: WeftOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.weft(args, options);
    if (code !== 0) throw new Error(`weft ${args.join(' ')} ended with ${code}: ${stderr}\n${stdout}`);
    return stdout;
  }

  async start(name: string, ...options: readonly string[]): Promise<void> {
    await this.ok(['lab', 'up', '--name', name, '--engine', process.env['WEFT_ENGINE_ROOT']!, ...options]);
  }

  /** Takes all labs down and removes the directory. */
  async remove(): Promise<void> {
    const { code, stderr } = await this.weft(['lab', 'down', '--all']);
    if (code !== 0) throw new Error(`the labs of ${this.directory} could not be taken down: ${stderr}`);
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** What the kernel still knows of a lab: namespaces, mounts, processes, its directory. Independent of the code under test. */
export function tracesOf(home: string, lab: string, pids: readonly number[]): readonly string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const markers = [`/weft-${lab}-`, `${home}/labs/${lab}/`];
  return [
    ...mounts.filter((line) => markers.some((marker) => line.includes(marker))),
    ...pids.filter(isAlive).map((pid) => `process ${pid}: ${readFileSync(`/proc/${pid}/cmdline`, 'utf8')}`),
    ...(existsSync(`${home}/labs/${lab}`) ? [`${home}/labs/${lab}`] : []),
  ];
}

/** A zombie is not. */
export function isAlive(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}
