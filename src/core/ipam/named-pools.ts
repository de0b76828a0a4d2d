/** Addresses of one subnet that are set aside under names: only who asks for a pool, or whose namespace is bound to it, gets them. */
import { IntervalSet } from '../../lib/netaddr/interval-set.ts';
import { type Family, formatIp, type Ip } from '../../lib/netaddr/ip.ts';
import type { IpRange } from '../../lib/netaddr/range.ts';
import { AllocationError } from './allocation-error.ts';

export interface NamedPool {
  readonly ranges: readonly IpRange[];
  /** namespaces that get their addresses from here, and from nowhere else; empty: whoever asks */
  readonly namespaces: readonly string[];
}

interface Entry {
  readonly sets: ReadonlyMap<Family, IntervalSet>;
  readonly namespaces: readonly string[];
}

export class NamedPools {
  readonly #entries = new Map<string, Entry>();
  readonly #all = new Map<Family, IntervalSet>();

  /** @throws AllocationError when another pool has some of the addresses */
  set(name: string, { ranges, namespaces }: NamedPool): void {
    const sets = new Map(([4, 6] as const).map((family) => [family, setOf(ranges, family)]));
    for (const [other, entry] of this.#entries) {
      if (other === name) continue;
      for (const [family, set] of sets) {
        const common = set.lowestIn(entry.sets.get(family)!);
        if (common !== undefined)
          throw new AllocationError(
            'AddressReserved',
            `${formatIp({ family, value: common })} is in IPPool ${other} too: pools of one subnet must not overlap`,
          );
      }
    }
    this.#entries.set(name, { sets, namespaces });
    this.#gather();
  }

  delete(name: string): void {
    this.#entries.delete(name);
    this.#gather();
  }

  addresses(name: string, family: Family): IntervalSet | undefined {
    return this.#entries.get(name)?.sets.get(family);
  }

  /** addresses of all pools */
  all(family: Family): IntervalSet {
    return this.#all.get(family) ?? NONE;
  }

  has(family: Family, value: bigint): boolean {
    return this.all(family).has(value);
  }

  boundTo(namespace: string): readonly string[] {
    return [...this.#entries]
      .filter(([, { namespaces }]) => namespaces.includes(namespace))
      .map(([name]) => name)
      .toSorted();
  }

  /** the pool that has an address and is for other namespaces */
  closedTo(
    { family, value }: Ip,
    namespace: string | undefined,
  ): { readonly name: string; readonly namespaces: readonly string[] } | undefined {
    for (const [name, { sets, namespaces }] of this.#entries)
      if (namespaces.length > 0 && sets.get(family)!.has(value) && !namespaces.includes(namespace ?? ''))
        return { name, namespaces };
    return undefined;
  }

  #gather(): void {
    for (const family of [4, 6] as const) {
      const union = new IntervalSet();
      for (const { sets } of this.#entries.values())
        for (const { first, last } of sets.get(family)!.intervals) union.add(first, last);
      this.#all.set(family, union);
    }
  }
}

const NONE = new IntervalSet();

function setOf(ranges: readonly IpRange[], wanted: Family): IntervalSet {
  return new IntervalSet(ranges.filter(({ family }) => family === wanted));
}
