/**
 * The first packet to a new tunnel peer waits for ARP and is lost: the agent sends it, so that no guest has to. A peer that does not answer is
 * asked again until it does, or is no peer any more.
 */
import { attempt } from '../../lib/netaddr/error.ts';
import { canonicalIp } from '../../lib/netaddr/ip.ts';
import { run } from '../../lib/proc/run.ts';
import type { LocalSwitch } from './local-switch.ts';

const TUNNELS: ReadonlySet<string> = new Set(['geneve', 'vxlan']);
const RETRY_MS = 500;

/** the part that is read of `ip -j route get` */
interface Hop {
  readonly dst: string;
  readonly gateway?: string;
  readonly dev: string;
}

export class Peers {
  readonly #local: LocalSwitch;
  readonly #userspace: boolean;
  /** peers that answered, or are being asked */
  #known = new Set<string>();
  readonly #timers = new Set<NodeJS.Timeout>();

  /** @param userspace the datapath keeps neighbours of its own */
  constructor(local: LocalSwitch, userspace: boolean) {
    this.#local = local;
    this.#userspace = userspace;
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
      if (this.#userspace) await forgetNeighbour(address);
      await run(['ping', '-c', '1', '-W', '1', address], { deadline: 5 });
    } catch {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        if (asked === this.#known && asked.has(address)) void this.#ask(address);
      }, RETRY_MS);
      this.#timers.add(timer);
    }
  }

  /** Addresses of tunnels that the switch has made. */
  #present(): Set<string> {
    const present = new Set<string>();
    for (const { type, options, ofport = -1 } of this.#local.session.cache.table('Interface').rows.values()) {
      const address = attempt(() => canonicalIp(options['remote_ip'] ?? ''));
      if (TUNNELS.has(type) && address !== undefined && ofport > 0) present.add(address);
    }
    return present;
  }
}

/**
 * A userspace datapath learns neighbours from ARP replies that it sees pass, and only while it has a tunnel; a kernel that knows the neighbour from
 * before would not ask again.
 */
async function forgetNeighbour(address: string): Promise<void> {
  const { stdout } = await run(['ip', '-j', 'route', 'get', address], { deadline: 5 });
  const [hop] = JSON.parse(stdout) as readonly Hop[];
  if (hop) await run(['ip', 'neigh', 'flush', 'to', hop.gateway ?? hop.dst, 'dev', hop.dev], { deadline: 5 });
}
