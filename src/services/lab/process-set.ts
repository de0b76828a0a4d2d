/** The processes of one lab: started in order, kept running, stopped and killed by box. */
import { BOX_ENVIRONMENT } from './box.ts';
import type { BoxSet } from './box-set.ts';
import { Gates } from './gates.ts';
import { type Launch, ManagedProcess } from './managed-process.ts';
import { boxRun, type LabPaths } from './paths.ts';
import { type Handover, keyOfProcess, type Milestone, type ProcessSpec } from './process-table.ts';

export interface ProcessSetOptions {
  readonly paths: LabPaths;
  readonly boxes: BoxSet;
  /** file descriptors */
  readonly handovers: Readonly<Record<Handover, number>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly log: (sentence: string) => void;
}

export class ProcessSet {
  readonly #options: ProcessSetOptions;
  readonly #gates = new Gates();
  readonly #processes = new Map<string, ManagedProcess>();

  constructor(options: ProcessSetOptions) {
    this.#options = options;
  }

  all(): readonly ManagedProcess[] {
    return [...this.#processes.values()];
  }

  get(key: string): ManagedProcess | undefined {
    return this.#processes.get(key);
  }

  inBox(box: string): readonly ManagedProcess[] {
    return this.all().filter((process) => process.box === box);
  }

  reached(milestone: Milestone): void {
    this.#gates.open(milestone);
  }

  /** Starts a process as soon as what it needs is ready; resolves when it is ready itself. @throws LabError `start-failed` */
  async launch(spec: ProcessSpec): Promise<void> {
    const key = keyOfProcess(spec);
    let process = this.#processes.get(key);
    if (!process) {
      process = this.#make(spec);
      this.#processes.set(key, process);
    }
    await this.#gates.passed(spec.after);
    process.start();
    await process.ready();
    this.#gates.open(key);
  }

  /** Ends the processes of a box, the youngest first; `grace` in milliseconds, 0 kills at once. */
  async stop(box: string, grace: number): Promise<void> {
    const processes = this.inBox(box).toReversed();
    for (const process of processes) this.#gates.close(keyOfProcess(process));
    if (grace === 0) await Promise.all(processes.map((process) => process.stop(0)));
    else for (const process of processes) await process.stop(grace);
  }

  #make(spec: ProcessSpec): ManagedProcess {
    const { box, name, readyFile, controlLink } = spec;
    const run = boxRun(this.#options.paths, box);
    return new ManagedProcess({
      name,
      box,
      logFile: `${this.#options.paths.logs}/${box}/${name}.log`,
      readyFile: readyFile === undefined ? undefined : `${run}/${readyFile}`,
      controlLink: controlLink === undefined ? undefined : `${run}/${controlLink}`,
      launch: () => this.#launch(spec),
      log: this.#options.log,
    });
  }

  #launch({ box, command, handover }: ProcessSpec): Launch {
    const { boxes, handovers, environment } = this.#options;
    return {
      command: boxes.command(box, command),
      environment: { ...BOX_ENVIRONMENT, ...environment },
      descriptor: handover === undefined ? undefined : handovers[handover],
    };
  }
}
