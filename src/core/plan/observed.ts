/**
 * The rows that are: what the database session last said, with Weft's own rows findable by (table, key). Rows of others are known only as
 * far as they can stand in the way (unique names).
 */
import { type Dirty, touchMember } from '../compile/desired.ts';
import { memberKey, type RowId, rowId } from '../ovn/row.ts';
import { NB_TABLES, type ObservedColumns, ownedKey, REFERENCE_SETS, VALUE_SETS } from '../ovn/tables.ts';

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

  /**
   * Takes one update of the database; adds to `dirty` what of ours it touches. Own writes come back as changes that need nothing.
   * All rows are taken in before references between them are looked at, whichever table comes first.
   */
  apply(updates: Iterable<readonly [table: string, changes: readonly RowChange[]]>, dirty: Dirty): void {
    const edited: (() => void)[] = [];
    for (const [table, changes] of updates) {
      if (!NB_TABLES[table]) continue;
      for (const change of changes) {
        const edit = this.#take(table, change, dirty);
        if (edit) edited.push(edit);
      }
    }
    for (const look of edited) look();
  }

  /** Returns what remains to be looked at when all rows are known: the members of an edited row. */
  #take(table: string, change: RowChange, dirty: Dirty): (() => void) | undefined {
    const { uniqueName } = NB_TABLES[table]!;
    // a row that was ours stays ours until it is deleted, even if somebody wiped the mark or the name: that is drift, to be repaired
    const known = this.#byUuid.get(change.uuid);
    const id = known ?? markedId(table, change.new);
    if (uniqueName) this.#rename(table, change);
    if (id === undefined) {
      // it may have stood in the way of a row of ours
      if (uniqueName && change.old) dirty.rows.add(rowId(table, nameOf(change.old)));
      return undefined;
    }
    const { old, new: now } = change;
    if (now) this.#put(id, change.uuid, now);
    else this.#drop(id, change.uuid);
    if (known !== undefined && old && now) return () => this.#touchParts(table, id, old, now, dirty);
    dirty.rows.add(id);
    return undefined;
  }

  /** An edited row: its own columns, and the members that came or went; a switch of 10,000 ports is not looked through for one of them. */
  #touchParts(table: string, id: RowId, old: ObservedColumns, now: ObservedColumns, dirty: Dirty): void {
    dirty.own.add(id);
    for (const column of REFERENCE_SETS.get(table) ?? []) {
      for (const uuid of symmetricDifference(old[column] as readonly string[], now[column] as readonly string[])) {
        const member = this.#byUuid.get(uuid);
        if (member !== undefined) touchMember(id, column, `@${member}`, dirty);
      }
    }
    for (const column of VALUE_SETS.get(table) ?? [])
      for (const value of symmetricDifference(old[column] as readonly string[], now[column] as readonly string[]))
        touchMember(id, column, memberKey(value), dirty);
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
    if (old && this.#names.get(rowId(table, nameOf(old))) === uuid) this.#names.delete(rowId(table, nameOf(old)));
    if (now) this.#names.set(rowId(table, nameOf(now)), uuid);
  }
}

function markedId(table: string, row: ObservedColumns | undefined): RowId | undefined {
  const key = row && ownedKey(table, row);
  return key === undefined ? undefined : rowId(table, key);
}

/** of two sorted sets */
function* symmetricDifference(a: readonly string[] = [], b: readonly string[] = []): Generator<string> {
  let left = 0;
  let right = 0;
  while (left < a.length || right < b.length) {
    const [x, y] = [a[left], b[right]];
    if (x === y) {
      left += 1;
      right += 1;
    } else if (y === undefined || (x !== undefined && x < y)) {
      left += 1;
      yield x!;
    } else {
      right += 1;
      yield y;
    }
  }
}

function nameOf(row: ObservedColumns): string {
  return typeof row['name'] === 'string' ? row['name'] : '';
}
