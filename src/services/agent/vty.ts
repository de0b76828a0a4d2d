/**
 * The socket on which a daemon of FRR takes the commands of vtysh(1): much cheaper than a process for each question.
 *
 *   command, NUL ──>    <── text, three NUL, status     (lib/vty.c, vtysh_read and vtysh_flush; vtysh/vtysh.c, vtysh_client_run)
 */
import { connect, type Socket } from 'node:net';

export interface VtyAnswer {
  readonly text: string;
  /** 0: done (lib/command.h, CMD_SUCCESS) */
  readonly status: number;
}

/** milliseconds */
const DEADLINE = 2000;
const TRAILER = Buffer.alloc(3);
/** bytes that no answer to a question of ours has */
const LONGEST = 4 << 20;

export class Vty {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #waiting: { resolve: (answer: VtyAnswer) => void; reject: (error: Error) => void } | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the daemon has closed its socket')));
  }

  static connect(path: string): Promise<Vty> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Vty(socket));
      });
    });
  }

  /** One question at a time. */
  ask(command: string): Promise<VtyAnswer> {
    if (/[\0\n\r]/.test(command)) throw new Error(`${JSON.stringify(command)} is not one line`);
    if (this.#waiting) throw new Error(`${command}: the question before has no answer yet`);
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => this.#socket.destroy(new Error(`${command}: no answer in ${DEADLINE} ms`)),
        DEADLINE,
      );
      this.#waiting = {
        resolve: (answer) => {
          clearTimeout(late);
          resolve(answer);
        },
        reject: (error) => {
          clearTimeout(late);
          reject(error);
        },
      };
      if (this.#socket.destroyed) this.#fail(new Error('the daemon has closed its socket'));
      else this.#socket.write(`${command}\0`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const end = this.#received.indexOf(TRAILER);
    if (end >= 0 && this.#received.length > end + TRAILER.length) {
      const answer = { text: this.#received.toString('utf8', 0, end), status: this.#received[end + TRAILER.length]! };
      this.#received = Buffer.alloc(0);
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.resolve(answer);
    } else if (this.#received.length > LONGEST) {
      this.#socket.destroy(new Error(`an answer of more than ${LONGEST} bytes`));
    }
  }

  #fail(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(error);
  }
}
