/**
 * One process of a lab, kept running.
 *
 *   stopped --start--> running --dies--> failed --after the back-off--> running
 *                         └── stop, kill --> stopped
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from './errors.ts';
import { restartDelay } from './restart-delay.ts';
import { messageOf } from '../../lib/error/message.ts';

export type ProcessState = 'running' | 'stopped' | 'failed';

export interface Launch {
  /** on the host */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** becomes descriptor 3 */
  readonly descriptor: number | undefined;
}

export interface ManagedProcessOptions {
  readonly name: string;
  readonly box: string;
  /** gets standard output and error */
  readonly logFile: string;
  /** socket or file that it makes when it is ready */
  readonly readyFile: string | undefined;
  /** `X`: make `X.PID.ctl` point at `X.ctl`, where ovs-appctl looks for it */
  readonly controlLink: string | undefined;
  /** asked before every start; what it throws counts as a death */
  readonly launch: () => Launch;
  readonly log: (sentence: string) => void;
}

const READY_DEADLINE = 30_000;
const POLL = 5;
/** deaths during the start after which it is given up */
const MAX_EARLY_DEATHS = 3;

export class ManagedProcess {
  readonly name: string;
  readonly box: string;
  readonly #options: ManagedProcessOptions;
  #child: ChildProcess | undefined;
  #state: ProcessState = 'stopped';
  #restarts = 0;
  /** deaths in a row without a long life in between */
  #earlyDeaths = 0;
  #startedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #link: string | undefined;

  constructor(options: ManagedProcessOptions) {
    this.name = options.name;
    this.box = options.box;
    this.#options = options;
  }

  get state(): ProcessState {
    return this.#state;
  }

  /** undefined while it does not run */
  get pid(): number | undefined {
    return this.#state === 'running' ? this.#child?.pid : undefined;
  }

  get restarts(): number {
    return this.#restarts;
  }

  start(): void {
    if (this.#state !== 'stopped') return;
    this.#earlyDeaths = 0;
    this.#spawn();
  }

  /** Resolves when the process has made its ready file. @throws LabError `start-failed` */
  async ready(): Promise<void> {
    const { readyFile } = this.#options;
    const deadline = performance.now() + READY_DEADLINE;
    while (readyFile !== undefined && !existsSync(readyFile)) {
      if (this.#state === 'stopped') return;
      if (this.#earlyDeaths > MAX_EARLY_DEATHS || performance.now() > deadline) throw this.#startFailed();
      await sleep(POLL);
    }
  }

  /** Ends it on purpose and resolves when it has ended: by SIGTERM, and SIGKILL after `grace` milliseconds; by SIGKILL at once for 0. */
  async stop(grace: number): Promise<void> {
    const child = this.#child;
    clearTimeout(this.#timer);
    const ran = this.#state === 'running';
    this.#state = 'stopped';
    if (!ran || !child) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(grace > 0 ? 'SIGTERM' : 'SIGKILL');
    const timer = setTimeout(() => child.kill('SIGKILL'), grace);
    await ended;
    clearTimeout(timer);
  }

  /** The last lines that it and its restarts wrote. */
  logTail(lines: number): string {
    const { logFile } = this.#options;
    const text = existsSync(logFile) ? readFileSync(logFile, 'utf8').slice(-4000) : '';
    return text.trimEnd().split('\n').slice(-lines).join(' | ');
  }

  #spawn(): void {
    this.#startedAt = performance.now();
    try {
      this.#spawnChild(this.#options.launch());
    } catch (error) {
      // its box may be gone: that is for `status` to tell, and no reason for the supervisor to end
      this.#child = undefined;
      this.#state = 'running';
      this.#onDeath(undefined, messageOf(error));
    }
  }

  #spawnChild({ command, environment, descriptor }: Launch): void {
    const { logFile, readyFile, controlLink } = this.#options;
    if (readyFile !== undefined) rmSync(readyFile, { force: true });
    const log = openSync(logFile, 'a');
    const child = spawn(command[0]!, command.slice(1), {
      stdio: ['ignore', log, log, ...(descriptor === undefined ? [] : [descriptor])],
      env: environment,
      cwd: '/',
      detached: true,
    });
    closeSync(log);
    this.#child = child;
    this.#state = 'running';
    this.#linkControl(controlLink, child.pid);
    child.once('error', (error) => this.#onDeath(child, error.message));
    child.once('exit', (code, signal) => this.#onDeath(child, signal === null ? `exit code ${code}` : signal));
  }

  #onDeath(child: ChildProcess | undefined, how: string): void {
    if (child !== this.#child || this.#state !== 'running') return;
    const lived = performance.now() - this.#startedAt;
    const { delay, deaths } = restartDelay(this.#earlyDeaths, lived);
    this.#earlyDeaths = deaths;
    this.#state = 'failed';
    this.#options.log(`${this.box}/${this.name} ended (${how}) after ${Math.round(lived)} ms; again in ${delay} ms`);
    this.#timer = setTimeout(() => {
      this.#restarts++;
      this.#spawn();
    }, delay);
  }

  #linkControl(path: string | undefined, pid: number | undefined): void {
    if (path === undefined || pid === undefined) return;
    if (this.#link !== undefined) rmSync(this.#link, { force: true });
    this.#link = `${path}.${pid}.ctl`;
    rmSync(this.#link, { force: true });
    symlinkSync(`${basename(path)}.ctl`, this.#link);
  }

  #startFailed(): LabError {
    const { logFile } = this.#options;
    return new LabError(
      'start-failed',
      `${this.name} in box ${this.box} does not start`,
      this.logTail(3) || 'it says nothing',
      `read ${logFile}`,
    );
  }
}
