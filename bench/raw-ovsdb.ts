// The reference: transactions over a bare socket. Nothing is read of a reply but where it ends.
import { connect } from 'node:net';
import type { Socket } from 'node:net';

const OPEN = 0x7b;
const CLOSE = 0x7d;

export class RawClient implements Disposable {
  readonly #socket: Socket;
  #depth = 0;
  #waiting: { resolve: () => void; reject: (error: Error) => void } | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('The connection to the server was closed.')));
  }

  static connect(path: string): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once('error', reject);
      socket.once('connect', () => resolve(new RawClient(socket)));
    });
  }

  /** Sends one transaction and waits for its reply. The names of this workload hold no braces and no quotes. */
  transact(database: string, operations: readonly unknown[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(JSON.stringify({ id: 0, method: 'transact', params: [database, ...operations] }));
    });
  }

  #take(chunk: Buffer): void {
    for (const byte of chunk) {
      if (byte === OPEN) this.#depth++;
      else if (byte === CLOSE && --this.#depth === 0) this.#reply(chunk);
    }
  }

  #reply(chunk: Buffer): void {
    if (chunk.includes('"details"')) this.#fail(new Error(`The server refused a transaction: ${chunk.toString()}`));
    else this.#waiting?.resolve();
  }

  /** Rejecting what is settled already does nothing. */
  #fail(error: Error): void {
    this.#waiting?.reject(error);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
