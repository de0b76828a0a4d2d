/**
 * BFD to physical routers: of several next hops of one prefix in external subnets, OVN leaves out those that do not answer (ovn-nb(5), BFD). A next hop that is alone is not watched: while its
 * session is down, its route would be gone, and nothing would be better for it.
 */
import { formatIp, type Ip } from '../../lib/netaddr/ip.ts';
import type { RowRef } from '../ovn/row.ts';
import type { Emit } from './rule.ts';
import type { External } from './vpc-external.ts';

/** milliseconds, and how many of them without a packet are a failure: with Kube-OVN's 100 ms sessions of OVN flap, its controller does not send as regularly */
const SESSION = { min_tx: 150, min_rx: 150, detect_mult: 3 };

export class BfdSessions {
  readonly #emit: Emit;
  readonly #emitted = new Set<string>();

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  get size(): number {
    return this.#emitted.size;
  }

  /** The session that watches a next hop. */
  with({ port }: External, nextHop: Ip): RowRef {
    const address = formatIp(nextHop);
    const key = `${port}/${address}`;
    if (!this.#emitted.has(key))
      this.#emit.row('BFD', key, {
        logical_port: port,
        dst_ip: address,
        ...SESSION,
        external_ids: { vendor: 'kube-ovn' },
      });
    this.#emitted.add(key);
    return { table: 'BFD', key };
  }
}
