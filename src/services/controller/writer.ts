/**
 * Dirty rows in, transactions out. One transaction is on its way at a time; what becomes dirty meanwhile leaves together in the next one.
 * The database's own reports come back as dirt too: an echo of our writes needs nothing, a foreign change of our rows is put right.
 */
import { noDirt, addDirt, type Dirty, isClean } from '../../core/compile/desired.ts';
import type { Compiler } from '../../core/compile/engine.ts';
import { ObservedRows } from '../../core/plan/observed.ts';
import { everything, type Plan, plan } from '../../core/plan/plan.ts';
import type { NorthboundTables } from '../../core/ovn/generated/nb.ts';
import type { RowId } from '../../core/ovn/row.ts';
import { Coalescer } from '../../lib/ovsdb/coalesce.ts';
import { OvsdbError } from '../../lib/ovsdb/errors.ts';
import type { OvsdbSession } from '../../lib/ovsdb/session.ts';
import type { Epoch } from './epoch.ts';

export interface WriterOptions {
  readonly session: OvsdbSession<NorthboundTables>;
  readonly compiler: Compiler;
  readonly epoch: Epoch;
  /** most rows planned into one transaction */
  readonly maxRows?: number;
  /** told when everything up to this sequence number is in the database (or cannot be) */
  readonly onCommitted: (sequence: number) => void;
  /** rows that OVN refused, with its reason; or that somebody else's row stands in the way of */
  readonly onRejected: (rows: readonly RowId[], why: string) => void;
  /** rows that somebody else had edited or deleted, and that are as declared again */
  readonly onRepaired: (rows: readonly RowId[]) => void;
  readonly onTransaction: (operations: number, seconds: number) => void;
  readonly onFatal: (error: unknown) => void;
  readonly log: (sentence: string) => void;
}

const MAX_ROWS = 2000;
const RETRY_MS = 100;

export class Writer {
  readonly observed = new ObservedRows();
  readonly #options: WriterOptions;
  /** one flush at a time; what arrives meanwhile is in the next */
  readonly #flushes = new Coalescer<void>({ flush: () => this.#flush(), maxItems: Number.MAX_SAFE_INTEGER });
  #dirty = noDirt();
  #sequence = 0;
  #done = 0;
  /** until everything declared is known, an observed row is not an unwanted one */
  #started = false;
  #stopped = false;

