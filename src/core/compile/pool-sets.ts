import { attempt } from '../../lib/netaddr/error.ts';
import type { Family } from '../../lib/netaddr/ip.ts';
import { parseRange } from '../../lib/netaddr/range.ts';
import type { IpPool } from '../../kinds/ip-pool.ts';
import type { PoolSets } from '../access/user-match.ts';
import type { Read } from './rule.ts';
import type { ReadonlyWorld } from './world.ts';

/** Address sets of IPPools, for matches that name them: as a rule sees them. */
export function poolSetsRead(read: Read): PoolSets {
  return (set) =>
    familiesOfAll(read.keys('IPPool', 'addressSet', set).map((pool) => read.get('IPPool', pool, familiesOf) ?? []));
}

/** the same, as the door sees them */
export function poolSetsAmong(neighbours: ReadonlyWorld): PoolSets {
  return (set) =>
    familiesOfAll(
      neighbours.keys('IPPool', 'addressSet', set).map((name) => {
        const pool = neighbours.get('IPPool', name);
        return pool ? familiesOf(pool) : [];
      }),
    );
}

function familiesOfAll(pools: readonly (readonly Family[])[]): readonly Family[] | undefined {
  return pools.length === 0 ? undefined : sorted(pools.flat());
}

function familiesOf({ spec }: IpPool): readonly Family[] {
  const found = (spec?.ips ?? []).flatMap((text) => attempt(() => parseRange(text).family) ?? []);
  return sorted(found);
}

function sorted(families: readonly Family[]): readonly Family[] {
  return ([4, 6] as const).filter((family) => families.includes(family));
}
