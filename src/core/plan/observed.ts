/**
 * The rows that are: what the database session last said, with Weft's own rows findable by (table, key). Rows of others are known only as
 * far as they can stand in the way (unique names).
 */
import { NB_TABLES, type ObservedColumns, ownedKey } from '../ovn/tables.ts';
import { type RowId, rowId } from '../ovn/row.ts';

export interface ObservedRow {
  readonly uuid: string;
  readonly columns: ObservedColumns;
}

/** one row that came, changed or went, as the session reports it */
export interface RowChange {
  readonly uuid: string;
  readonly old: ObservedColumns | undefined;
  readonly new: ObservedColumns | undefined;
}

export class ObservedRows {
  readonly #owned = new Map<RowId, Map<string, ObservedColumns>>();
  readonly #names = new Map<RowId, string>();
  readonly #byUuid = new Map<string, RowId>();

  /** Takes changes of one table; returns the ids of our rows that they touch. */
  apply(table: string, changes: readonly RowChange[]): readonly RowId[] {
    const touched: RowId[] = [];
    const info = NB_TABLES[table];
    if (!info) return touched;
    for (const change of changes) {
      // a row that was ours stays ours until it is deleted, even if somebody wiped the mark or the name: that is drift, to be repaired
      const id = this.#byUuid.get(change.uuid) ?? markedId(table, change.new);
      if (id !== undefined) {
        if (change.new) this.#put(id, change.uuid, change.new);
        else this.#drop(id, change.uuid);
        touched.push(id);
      }
      if (info.uniqueName) this.#rename(table, change);
    }
    return touched;
  }

  /** our row with that id; of several the one with the lowest UUID */
  get(id: RowId): ObservedRow | undefined {
    const rows = this.#owned.get(id);
    if (!rows) return undefined;
    const uuid = rows.size === 1 ? rows.keys().next().value! : [...rows.keys()].toSorted()[0]!;
    return { uuid, columns: rows.get(uuid)! };
  }

  /** further rows that carry the same id: leftovers to be removed */
  surplus(id: RowId): readonly string[] {
    const rows = this.#owned.get(id);
    return rows && rows.size > 1 ? [...rows.keys()].toSorted().slice(1) : [];
  }

  ids(): IterableIterator<RowId> {
    return this.#owned.keys();
  }

  idOf(uuid: string): RowId | undefined {
    return this.#byUuid.get(uuid);
  }

  /** UUID of the row, ours or not, that has this name in a table where names are unique */
  holderOfName(table: string, name: string): string | undefined {
    return this.#names.get(rowId(table, name));
  }

  #put(id: RowId, uuid: string, columns: ObservedColumns): void {
    let rows = this.#owned.get(id);
    if (!rows) this.#owned.set(id, (rows = new Map()));
    rows.set(uuid, columns);
    this.#byUuid.set(uuid, id);
  }

  #drop(id: RowId, uuid: string): void {
    const rows = this.#owned.get(id);
    rows?.delete(uuid);
    if (rows?.size === 0) this.#owned.delete(id);
    this.#byUuid.delete(uuid);
  }

  #rename(table: string, { uuid, old, new: now }: RowChange): void {
    if (old && this.#names.get(rowId(table, String(old['name']))) === uuid)
      this.#names.delete(rowId(table, String(old['name'])));
    if (now) this.#names.set(rowId(table, String(now['name'])), uuid);
  }
}

function markedId(table: string, row: ObservedColumns | undefined): RowId | undefined {
  const key = row && ownedKey(table, row);
  return key === undefined ? undefined : rowId(table, key);
}
