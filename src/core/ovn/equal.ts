/** Structural equality of plain data: atoms (bigint included), arrays, plain objects. Property order does not matter; an absent property equals an undefined one. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, index) => equal(item, b[index]))
    );
  }
  return (
    covers(a as Record<string, unknown>, b as Record<string, unknown>) &&
    covers(b as Record<string, unknown>, a as Record<string, unknown>)
  );
}

function covers(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  for (const key of Object.keys(a)) if (!equal(a[key], Object.hasOwn(b, key) ? b[key] : undefined)) return false;
  return true;
}