  constructor(options: WriterOptions) {
    this.#options = options;
    options.session.onUpdate((updates) => {
      this.observed.apply(Object.entries(updates) as never, this.#dirty);
      if (!this.#isIdle) this.#schedule();
    });
    options.session.onState((state) => {
      if (state === 'ready') this.#schedule();
    });
  }

  /** All that is declared is compiled: everything that is or should be is looked at once. */
  start(): Promise<void> {
    this.#started = true;
    addDirt(this.#dirty, everything(this.#options.compiler.rows, this.observed));
    return this.settled();
  }

  /** Takes dirt; returns a number that `onCommitted` reaches when it is dealt with. */
  submit(dirty: Dirty): number {
    addDirt(this.#dirty, dirty);
    this.#sequence += 1;
    this.#schedule();
    return this.#sequence;
  }

  /** Resolves when nothing is dirty and nothing is on its way. */
  async settled(): Promise<void> {
    do {
      await this.#options.session.ready();
      await this.#flushes.submit();
    } while (!this.#isIdle && !this.#stopped);
  }

  /** Lets the transaction that is on its way end, and sends no more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#flushes.submit();
  }

  get #isIdle(): boolean {
    const { epoch } = this.#options;
    return isClean(this.#dirty) && this.#done === this.#sequence && (epoch.own === 0 || !epoch.isLost);
  }

  #schedule(): void {
    if (this.#started && !this.#stopped && this.#flushes.waiting === 0) void this.#flushes.submit();
  }

  /** Transactions until nothing is left to do, or nothing can be done. */
  async #flush(): Promise<void> {
    try {
      while (!this.#stopped && this.#options.session.state === 'ready' && !this.#isIdle) await this.#step();
    } catch (error) {
      this.#stopped = true;
      this.#options.onFatal(error);
    }
  }

  /** One transaction. What could not be sent stays dirty. */
  async #step(): Promise<void> {
    const all = this.#dirty;
    const sequence = this.#sequence;
    const { batch, rest } = split(all, this.#options.maxRows ?? MAX_ROWS);
    // nothing was declared since the last transaction: what is to be done is the repair of somebody else's edit
    const isRepair = sequence === this.#done;
    const isLast = isClean(rest);
    this.#dirty = rest;
    try {
      if (this.#options.epoch.isLost) await this.#options.epoch.recover();
      const written = await this.#send(batch);
      if (isRepair && written.length > 0) this.#options.onRepaired(written);
    } catch (error) {
      addDirt(this.#dirty, batch);
      if (!(error instanceof OvsdbError)) throw error;
      this.#options.log(`Northbound: ${error.message}`);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      return;
    }
    if (!isLast) return;
    this.#done = sequence;
    this.#options.onCommitted(sequence);
  }

  /** @returns the rows that were written */
  async #send(batch: Dirty): Promise<readonly RowId[]> {
    const planned = plan(batch, this.#options.compiler.rows, this.observed);
    if (planned.blocked.length > 0)
      this.#options.onRejected(
        planned.blocked,
        'a row that Weft does not own has this name: rename or delete that row',
      );
    if (planned.operations.length === 0) return [];
    try {
      await this.#transact(planned);
      return [...planned.inserted, ...planned.updated, ...planned.deleted];
    } catch (error) {
      if (!(error instanceof OvsdbError) || !REFUSALS.has(error.code)) throw error;
      if (batch.rows.size <= 1) {
        this.#options.onRejected([...batch.rows], error.message);
        return [];
      }
      // one bad row must not hold up the others: each by itself, parents first
      const written: RowId[] = [];
      for (const single of singles(batch)) written.push(...(await this.#send(single)));
      return written;
    }
  }

  async #transact(planned: Plan): Promise<void> {
    const start = performance.now();
    const { session, epoch, onTransaction } = this.#options;
    try {
      await session.transact([epoch.guard(), ...planned.operations]);
    } catch (error) {
      // a guard that failed is dealt with by the next step, which looks at the epoch first
      if (error instanceof OvsdbError && error.code === 'timed-out') await epoch.recover();
      throw error;
    }
    onTransaction(planned.operations.length, (performance.now() - start) / 1000);
  }
}

/** answers of the server that the same rows would get again */
const REFUSALS: ReadonlySet<string> = new Set([
  'constraint-violation',
  'referential-integrity',
  'domain-error',
  'range-error',
  'bad-value',
  'syntax',
  'other',
]);

/** tables whose rows others are members of go first */
const ORDER = ['Logical_Router/', 'Logical_Switch/'];

function rank(id: RowId): number {
  const found = ORDER.findIndex((prefix) => id.startsWith(prefix));
  return found < 0 ? ORDER.length : found;
}

/** at most `most` rows, parents first, with all that is dirty in parts only */
function split(dirty: Dirty, most: number): { readonly batch: Dirty; readonly rest: Dirty } {
  if (dirty.rows.size <= most) return { batch: dirty, rest: noDirt() };
  const sorted = [...dirty.rows].toSorted((a, b) => rank(a) - rank(b));
  return {
    batch: { rows: new Set(sorted.slice(0, most)), own: dirty.own, members: dirty.members },
    rest: { ...noDirt(), rows: new Set(sorted.slice(most)) },
  };
}

function* singles({ rows, own, members }: Dirty): Generator<Dirty> {
  for (const id of [...rows].toSorted((a, b) => rank(a) - rank(b))) yield { ...noDirt(), rows: new Set([id]) };
  for (const id of own) yield { ...noDirt(), own: new Set([id]) };
  for (const [id, columns] of members) yield { ...noDirt(), members: new Map([[id, columns]]) };
}
