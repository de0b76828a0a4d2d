/**
 * The epoch: a number in NB_Global's external_ids that each controller raises when it starts. Every transaction carries a `wait` on it, so a
 * controller that was stopped, replaced and woken up cannot write. One row, one line, no clock.
 */
import { OvsdbError } from '../../lib/ovsdb/errors.ts';
import { byUuid, type Operation } from '../../lib/ovsdb/operations.ts';
import type { OvsdbSession } from '../../lib/ovsdb/session.ts';
import type { NorthboundTables } from '../../core/ovn/generated/nb.ts';

export const EPOCH = 'weft-epoch';

/** Another controller has taken over: this one must not write any more. */
export class SupersededError extends Error {
  constructor(own: number, found: string | undefined) {
    super(
      `this controller's epoch ${own} is over: the Northbound database says ${found ?? 'nothing'}, so another controller has taken over; this one stops`,
    );
    this.name = 'SupersededError';
  }
}

export class Epoch {
  readonly #session: OvsdbSession<NorthboundTables>;
  readonly #defaults: Readonly<Record<string, string>>;
  #own = 0;

  /** @param defaults options of NB_Global (ovn-nb(5)) for where nobody has set them: whoever has, keeps them */
  constructor(session: OvsdbSession<NorthboundTables>, defaults: Readonly<Record<string, string>> = {}) {
    this.#session = session;
    this.#defaults = defaults;
  }

  get own(): number {
    return this.#own;
  }

  /** Takes over: raises the number. @throws OvsdbError when the database cannot be written */
  async claim(): Promise<void> {
    for (;;) {
      const next = Math.max(Number(this.#seen() ?? 0), this.#own) + 1;
      try {
        await this.#session.transact(this.#rewrite(next));
        this.#own = next;
        return;
      } catch (error) {
        // somebody else was faster: look again
        if (!(error instanceof OvsdbError && error.code === 'timed-out')) throw error;
      }
    }
  }

  /** The guard that goes first in every transaction. */
  guard(): Operation {
    return {
      op: 'wait',
      table: 'NB_Global',
      where: [['external_ids', 'includes', { [EPOCH]: String(this.#own) }]],
      columns: ['nb_cfg'],
      until: '!=',
      rows: [],
    };
  }

  /**
   * After a guard failed: puts the number back when somebody removed or lowered it by hand.
   * @throws SupersededError when a newer controller wrote it
   */
  async recover(): Promise<void> {
    const seen = this.#seen();
    if (seen !== undefined && Number(seen) > this.#own) throw new SupersededError(this.#own, seen);
    if (seen === String(this.#own)) return;
    await this.#session.transact(this.#rewrite(this.#own));
  }

  /** NB_Global says another number than ours */
  get isLost(): boolean {
    return this.#seen() !== String(this.#own);
  }

  #row() {
    for (const row of this.#session.cache.table('NB_Global').rows.values()) return row;
    return undefined;
  }

  #seen(): string | undefined {
    return this.#row()?.external_ids[EPOCH];
  }

  /** replaces exactly what was seen, or fails with `timed-out` */
  #rewrite(next: number): Operation[] {
    const row = this.#row();
    // ovn-northd or ovn-nbctl makes the row; a database that nobody touched yet has none
    if (!row)
      return [
        { op: 'insert', table: 'NB_Global', row: { external_ids: { [EPOCH]: String(next) }, options: this.#defaults } },
      ];
    const where = byUuid(row._uuid);
    return [
      {
        op: 'wait',
        table: 'NB_Global',
        where,
        columns: ['external_ids'],
        until: '==',
        rows: [{ external_ids: row.external_ids }],
      },
      {
        op: 'update',
        table: 'NB_Global',
        where,
        row: { external_ids: { ...row.external_ids, [EPOCH]: String(next) } },
      },
      // RFC 7047 section 5.1: inserting into a map leaves the keys that are there as they are
      { op: 'mutate', table: 'NB_Global', where, mutations: [['options', 'insert', this.#defaults]] },
    ];
  }
}
