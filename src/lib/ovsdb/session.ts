// A session with one database: connects and reconnects, keeps the cache equal to the database, runs transactions.
//
//            dial            get_schema, monitor          reply
//   connecting ----> synchronising ------------> ready            close() from anywhere: closed
//        ^                 |                       |
//        +---- back-off ---+------ lost -----------+
//
// A RAFT cluster would enter at #connect: which remote to dial, and whether its server is the leader.
import type { BackoffOptions } from './backoff.ts';
import { Backoff } from './backoff.ts';
import type { ReadableCache, TableTypes, TableUpdates } from './cache.ts';
import { Cache } from './cache.ts';
import { Connection } from './connection.ts';
import { OvsdbError } from './errors.ts';
import type { MonitorOptions } from './monitor.ts';
import { readUpdate } from './monitor.ts';
import type { Operation } from './operations.ts';
import { dial, parseRemote } from './remote.ts';
import type { Remote } from './remote.ts';
import type { DatabaseSchema } from './schema.ts';
import type { ResumePoint, Synchronised } from './synchronise.ts';
import { synchronise } from './synchronise.ts';
import type { TransactionOutcome, TransactOptions } from './transaction.ts';
import { Transaction } from './transaction.ts';

export type SessionState = 'connecting' | 'synchronising' | 'ready' | 'closed';

export interface SessionOptions<T> {
  /** `unix:/absolute/path`, `tcp:HOST:PORT` or `tcp:[IPV6]:PORT`. */
  readonly remote: string;
  /** For example `OVN_Northbound`. */
  readonly database: string;
  /** The tables to keep in the cache, and which of their columns. */
  readonly monitor: MonitorOptions<T>;
  /** Milliseconds of silence before the server is probed, and again before it is given up; default 5000, 0 = never. */
  readonly probeInterval?: number;
  readonly backoff?: BackoffOptions;
  /** One sentence per event that an operator may want to read: connected, lost, why. */
  readonly log?: (sentence: string) => void;
}

const MONITOR_ID = 'cache';
const FROM_NOTHING: ResumePoint = { lastTransaction: undefined, signature: '' };

export class OvsdbSession<T extends TableTypes<T>> {
  readonly #options: SessionOptions<T>;
  readonly #remote: Remote;
  readonly #backoff: Backoff;
  readonly #cache: Cache<T>;
  readonly #updateListeners = new Set<(updates: TableUpdates<T>) => void>();
  readonly #stateListeners = new Set<(state: SessionState) => void>();
  #state: SessionState = 'connecting';
  #connection: Connection | undefined;
  #retry: NodeJS.Timeout | undefined;
  #schema: DatabaseSchema | undefined;
  #missing: readonly string[] = [];
  /** What the cache holds, so that the next synchronisation can resume there. */
  #since: ResumePoint = FROM_NOTHING;
  /** Sent, but the connection died before the reply. */
  #undecided: Transaction[] = [];
  #lastError: OvsdbError | undefined;

  /** Begins to connect at once, and goes on trying until `close`. Throws OvsdbError `bad-remote`. */
  constructor(options: SessionOptions<T>) {
    this.#options = options;
    this.#remote = parseRemote(options.remote);
    this.#backoff = new Backoff(options.backoff);
    this.#cache = new Cache(Object.keys(options.monitor));
    this.#retry = setTimeout(() => this.#connect(), this.#backoff.next());
  }

  get state(): SessionState {
    return this.#state;
  }

  /** The monitored rows. While the session is not ready, as they were when last known. */
  get cache(): ReadableCache<T> {
    return this.#cache;
  }

  /** The server's schema, once it was read: what this server can do. */
  get schema(): DatabaseSchema | undefined {
    return this.#schema;
  }

  /** What was to be monitored but is not in the server's schema: "Table" or "Table.column". */
  get missing(): readonly string[] {
    return this.#missing;
  }

  /** Why the session is not ready; undefined when it is. */
  get lastError(): OvsdbError | undefined {
    return this.#lastError;
  }

  /**
   * The listener is called after the cache has applied one update of the server: with everything for the first
   * synchronisation, and with what differs after a reconnect. Returns a function that removes the listener.
   */
  onUpdate(listener: (updates: TableUpdates<T>) => void): () => void {
    this.#updateListeners.add(listener);
    return () => this.#updateListeners.delete(listener);
  }

  /** Returns a function that removes the listener. */
  onState(listener: (state: SessionState) => void): () => void {
    this.#stateListeners.add(listener);
    return () => this.#stateListeners.delete(listener);
  }

