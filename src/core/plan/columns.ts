import type { Atom } from '../ovn/row.ts';
import type { ObservedColumns } from '../ovn/tables.ts';

/** a column value without references: those are UUIDs or names of rows of the same transaction by now */
export type Resolved = Atom | readonly Atom[] | Readonly<Record<string, Atom>>;

/** The columns of `wanted` that are not what they should be, or undefined when all are. */
export function changedColumns(
  wanted: Readonly<Record<string, Resolved | undefined>>,
  present: ObservedColumns,
): Record<string, Resolved | undefined> | undefined {
  const changed = Object.entries(wanted).filter(([name, value]) => !sameValue(value, present[name]));
  return changed.length > 0 ? Object.fromEntries(changed) : undefined;
}

/** Equality as OVSDB sees it: sets have no order; an absent optional value is an empty set. */
function sameValue(wanted: Resolved | undefined, present: ObservedColumns[string]): boolean {
  if (Array.isArray(wanted)) {
    const values = Array.isArray(present) ? present : present === undefined ? [] : [present];
    const set = new Set<unknown>(values);
    const own = new Set<unknown>(wanted);
    return set.size === own.size && [...own].every((value) => set.has(value));
  }
  if (typeof wanted === 'object' && wanted !== null) {
    const map = (present ?? {}) as Readonly<Record<string, Atom>>;
    const keys = Object.keys(wanted);
    return (
      keys.length === Object.keys(map).length &&
      keys.every((key) => (wanted as Readonly<Record<string, Atom>>)[key] === map[key])
    );
  }
  return wanted === present;
}
