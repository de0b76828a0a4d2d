/** The addresses of one prefix: which are free, which are held back, which are in use and by whom. */
import { type Cidr, cidrContains, formatCidr, usableBounds } from '../../lib/netaddr/cidr.ts';
import { IntervalSet } from '../../lib/netaddr/interval-set.ts';
import { type Family, formatIp, type Ip } from '../../lib/netaddr/ip.ts';
import type { IpRange } from '../../lib/netaddr/range.ts';

export interface PoolUsage {
  /** addresses that can still be given by themselves */
  readonly available: bigint;
  readonly availableRange: string;
  /** addresses in use outside the excluded ranges */
  readonly using: bigint;
  readonly usingRange: string;
}

export type TakeFailure =
  | { readonly reason: 'AddressOutOfRange'; readonly cidr: string }
  | { readonly reason: 'AddressReserved'; readonly by: 'gateway' }
  | { readonly reason: 'AddressInUse'; readonly owner: string };

/** where an address is looked for */
export interface Limits {
  readonly within?: IntervalSet;
  readonly without?: IntervalSet;
}

export class Pool {
  readonly cidr: Cidr;
  readonly gateway: bigint | undefined;
  readonly #excluded = new IntervalSet();
  /** never given since the pool was made: the lowest is given first */
  readonly #fresh: IntervalSet;
  /** given once and freed: given again only when nothing is fresh, the longest free first */
  readonly #released = new Set<bigint>();
  readonly #owners = new Map<bigint, string>();

  constructor(cidr: Cidr, gateway: bigint | undefined, excluded: readonly IpRange[]) {
    this.cidr = cidr;
    this.gateway = gateway;
    const { first, last } = usableBounds(cidr);
    this.#fresh = new IntervalSet([{ first, last }]);
    for (const range of excluded) {
      if (range.family !== cidr.family) continue;
      this.#excluded.add(range.first, range.last);
      this.#fresh.remove(range.first, range.last);
    }
    if (gateway !== undefined) {
      this.#excluded.add(gateway);
      this.#fresh.remove(gateway);
    }
  }

  get family(): Family {
    return this.cidr.family;
  }

  /** the address that would be given next: inside of `within`, or outside of `without` */
  next({ within, without }: Limits = {}): bigint | undefined {
    if (!within && (!without || without.isEmpty)) return this.#fresh.lowest ?? this.#released.values().next().value;
    const fresh = within ? this.#fresh.lowestIn(within) : this.#fresh.lowestOutside(without!);
    if (fresh !== undefined) return fresh;
    for (const address of this.#released) if (within ? within.has(address) : !without!.has(address)) return address;
    return undefined;
  }

  isFree(address: bigint): boolean {
    return this.#fresh.has(address) || this.#released.has(address);
  }

  owner(address: bigint): string | undefined {
    return this.#owners.get(address);
  }

  /** Takes an address for `owner`; taking one's own again is fine. */
  take(ip: Ip, owner: string): TakeFailure | undefined {
    const { first, last } = usableBounds(this.cidr);
    if (!cidrContains(this.cidr, ip) || ip.value < first || ip.value > last)
      return { reason: 'AddressOutOfRange', cidr: formatCidr(this.cidr) };
    if (ip.value === this.gateway) return { reason: 'AddressReserved', by: 'gateway' };
    const holder = this.#owners.get(ip.value);
    if (holder !== undefined && holder !== owner) return { reason: 'AddressInUse', owner: holder };
    this.#owners.set(ip.value, owner);
    this.#fresh.remove(ip.value);
    this.#released.delete(ip.value);
    return undefined;
  }

  /** Gives an address back; only its owner can. */
  release(address: bigint, owner: string): void {
    if (this.#owners.get(address) !== owner) return;
    this.#owners.delete(address);
    if (!this.#excluded.has(address)) this.#released.add(address);
  }

  /** @param within only these addresses are counted */
  usage(within?: IntervalSet): PoolUsage {
    const all = new IntervalSet(this.#fresh.intervals);
    for (const address of this.#released) all.add(address);
    const available = within ? all.intersection(within) : all;
    const using = new IntervalSet();
    for (const address of this.#owners.keys())
      if (!this.#excluded.has(address) && (!within || within.has(address))) using.add(address);
    return {
      available: available.size,
      availableRange: this.#text(available),
      using: using.size,
      usingRange: this.#text(using),
    };
  }

  /** Kube-OVN's spelling of ranges in a subnet's status: `10.0.0.2-10.0.0.9,10.0.0.11` */
  #text(set: IntervalSet): string {
    const text = (value: bigint) => formatIp({ family: this.family, value });
    return set.intervals
      .map(({ first, last }) => (first === last ? text(first) : `${text(first)}-${text(last)}`))
      .join(',');
  }
}
