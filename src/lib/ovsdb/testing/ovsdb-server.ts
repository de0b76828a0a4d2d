// A real ovsdb-server of the engine, in a directory of its own, for tests and benchmarks.
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** The root of the engine that tests use. Throws when there is none. */
export function engineRoot(): string {
  const root =
    process.env['WEFT_ENGINE_ROOT'] ??
    globSync('/var/lib/weft/engine/trixie-*').find((path) => !path.endsWith('.part'));
  if (root === undefined || !existsSync(join(root, 'usr/sbin/ovsdb-server'))) {
    throw new Error(
      `No engine with an ovsdb-server at ${root ?? '/var/lib/weft/engine'}; build it with "./weft lab up".`,
    );
  }
  return root;
}

/** The command that runs a program of the engine on this host: its own loader with its own libraries. */
export function engineCommand(root: string, program: string, args: readonly string[]): [string, string[]] {
  const libraries = [`${root}/usr/lib/x86_64-linux-gnu`, `${root}/usr/lib`].join(':');
  return [`${root}/lib64/ld-linux-x86-64.so.2`, ['--library-path', libraries, join(root, program), ...args]];
}

export interface ServerOptions {
  readonly root: string;
  /** Default ovn-nb.ovsschema. */
  readonly schema?: string;
  /** A RAFT cluster of one: keeps the history that a resumed monitor needs. */
  readonly clustered?: boolean;
}

export class TestServer implements AsyncDisposable {
  readonly directory: string;
  readonly #root: string;
  #process: ChildProcess | undefined;

  private constructor(directory: string, root: string) {
    this.directory = directory;
    this.#root = root;
  }

  static async start({ root, schema = 'ovn-nb.ovsschema', clustered = false }: ServerOptions): Promise<TestServer> {
    const server = new TestServer(await mkdtemp(join(tmpdir(), 'weft-ovsdb-')), root);
    try {
      const source = join(root, 'usr/share/ovn', schema);
      const create = clustered
        ? ['create-cluster', server.database, source, `unix:${server.directory}/raft`]
        : ['create', server.database, source];
      await server.run('usr/bin/ovsdb-tool', create);
      await server.startProcess();
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  get database(): string {
    return join(this.directory, 'db');
  }

  get socketPath(): string {
    return join(this.directory, 'sock');
  }

  get remote(): string {
    return `unix:${this.socketPath}`;
  }

  /** Runs a program of the engine and gives what it prints. */
  async run(program: string, args: readonly string[]): Promise<string> {
    const [command, commandArgs] = engineCommand(this.#root, program, args);
    const { stdout } = await execute(command, commandArgs, { maxBuffer: 256 * 1024 * 1024 });
    return stdout;
  }

  /** Starts the server on the database file as it is. */
  async startProcess(): Promise<void> {
    await rm(this.socketPath, { force: true });
    const args = [
      `--remote=punix:${this.socketPath}`,
      `--unixctl=${this.directory}/ctl`,
      '--no-chdir',
      '-vconsole:off',
      this.database,
    ];
    const [command, commandArgs] = engineCommand(this.#root, 'usr/sbin/ovsdb-server', args);
    const child = spawn(command, commandArgs, { stdio: 'ignore' });
    this.#process = child;
    for (let attempt = 0; !existsSync(this.socketPath); attempt++) {
      if (child.exitCode !== null || attempt > 1000)
        throw new Error(`ovsdb-server did not start (exit code ${child.exitCode}).`);
      await sleep(5);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** Kills the server as a crash would; the database file stays. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }
}
