import type { Compiler } from '../engine.ts';
import type { KindName } from '../world.ts';

/** Everything that a compiler says, in an order of its own: equal dumps mean equal results. */
export function dump(compiler: Compiler): unknown {
  const rows = [...compiler.rows.ids()]
    .toSorted()
    .map((id) => [id, canonical(compiler.rows.columns(id))] as const)
    .filter(([, columns]) => columns !== undefined);
  const kinds: KindName[] = ['Vpc', 'VpcPeering', 'Subnet', 'IP', 'ClusterNetwork', 'Vip', 'SwitchLBRule'];
  const issues = kinds.flatMap((kind) =>
    [...compiler.world.all(kind)].map(([key]) => [`${kind}/${key}`, compiler.issues(kind, key)] as const),
  );
  return { rows, issues: issues.toSorted(([a], [b]) => (a < b ? -1 : 1)) };
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value))
    return value.map(canonical).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, canonical(item)]),
  );
}