  /** Resolves when the cache equals the database. Rejects with `closed`, or with the reason of the signal. */
  ready(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    if (this.#state === 'ready') return Promise.resolve();
    if (this.#state === 'closed') return Promise.reject(sessionClosed());
    return new Promise((resolve, reject) => {
      const settle = (how: () => void): void => {
        stop();
        signal?.removeEventListener('abort', aborted);
        how();
      };
      const aborted = (): void => settle(() => reject(signal!.reason as Error));
      const stop = this.onState((state) => {
        if (state === 'ready') settle(resolve);
        else if (state === 'closed') settle(() => reject(sessionClosed()));
      });
      signal?.addEventListener('abort', aborted);
    });
  }

  /**
   * Runs the operations as one atomic transaction. Resolves after the cache has applied its effects.
   *
   * Rejects with OvsdbError: `not-connected` (nothing was sent), the server's refusal (`constraint-violation`,
   * `timed-out` for a failed guard, ...), or, when the connection died before the reply, what reading after the next
   * synchronisation shows (see TransactOptions). A transaction is never sent twice.
   */
  transact(operations: readonly Operation[], options: TransactOptions<T> = {}): Promise<TransactionOutcome> {
    const transaction = new Transaction(operations, options as TransactOptions<unknown>);
    if (this.#state === 'ready') {
      transaction.send(this.#connection!, this.#options.database, this.#schema!, () =>
        this.#undecided.push(transaction),
      );
    } else {
      const why = this.#state === 'closed' ? 'it was closed' : `it is ${this.#state}${this.#because()}`;
      transaction.reject(
        new OvsdbError(
          'not-connected',
          `Nothing was sent to ${this.#options.remote}: the session is not ready, ${why}.`,
        ),
      );
    }
    return transaction.outcome;
  }

  #because(): string {
    return this.#lastError === undefined ? '' : ` (${this.#lastError.message})`;
  }

  /** Ends the session; transactions that wait for a reply reject with `fate-unknown`. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    clearTimeout(this.#retry);
    const connection = this.#connection;
    this.#setState('closed');
    if (connection !== undefined) {
      connection.close(sessionClosed());
      await connection.closed;
    }
    this.#decideUndecided();
  }

  #connect(): void {
    const connection = new Connection(
      dial(this.#remote),
      {
        connected: () => this.#synchronise(connection),
        notified: (method, params) => this.#notified(connection, method, params),
        closed: (cause) => this.#lost(cause),
        log: (sentence) => this.#log(sentence),
      },
      this.#options.probeInterval ?? 5000,
    );
    this.#connection = connection;
  }

  #synchronise(connection: Connection): void {
    this.#setState('synchronising');
    const { database, monitor } = this.#options;
    const options = { database, monitorId: MONITOR_ID, monitor: { ...monitor }, since: this.#since };
    synchronise(connection, options, (outcome) => this.#synchronised(outcome));
  }

  #synchronised({ schema, request, initial }: Synchronised): void {
    const { resumed, lastTransaction, updates } = initial;
    if (!resumed) this.#cache.setColumns(schema, request.columns);
    const changed = this.#apply(() => (resumed ? this.#cache.applyChange(updates) : this.#cache.applyWhole(updates)));
    this.#schema = schema;
    this.#missing = request.missing;
    this.#since = { lastTransaction, signature: request.signature };
    this.#lastError = undefined;
    this.#backoff.reset();
    this.#log(
      `Synchronised with ${schema.name} ${schema.version} at ${this.#options.remote}${resumed ? ' (resumed)' : ''}.`,
    );
    if (this.#missing.length > 0) this.#log(`The server's schema does not have ${this.#missing.join(', ')}.`);
    this.#setState('ready');
    if (changed !== undefined) this.#tell(this.#updateListeners, changed);
    this.#decideUndecided();
  }

  /** After an update that could not be applied, the next synchronisation is from nothing. */
  #apply(change: () => TableUpdates<T> | undefined): TableUpdates<T> | undefined {
    try {
      return change();
    } catch (error) {
      this.#since = FROM_NOTHING;
      throw error;
    }
  }

  #notified(connection: Connection, method: string, params: unknown): void {
    if (method === 'monitor_canceled') {
      return connection.close(
        new OvsdbError('protocol', 'The server ended the monitor: the database was removed or converted.'),
      );
    }
    const update = readUpdate(MONITOR_ID, method, params);
    if (update === undefined) return this.#log(`Ignored the server's notification ${method}.`);
    const changed = this.#apply(() => this.#cache.applyChange(update.updates));
    this.#since = { lastTransaction: update.lastTransaction, signature: this.#since.signature };
    if (changed !== undefined) this.#tell(this.#updateListeners, changed);
  }

  #lost(cause: OvsdbError): void {
    this.#connection = undefined;
    if (this.#state === 'closed') return;
    this.#lastError = cause;
    this.#setState('connecting');
    const delay = this.#backoff.next();
    this.#log(`Not connected to ${this.#options.remote}: ${cause.message} Next attempt in ${Math.round(delay)} ms.`);
    this.#retry = setTimeout(() => this.#connect(), delay);
  }

  #decideUndecided(): void {
    const undecided = this.#undecided;
    this.#undecided = [];
    for (const transaction of undecided) transaction.decide(this.#state === 'ready' ? this.#cache : undefined);
  }

  #setState(state: SessionState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#tell(this.#stateListeners, state);
  }

  /** A listener's exception is its owner's bug: it surfaces as an uncaught one and does not disturb the session. */
  #tell<E>(listeners: ReadonlySet<(event: E) => void>, event: E): void {
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  #log(sentence: string): void {
    this.#options.log?.(sentence);
  }
}

function sessionClosed(): OvsdbError {
  return new OvsdbError('closed', 'The session was closed.');
}
