/** The first packet to a new tunnel peer waits for ARP and is lost: the agent sends it, so that no guest has to. */
import { run } from '../../lib/proc/run.ts';
import type { LocalSwitch } from './local-switch.ts';

const TUNNELS: ReadonlySet<string> = new Set(['geneve', 'vxlan']);

export class Peers {
  readonly #local: LocalSwitch;
  readonly #known = new Set<string>();

  constructor(local: LocalSwitch) {
    this.#local = local;
  }

  /** Reaches the peers that have come since the last call, in the background. */
  greet(): void {
    const present = new Set<string>();
    for (const { type, options } of this.#local.session.cache.table('Interface').rows.values()) {
      const address = options['remote_ip'];
      if (TUNNELS.has(type) && address !== undefined) present.add(address);
    }
    for (const address of this.#known) if (!present.has(address)) this.#known.delete(address);
    for (const address of present) {
      if (this.#known.has(address)) continue;
      this.#known.add(address);
      // a peer that is down answers nothing; it greets us when it comes
      run(['ping', '-c', '1', '-W', '2', address], { deadline: 5 }).catch(() => undefined);
    }
  }
}
