import { type Cidr, cidrOf } from './cidr.ts';
import { type Ip, width } from './ip.ts';

/** Longest-prefix match: one map per prefix length, asked from the longest down. A lookup costs one step per length in use. */
export class PrefixTable<T> {
  readonly #lengths = new Map<string, Map<bigint, T>>();

  set(cidr: Cidr, value: T): void {
    const length = `${cidr.family}/${cidr.bits}`;
    let map = this.#lengths.get(length);
    if (!map) this.#lengths.set(length, (map = new Map<bigint, T>()));
    map.set(cidr.base, value);
  }

  delete(cidr: Cidr): void {
    const length = `${cidr.family}/${cidr.bits}`;
    const map = this.#lengths.get(length);
    map?.delete(cidr.base);
    if (map?.size === 0) this.#lengths.delete(length);
  }

  /** the value of the longest prefix that holds `ip` */
  lookup(ip: Ip): T | undefined {
    for (let bits = width(ip.family); bits >= 0; bits -= 1) {
      const map = this.#lengths.get(`${ip.family}/${bits}`);
      const base = cidrOf(ip, bits).base;
      if (map?.has(base)) return map.get(base);
    }
    return undefined;
  }
}
