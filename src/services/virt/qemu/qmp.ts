/**
 * QEMU's control socket: one JSON object a line, answers told apart by id, events in between.
 * https://www.qemu.org/docs/master/interop/qmp-spec.html
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface QmpEvent {
  readonly event: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** QEMU refused a command: `class` as in its schema, the message its own. */
export class QmpError extends Error {
  readonly class: string;

  constructor(command: string, { class: kind, desc }: ErrorObject) {
    super(`QEMU refuses ${command}: ${desc}`);
    this.name = 'QmpError';
    this.class = kind;
  }
}

export interface QmpOptions {
  /** path of the unix socket */
  readonly path: string;
  readonly onEvent?: (event: QmpEvent) => void;
  /** called once, when the connection is gone for whatever reason */
  readonly onEnd?: () => void;
  /** milliseconds for each answer */
  readonly deadline?: number;
}

interface ErrorObject {
  readonly class: string;
  readonly desc: string;
}

interface Message {
  readonly QMP?: unknown;
  readonly event?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly id?: number;
  readonly return?: unknown;
  readonly error?: ErrorObject;
}

interface Waiting {
  readonly command: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

const DEADLINE = 30_000;
/** milliseconds for the greeting: QEMU serves one client at a time, others wait */
const GREETING_DEADLINE = 10_000;

export class Qmp {
  readonly #socket: Socket;
  readonly #options: QmpOptions;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;
  #text = '';
  #greeted: (() => void) | undefined;
  #ended: Error | undefined;
  #events = 0;
  /** wakes whoever waits for an event */
  readonly #wake = new Set<() => void>();

  private constructor(socket: Socket, options: QmpOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#read(text));
    socket.on('error', ({ message }) => this.#end(new Error(`the connection to QEMU broke: ${message}`)));
    socket.on('close', () => this.#end(new Error('QEMU closed its control socket')));
  }

  /** Connects and negotiates. @throws Error when nobody listens, or QEMU does not greet */
  static async connect(options: QmpOptions): Promise<Qmp> {
    const socket = connect(options.path);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const qmp = new Qmp(socket, options);
    try {
      await qmp.#greeting();
      await qmp.execute('qmp_capabilities');
    } catch (error) {
      qmp.close();
      throw error;
    }
    return qmp;
  }

  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  /** @throws QmpError when QEMU refuses; Error when the connection ends or the deadline passes first */
  execute<T = unknown>(command: string, args?: Readonly<Record<string, unknown>>): Promise<T> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = this.#next++;
    const deadline = this.#options.deadline ?? DEADLINE;
    return new Promise<unknown>((resolve, reject) => {
      const late = () => this.#settle(id)?.reject(new Error(`QEMU did not answer ${command} within ${deadline} ms`));
      this.#waiting.set(id, { command, resolve, reject, timer: setTimeout(late, deadline) });
      this.#socket.write(`${JSON.stringify({ execute: command, id, ...(args ? { arguments: args } : {}) })}\n`);
    }) as Promise<T>;
  }

  /** how many events have come */
  get events(): number {
    return this.#events;
  }

  /** Resolves when more events have come than `seen`, when the connection ends, or after so many milliseconds. @throws AbortError */
  async eventAfter(seen: number, patience: number, signal?: AbortSignal): Promise<void> {
    if (this.#events > seen || !this.isOpen) return;
    const over = new AbortController();
    const wake = () => over.abort();
    this.#wake.add(wake);
    try {
      await sleep(patience, undefined, { signal: signal ? AbortSignal.any([signal, over.signal]) : over.signal });
    } catch (error) {
      if (!over.signal.aborted) throw error;
    } finally {
      this.#wake.delete(wake);
    }
  }

  /** Calls that wait fail; no event comes any more. */
  close(): void {
    this.#end(new Error('the connection to QEMU was closed'));
  }

  #greeting(): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = () => reject(new Error(`QEMU did not greet within ${GREETING_DEADLINE} ms: it has another client`));
      const timer = setTimeout(late, GREETING_DEADLINE);
      const settle = (act: () => void) => () => {
        clearTimeout(timer);
        act();
      };
      this.#greeted = settle(resolve);
      this.#socket.once(
        'close',
        settle(() => reject(this.#ended ?? new Error('QEMU closed its control socket'))),
      );
    });
  }

  #read(text: string): void {
    this.#text += text;
    for (let end = this.#text.indexOf('\n'); end >= 0; end = this.#text.indexOf('\n')) {
      const line = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 1);
      if (line.trim() !== '') this.#receive(JSON.parse(line) as Message);
    }
  }

  #receive({ QMP, event, data, id, return: value, error }: Message): void {
    if (QMP !== undefined) this.#greeted?.();
    else if (event !== undefined) {
      this.#events += 1;
      this.#wakeAll();
      this.#options.onEvent?.({ event, ...(data ? { data } : {}) });
    } else {
      const waiting = id === undefined ? undefined : this.#settle(id);
      if (error) waiting?.reject(new QmpError(waiting.command, error));
      else waiting?.resolve(value);
    }
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(waiting?.timer);
    return waiting;
  }

  #wakeAll(): void {
    for (const wake of this.#wake) wake();
    this.#wake.clear();
  }

  #end(error: Error): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#socket.destroy();
    this.#wakeAll();
    for (const id of this.#waiting.keys()) this.#settle(id)?.reject(error);
    this.#options.onEnd?.();
  }
}
