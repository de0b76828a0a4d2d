/** A connection to the hub of a guest's agent. */
import { connect, type Socket } from 'node:net';
import { HUB_SOCKET } from './command-line.ts';
import { type Line, LineReader } from './lines.ts';

export class HubClient {
  readonly #socket: Socket;
  readonly #reader = new LineReader();
  readonly closed: Promise<void>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.setEncoding('utf8').on('data', (text: string) => this.#reader.read(text));
  }

  /** @param directories where the machine may be: the first that answers is taken */
  static async connect(directories: readonly string[]): Promise<HubClient | undefined> {
    for (const directory of directories) {
      const socket = await open(`${directory}/${HUB_SOCKET}`);
      if (socket) return new HubClient(socket);
    }
    return undefined;
  }

  listen(onLine: (line: Line) => void): void {
    this.#reader.onLine = onLine;
  }

  say(...words: Line): void {
    this.#socket.write(`${words.join(' ')}\n`);
  }

  /** What was said is on its way. */
  close(): void {
    this.#socket.destroySoon();
  }
}

function open(path: string): Promise<Socket | undefined> {
  const socket = connect(path);
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(socket));
    socket.on('error', () => resolve(undefined));
  });
}
