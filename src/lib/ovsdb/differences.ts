// What a `modify` update means for sets and maps: ovsdb-server(7), 4.1.14 "Update2 Notification", <row2>.
import { emptyMap } from './notation.ts';
import type { MapValue, SetValue } from './notation.ts';

/** The difference of two sets is what is in exactly one of them. `old` and `difference` are sorted, as is the result. */
export function applySetDifference(old: SetValue, difference: SetValue): SetValue {
  if (old.length === 0) return difference;
  const elements = old.slice();
  for (const element of difference) {
    const at = firstNotBelow(elements, element);
    if (elements[at] === element) elements.splice(at, 1);
    else elements.splice(at, 0, element);
  }
  return elements;
}

function firstNotBelow(sorted: SetValue, element: string | number | boolean): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < element) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A key with the value that it has already is a deletion; any other entry is the new value of its key. */
export function applyMapDifference(old: MapValue, difference: MapValue): MapValue {
  const map = emptyMap();
  for (const key of Object.keys(old)) if (old[key] !== difference[key]) map[key] = difference[key] ?? old[key]!;
  for (const key of Object.keys(difference)) if (old[key] === undefined) map[key] = difference[key]!;
  return map;
}
