/**
 * A command that runs in a guest, with its streams. When the connection breaks (the guest moved to another node), it is joined again where it
 * was: both sides count bytes, and repeat what the other has not seen.
 */
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HubClient } from './hub-client.ts';
import type { Line } from './lines.ts';

export interface CommandStreams {
  readonly stdin?: AsyncIterable<Buffer> | Iterable<Buffer>;
  /** resolves when the bytes are written */
  readonly stdout: (bytes: Buffer) => Promise<void>;
  readonly stderr: (bytes: Buffer) => Promise<void>;
}

export interface GuestCommandOptions {
  /** a connection to the guest wherever it is now; undefined while there is none */
  readonly connect: () => Promise<HubClient | undefined>;
  readonly command: readonly string[];
  readonly streams: CommandStreams;
  /** milliseconds for getting a connection, at first and when it was lost */
  readonly deadline?: number;
}

const DEADLINE = 30_000;
const RETRY = 100;
/** bytes of standard input that are on their way */
const WINDOW = 65_536;
const CHUNK = 8192;

export class GuestCommand {
  readonly #options: GuestCommandOptions;
  readonly #id = randomBytes(8).toString('hex');
  #client: HubClient | undefined;
  /** the agent has said that it runs */
  #runs = false;
  #code: number | undefined;
  readonly #lengths = { out: 0, err: 0 };
  readonly #heard = { out: 0, err: 0 };
  readonly #written = { out: 0, err: 0 };
  #writing = Promise.resolve();
  /** standard input that was not taken yet, and where it begins */
  #input = Buffer.alloc(0);
  #taken = 0;
  #inputEnded = false;
  #roomForInput: (() => void) | undefined;
  #finish: (() => void) | undefined;
  #failure: Error | undefined;

  constructor(options: GuestCommandOptions) {
    this.#options = options;
  }

  /** @returns its exit code, 128 + N for signal N @throws Error when the guest cannot be reached, or has forgotten the command */
  async run(): Promise<number> {
    const finished = new Promise<'finished'>((resolve) => (this.#finish = () => resolve('finished')));
    while (this.#code === undefined || !this.#isComplete()) {
      const client = await this.#connect();
      this.#client = client;
      client.listen((line) => this.#hear(line));
      if (this.#runs) client.say('join', this.#id, String(this.#heard.out), String(this.#heard.err));
      else this.#start(client);
      const outcome = await Promise.race([finished, client.closed]);
      if (this.#failure) throw this.#failure;
      if (outcome === 'finished') break;
      this.#client = undefined;
    }
    await this.#writing;
    this.#client?.say('bye', this.#id);
    this.#client?.close();
    return this.#code!;
  }

  /** @param name `TERM` */
  signal(name: string): void {
    this.#client?.say('signal', this.#id, name);
  }

  async #connect(): Promise<HubClient> {
    const { connect, deadline = DEADLINE } = this.#options;
    for (const end = performance.now() + deadline; performance.now() < end; await sleep(RETRY)) {
      const client = await connect();
      if (client) return client;
    }
    throw new Error(
      this.#runs
        ? `the agent in the guest has not answered for ${deadline / 1000} s`
        : `the agent in the guest did not answer within ${deadline / 1000} s: the guest has not come up, or hangs`,
    );
  }

  #start(client: HubClient): void {
    client.say('run', this.#id, ...this.#options.command.map(hex));
  }

  #hear([verb, id, ...words]: Line): void {
    if (id !== this.#id) return;
    if (verb === 'out' || verb === 'err') this.#output(verb, Number(words[0]), Buffer.from(words[1] ?? '', 'hex'));
    else if (verb === 'running') this.#begin();
    else if (verb === 'joined') this.#resume(Number(words[0]));
    else if (verb === 'took') this.#took(Number(words[0]));
    else if (verb === 'exit') this.#exit(words);
    else if (verb === 'lost') this.#lost();
  }

  #begin(): void {
    if (this.#runs) return;
    this.#runs = true;
    if (this.#options.streams.stdin) void this.#readInput(this.#options.streams.stdin);
    else this.#endInput();
  }

  #lost(): void {
    // what was not said to run may be run by the agent that is there now
    if (!this.#runs) {
      if (this.#client) this.#start(this.#client);
      return;
    }
    this.#failure = new Error('the guest was started anew, and the command ended with the one before');
    this.#finish?.();
  }

  #output(stream: 'out' | 'err', offset: number, bytes: Buffer): void {
    if (offset !== this.#heard[stream]) return;
    this.#heard[stream] += bytes.length;
    const write = stream === 'out' ? this.#options.streams.stdout : this.#options.streams.stderr;
    this.#writing = this.#writing
      .then(() => write(bytes))
      .then(() => {
        this.#written[stream] += bytes.length;
        this.#client?.say('ack', this.#id, String(this.#written.out), String(this.#written.err));
      });
    if (this.#isComplete()) this.#finish?.();
  }

  #exit([code, out, err]: Line): void {
    this.#code = Number(code);
    Object.assign(this.#lengths, { out: Number(out), err: Number(err) });
    if (this.#isComplete()) this.#finish?.();
  }

  #isComplete(): boolean {
    return this.#code !== undefined && this.#heard.out >= this.#lengths.out && this.#heard.err >= this.#lengths.err;
  }

  async #readInput(stdin: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<void> {
    for await (const bytes of stdin) {
      this.#sendInput(this.#taken + this.#input.length, bytes);
      this.#input = Buffer.concat([this.#input, bytes]);
      while (this.#input.length >= WINDOW) await new Promise<void>((resolve) => (this.#roomForInput = resolve));
    }
    this.#endInput();
  }

  #endInput(): void {
    this.#inputEnded = true;
    this.#client?.say('eof', this.#id, String(this.#taken + this.#input.length));
  }

  #sendInput(offset: number, bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += CHUNK)
      this.#client?.say(
        'in',
        this.#id,
        String(offset + at),
        bytes.toString('hex', at, Math.min(bytes.length, at + CHUNK)),
      );
  }

  #took(offset: number): void {
    this.#input = this.#input.subarray(offset - this.#taken);
    this.#taken = offset;
    if (this.#input.length < WINDOW) this.#roomForInput?.();
  }

  /** After a connection that broke: says again what the guest has not got. */
  #resume(known: number): void {
    this.#sendInput(known, this.#input.subarray(known - this.#taken));
    if (this.#inputEnded) this.#endInput();
  }
}

/** never empty, so that the words of a line can be told apart */
function hex(word: string): string {
  return `x${Buffer.from(word).toString('hex')}`;
}
