/** The connection to the agent in a guest, by QEMU's socket for its port: lines of words, both ways (`guest/guest-agent` says which). */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { type Line, LineReader } from './lines.ts';

/** milliseconds in which an agent answers that hears us */
const HELLO_DEADLINE = 1000;

export class AgentLink {
  readonly #socket: Socket;
  readonly #reader: LineReader;
  readonly closed: Promise<void>;

  private constructor(socket: Socket, reader: LineReader, closed: Promise<void>) {
    this.#socket = socket;
    this.#reader = reader;
    this.closed = closed;
  }

  /** @returns undefined when nobody listens, or the agent does not answer (yet) */
  static async open(path: string): Promise<AgentLink | undefined> {
    const socket = connect(path);
    const nonce = randomBytes(8).toString('hex');
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const reader = new LineReader();
    return new Promise((resolve) => {
      const timer = setTimeout(() => socket.destroy(), HELLO_DEADLINE);
      socket.setEncoding('utf8');
      socket.on('error', () => undefined);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve(undefined);
      });
      reader.onLine = ([verb, answered]) => {
        if (verb !== 'hello' || answered !== nonce) return;
        clearTimeout(timer);
        reader.onLine = undefined;
        resolve(new AgentLink(socket, reader, closed));
      };
      socket.on('data', (text: string) => reader.read(text));
      // ends whatever line somebody before us left half said
      socket.write(`\nhello ${nonce}\n`);
    });
  }

  listen(onLine: (line: Line) => void): void {
    this.#reader.onLine = onLine;
  }

  say(line: Line): void {
    this.#socket.write(`${line.join(' ')}\n`);
  }

  /** By itself it does not keep the process from ending. */
  unref(): void {
    this.#socket.unref();
  }

  close(): void {
    this.#socket.destroy();
  }
}
