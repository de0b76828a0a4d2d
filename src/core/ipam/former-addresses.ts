/** Which addresses an interface had before it was deleted: one of the same name that comes back gets them again if they are still free. */
import type { Family, Ip } from '../../lib/netaddr/ip.ts';

/** interfaces that are remembered, the latest deleted */
const MOST = 10_000;

export class FormerAddresses {
  readonly #addresses = new Map<string, readonly Ip[]>();

  remember(subnet: string, nic: string, ips: readonly Ip[]): void {
    const key = `${subnet}/${nic}`;
    this.#addresses.delete(key);
    this.#addresses.set(key, ips);
    if (this.#addresses.size > MOST) this.#addresses.delete(this.#addresses.keys().next().value!);
  }

  of(subnet: string, nic: string, family: Family): bigint | undefined {
    return this.#addresses.get(`${subnet}/${nic}`)?.find((ip) => ip.family === family)?.value;
  }
}
