/**
 * Who owns which field: a part has fields that its VirtualNetwork says, and others that are its users' (access control lists, excluded
 * addresses, routes of a VPC ...). What was said last stands in an annotation of the part, so that a field that is no longer said can be taken
 * back, and everything else is left alone (the three-way merge of `kubectl apply`).
 */
import { equal } from '../ovn/equal.ts';
import type { Fields } from './parts.ts';

/** annotation of a part: the fields that the VirtualNetwork said when it was last written, as JSON */
export const APPLIED = 'network.harvesterhci.io/applied';

/** annotation of a part that was there before: it stays when its network goes */
export const ADOPTED = 'network.harvesterhci.io/adopted';

/** nothing, false, 0, "" and empty lists leave a field unset */
export function isSet(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

/** The merge patch (RFC 7396) that makes an object say what is wanted; undefined when it does. */
export function fieldPatch(live: object, wanted: Fields, applied: Fields): Fields | undefined {
  const has = live as Fields;
  const patch: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(wanted))
    if (value === null ? isSet(has[name]) : !equal(has[name] ?? false, value ?? false)) patch[name] = value;
  for (const name of Object.keys(applied))
    if (!Object.hasOwn(wanted, name) && has[name] !== undefined) patch[name] = null;
  return Object.keys(patch).length > 0 ? patch : undefined;
}

/**
 * A list to which others may add: our items of old that are no longer wanted go, wanted ones come. The same array when nothing changes.
 * @param keyOf items with the same key say the same
 */
export function mergedItems<T>(
  live: readonly T[],
  wanted: readonly T[],
  applied: readonly T[],
  keyOf: (item: T) => string,
): readonly T[] {
  const [present, ours, former] = [live, wanted, applied].map((list) => new Set(list.map(keyOf)));
  const kept = live.filter((item) => ours!.has(keyOf(item)) || !former!.has(keyOf(item)));
  const missing = wanted.filter((item) => !present!.has(keyOf(item)));
  return kept.length === live.length && missing.length === 0 ? live : [...kept, ...missing];
}

/** Fields in an order that does not depend on who wrote them. */
export function printFields(fields: Fields): string {
  return JSON.stringify(Object.fromEntries(Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1))));
}

/** What an annotation says; nothing when somebody has spoiled it. */
export function parseFields(text: string | undefined): Fields {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
  } catch {
    return {};
  }
}
