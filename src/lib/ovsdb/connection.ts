// One connection: JSON-RPC 1.0 (RFC 7047 section 4) over one socket, from connect to close.
// Messages are handled strictly in the order of arrival and synchronously, so that a reply is never seen before the
// updates that the server sent ahead of it.
import type { Socket } from 'node:net';
import { asOvsdbError, OvsdbError } from './errors.ts';
import { JsonSplitter } from './framing.ts';

export type Reply =
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'error'; readonly error: unknown }
  /** The connection ended before the reply. */
  | { readonly kind: 'lost'; readonly cause: OvsdbError };

export interface ConnectionEvents {
  readonly connected: () => void;
  /** May throw: the connection is then closed with that error. */
  readonly notified: (method: string, params: unknown) => void;
  /** Called once, after every unanswered request was told that it is lost. */
  readonly closed: (cause: OvsdbError) => void;
  /** Something odd that does no harm. */
  readonly log: (sentence: string) => void;
}

interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** Any answer to a probe proves life; nobody waits for its content. */
const PROBE_ID = 'echo';

export class Connection {
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  readonly #splitter = new JsonSplitter((document) => this.#receive(document as Message));
  readonly #unanswered = new Map<number, (reply: Reply) => void>();
  readonly #probeInterval: number;
  #probe: NodeJS.Timeout | undefined;
  #outgoing: string[] = [];
  #lastId = 0;
  #heard = false;
  #probing = false;
  #cause: OvsdbError | undefined;
  /** Resolves when the socket is closed and everybody was told. */
  readonly closed: Promise<void>;

  /** `probeInterval`: milliseconds of silence before an echo is sent, and again before giving up; 0 = never. */
  constructor(socket: Socket, events: ConnectionEvents, probeInterval: number) {
    this.#socket = socket;
    this.#events = events;
    this.#probeInterval = probeInterval;
    this.#armProbe();
    socket.on('connect', () => this.#events.connected());
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('end', () => this.#end());
    socket.on('error', (error) =>
      this.close(new OvsdbError('protocol', `The connection failed: ${error.message}.`, { cause: error })),
    );
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#closed();
        resolve();
      });
    });
  }

  /** Sends a request; `done` is called exactly once, as soon as its reply is read or the connection is lost. */
  request(method: string, params: unknown, done: (reply: Reply) => void): void {
    if (this.#cause !== undefined) return done({ kind: 'lost', cause: this.#cause });
    const id = ++this.#lastId;
    this.#unanswered.set(id, done);
    this.#send({ id, method, params });
  }

  /** Ends the connection; `cause` is told to everybody who waits for a reply. */
  close(cause: OvsdbError): void {
    this.#cause ??= cause;
    this.#socket.destroy();
  }

  /** What is sent in one turn of the event loop leaves in one write. */
  #send(message: Message): void {
    if (this.#outgoing.push(JSON.stringify(message)) === 1) process.nextTick(() => this.#flush());
  }

  #flush(): void {
    const text = this.#outgoing.length === 1 ? this.#outgoing[0]! : this.#outgoing.join('');
    this.#outgoing = [];
    if (!this.#socket.destroyed) this.#socket.write(text);
  }

  #take(chunk: Buffer): void {
    this.#heard = true;
    if (this.#cause !== undefined) return;
    try {
      this.#splitter.push(chunk);
    } catch (error) {
      this.close(asOvsdbError(error));
    }
  }

  #receive(message: Message): void {
    if (this.#cause !== undefined) return;
    const { id, method } = message;
    if (method === undefined) this.#receiveReply(message);
    else if (method === 'echo') this.#send({ id, result: message.params, error: null });
    else if (typeof method === 'string' && (id === null || id === undefined))
      this.#events.notified(method, message.params);
    else this.#send({ id, result: null, error: 'unknown method' });
  }

  #receiveReply({ id, result, error }: Message): void {
    if (id === PROBE_ID) return;
    const done = typeof id === 'number' ? this.#unanswered.get(id) : undefined;
    if (done === undefined) {
      this.#events.log(`Ignored a reply to request ${JSON.stringify(id)}, which is not waiting for one.`);
      return;
    }
    this.#unanswered.delete(id as number);
    done(error === null || error === undefined ? { kind: 'result', result } : { kind: 'error', error });
  }

  #armProbe(): void {
    if (this.#probeInterval === 0 || this.#cause !== undefined) return;
    // setImmediate: judged only after what has arrived was read, should this process have been busy until now.
    this.#probe = setTimeout(() => setImmediate(() => this.#checkAlive()), this.#probeInterval);
  }

  #checkAlive(): void {
    if (this.#heard) {
      this.#heard = false;
      this.#probing = false;
    } else if (this.#probing) {
      const silence = `The server was silent for ${2 * this.#probeInterval} ms and did not answer an echo.`;
      this.close(new OvsdbError('protocol', silence));
    } else {
      this.#probing = true;
      this.#send({ id: PROBE_ID, method: 'echo', params: [] });
    }
    this.#armProbe();
  }

  #end(): void {
    const where = this.#splitter.incomplete ? ' in the middle of a message' : '';
    this.close(new OvsdbError('protocol', `The server closed the connection${where}.`));
  }

  #closed(): void {
    clearTimeout(this.#probe);
    const cause = (this.#cause ??= new OvsdbError('protocol', 'The connection was closed.'));
    const unanswered = [...this.#unanswered.values()];
    this.#unanswered.clear();
    for (const done of unanswered) done({ kind: 'lost', cause });
    this.#events.closed(cause);
  }
}
