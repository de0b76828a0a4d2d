/**
 * The first packet to a new tunnel peer waits for ARP and is lost: the agent sends it, so that no guest has to. A peer that does not answer is
 * asked again until it does, or is no peer any more.
 */
import { run } from '../../lib/proc/run.ts';
import type { LocalSwitch } from './local-switch.ts';

const TUNNELS: ReadonlySet<string> = new Set(['geneve', 'vxlan']);
const RETRY_MS = 500;

export class Peers {
  readonly #local: LocalSwitch;
  /** peers that answered, or are being asked */
  #known = new Set<string>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(local: LocalSwitch) {
    this.#local = local;
  }

  /** Reaches the peers that have come since the last call, in the background. */
  greet(): void {
    const present = this.#present();
    for (const address of this.#known) if (!present.has(address)) this.#known.delete(address);
    for (const address of present) {
      if (this.#known.has(address)) continue;
      this.#known.add(address);
      void this.#ask(address);
    }
  }

  /** The switch was started anew and knows no neighbour any more. */
  forget(): void {
    this.#known = new Set();
    this.greet();
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  async #ask(address: string): Promise<void> {
    const asked = this.#known;
    try {
      await run(['ping', '-c', '1', '-W', '1', address], { deadline: 5 });
    } catch {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        if (asked === this.#known && asked.has(address)) void this.#ask(address);
      }, RETRY_MS);
      this.#timers.add(timer);
    }
  }

  #present(): Set<string> {
    const present = new Set<string>();
    for (const { type, options } of this.#local.session.cache.table('Interface').rows.values()) {
      const address = options['remote_ip'];
      if (TUNNELS.has(type) && address !== undefined) present.add(address);
    }
    return present;
  }
}
