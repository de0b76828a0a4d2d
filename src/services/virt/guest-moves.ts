/** The node's part of migrations: what its guests are to do is decided by core/migration/sides.ts, done here, and told to the API. */
import { sourceStep, targetStep } from '../../core/migration/sides.ts';
import { keyOf } from '../../kinds/object.ts';
import type { VirtualMachineInstance } from '../../kinds/virtual-machine.ts';
import type { GuestRecord } from './guest-record.ts';
import { guestOffer, type Guests, type MachineWish } from './guests.ts';
import type { MoveReporter } from './move-reporter.ts';
import type { PodReporter } from './pod-reporter.ts';
import type { Pod } from './pod.ts';
import { messageOf } from '../../lib/error/message.ts';

export interface GuestMovesOptions {
  readonly guests: Guests;
  readonly pods: PodReporter;
  readonly reports: MoveReporter;
  /** the instance as it was last heard of */
  instance(key: string): VirtualMachineInstance | undefined;
  log(sentence: string): void;
}

/** what is needed to prepare for a machine */
export interface Expected {
  readonly hostname: string;
  readonly wish: MachineWish;
}

/** something that waits for the other node, and is called off when the migration ends otherwise */
interface Waiting {
  readonly instance: string;
  readonly isOver: (instance: VirtualMachineInstance | undefined) => boolean;
  readonly abort: AbortController;
  /** it may be left and taken up again */
  readonly idle: boolean;
}

export class GuestMoves {
  readonly #options: GuestMovesOptions;
  readonly #waiting = new Set<Waiting>();

  constructor(options: GuestMovesOptions) {
    this.#options = options;
  }

  /** An instance changed: what waits for its migration may be over. */
  onInstance(key: string): void {
    const instance = this.#options.instance(key);
    for (const { instance: of, isOver, abort } of this.#waiting) if (of === key && isOver(instance)) abort.abort();
  }

  /** The process ends: what only waits is left to whoever comes next, a machine that is being sent is sent. */
  stop(): void {
    for (const { abort, idle } of this.#waiting) if (idle) abort.abort();
  }

  /** Does what is due of a launcher whose guest is as it should be. */
  async proceed(pod: Pod, record: GuestRecord, expected: () => Expected): Promise<void> {
    if (record.awaits !== undefined) return this.#await(pod, record, expected);
    await this.#options.pods.running(pod, record);
    await this.#complete(pod, record);
    return this.#offer(pod, record);
  }

  async #offer(pod: Pod, old: GuestRecord): Promise<void> {
    const { guests, reports, pods } = this.#options;
    const key = instanceKey(old);
    const record = await guests.settleSending(old);
    const view = () => ({
      pod: record.pod,
      state: this.#options.instance(key)?.status?.migrationState,
      left: record.left === true,
    });
    switch (sourceStep(view())) {
      case 'begin':
        return reports.begin(pod);
      case 'send':
        return this.#send(pod, record, key);
      case 'refuse':
        return reports.refuse(pod, 'it was called off', true);
      case 'regret':
        return reports.regret(pod);
      case 'succeed':
        return pods.succeeded(pod);
      case 'lose':
        return pods.failed(pod, 'the machine was sent to another node, and is lost');
      default:
        return undefined;
    }
  }

  async #send(pod: Pod, record: GuestRecord, key: string): Promise<void> {
    const { guests, reports } = this.#options;
    const address = this.#options.instance(key)!.status!.migrationState!.targetNodeAddress!;
    const isOver = (instance: VirtualMachineInstance | undefined) => {
      const state = instance?.status?.migrationState;
      return state?.sourcePod !== record.pod || state.abortRequested === true || state.failed === true;
    };
    try {
      await this.#until(key, isOver, false, (signal) => guests.send(record, address, signal));
      this.#options.log(`guest ${keyOf({ namespace: record.namespace, name: record.pod })} has been sent`);
    } catch (error) {
      const aborted = this.#options.instance(key)?.status?.migrationState?.abortRequested === true;
      await reports.refuse(pod, messageOf(error), aborted);
    }
  }

  async #await(pod: Pod, record: GuestRecord, expected: () => Expected): Promise<void> {
    const { guests, reports, pods } = this.#options;
    const key = instanceKey(record);
    const instance = this.#options.instance(key);
    const view = {
      pod: record.pod,
      state: instance?.status?.migrationState,
      prepared: !!record.incoming,
      arrived: false,
    };
    switch (targetStep(view)) {
      case 'receive':
        return this.#orFail(pod, async () => {
          const { hostname, wish } = expected();
          const prepared = record.incoming
            ? record
            : await guests.receive(record, hostname, await reports.offerOf(pod), wish);
          await reports.listen(pod, prepared.incoming!);
        });
      case 'arrive':
        return this.#orFail(pod, () => this.#arrive(pod, record, key));
      case 'abandon':
        return pods.failed(pod, 'the machine did not come: the migration has failed');
      default:
        return pods.awaiting(pod, record);
    }
  }

  async #arrive(pod: Pod, record: GuestRecord, key: string): Promise<void> {
    const { guests } = this.#options;
    const isOver = (instance: VirtualMachineInstance | undefined) => {
      const state = instance?.status?.migrationState;
      return state?.targetPod !== record.pod || state.failed === true;
    };
    const arrived = await this.#until(key, isOver, true, (signal) => guests.arrive(record, signal));
    this.#options.log(`guest ${keyOf({ namespace: record.namespace, name: record.pod })} has arrived`);
    await this.#complete(pod, arrived);
  }

  /** Says that the machine is here, unless that is known. */
  async #complete(pod: Pod, record: GuestRecord): Promise<void> {
    const state = this.#options.instance(instanceKey(record))?.status?.migrationState;
    if (targetStep({ pod: record.pod, state, prepared: true, arrived: true }) !== 'complete') return;
    await this.#options.reports.complete(pod, guestOffer(record)!);
  }

  /** A pod whose machine cannot come has failed; a call that was called off has not. */
  async #orFail(pod: Pod, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (isAbort(error)) return;
      await this.#options.pods.failed(pod, messageOf(error));
    }
  }

  async #until<T>(
    instance: string,
    isOver: Waiting['isOver'],
    idle: boolean,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const waiting: Waiting = { instance, isOver, idle, abort: new AbortController() };
    this.#waiting.add(waiting);
    try {
      if (isOver(this.#options.instance(instance))) waiting.abort.abort();
      return await work(waiting.abort.signal);
    } finally {
      this.#waiting.delete(waiting);
    }
  }
}

export function instanceKey({ namespace, vm = '' }: GuestRecord): string {
  return `${namespace}/${vm}`;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
