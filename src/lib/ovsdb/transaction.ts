// One transaction from the request to the moment when its fate is known.
import type { ReadableCache } from './cache.ts';
import type { Connection } from './connection.ts';
import { asOvsdbError, fromServerError, OvsdbError } from './errors.ts';
import type { Operation, OperationResult } from './operations.ts';
import type { DatabaseSchema } from './schema.ts';
import { decodeResults, encodeOperations } from './transaction-notation.ts';

export interface TransactOptions<T> {
  /**
   * Asked only when the connection died before the reply, once the cache is fresh again: does it show the effects?
   * True resolves the transaction (`confirmed: false`), false rejects it with `not-applied`: it may be sent again.
   * Without this question such a transaction rejects with `fate-unknown`.
   */
  readonly applied?: (cache: ReadableCache<T>) => boolean;
  /** Stops the waiting; a transaction that was sent cannot be called back. */
  readonly signal?: AbortSignal;
}

export interface TransactionOutcome {
  /** False when the server's reply was lost and reading showed that the transaction was applied. */
  readonly confirmed: boolean;
  /** One result per operation; empty when not confirmed. */
  readonly results: readonly OperationResult[];
}

export class Transaction {
  readonly outcome: Promise<TransactionOutcome>;
  readonly #operations: readonly Operation[];
  readonly #applied: ((cache: ReadableCache<unknown>) => boolean) | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #aborted = (): void => this.reject(this.#signal?.reason as Error);
  #settle!: { resolve: (outcome: TransactionOutcome) => void; reject: (error: Error) => void };
  #lostBy: OvsdbError | undefined;

  constructor(operations: readonly Operation[], { applied, signal }: TransactOptions<unknown>) {
    this.#operations = operations;
    this.#applied = applied;
    this.#signal = signal;
    this.outcome = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    signal?.addEventListener('abort', this.#aborted);
  }

  reject(error: Error): void {
    this.#signal?.removeEventListener('abort', this.#aborted);
    this.#settle.reject(error);
  }

  #resolve(outcome: TransactionOutcome): void {
    this.#signal?.removeEventListener('abort', this.#aborted);
    this.#settle.resolve(outcome);
  }

  /** `lost` is called when the connection dies before the reply: then `decide` has to be called later. */
  send(connection: Connection, database: string, schema: DatabaseSchema, lost: () => void): void {
    if (this.#signal?.aborted === true) return this.#aborted();
    let wire: unknown[];
    try {
      wire = encodeOperations(schema, this.#operations);
    } catch (error) {
      return this.reject(asOvsdbError(error));
    }
    connection.request('transact', [database, ...wire], (reply) => {
      if (reply.kind === 'lost') {
        this.#lostBy = reply.cause;
        return lost();
      }
      try {
        if (reply.kind === 'error') throw fromServerError(reply.error, 'The transaction');
        this.#resolve({ confirmed: true, results: decodeResults(schema, this.#operations, reply.result) });
      } catch (error) {
        this.reject(asOvsdbError(error));
      }
    });
  }

  /** Finds out, by reading the synchronised cache, what became of a transaction whose reply was lost. */
  decide(cache: ReadableCache<unknown> | undefined): void {
    if (this.#signal?.aborted === true) return;
    const lost = `The connection died before the reply (${this.#lostBy?.message})`;
    const about = { cause: this.#lostBy };
    if (cache === undefined || this.#applied === undefined) {
      const why = cache === undefined ? 'the session was closed' : 'no question was given by which to find out';
      return this.reject(
        new OvsdbError('fate-unknown', `${lost}, and ${why}: the transaction may have been applied.`, about),
      );
    }
    try {
      if (this.#applied(cache)) this.#resolve({ confirmed: false, results: [] });
      else
        this.reject(
          new OvsdbError(
            'not-applied',
            `${lost}, and the database does not show its effects: it was not applied.`,
            about,
          ),
        );
    } catch (error) {
      this.reject(error as Error);
    }
  }
}
