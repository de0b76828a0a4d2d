/**
 * Gateways that have come to this node: says so on their VLAN at once. OVN itself waits a second with that, and until then switches send what comes
 * in to where the gateway was.
 *
 *   Southbound: port cr-<router port> is bound here ──> its MAC and addresses, its VLAN ──> a frame into the bridge, as if OVN had sent it
 */
import { gratuitous } from '../../core/external/gratuitous.ts';
import { localnetPatchName } from '../../core/ovn/names.ts';
import type { SouthboundTables } from '../../core/ovn/generated/sb.ts';
import { messageOf } from '../../lib/error/message.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { parseIp } from '../../lib/netaddr/ip.ts';
import { OvsdbSession } from '../../lib/ovsdb/session.ts';
import { run } from '../../lib/proc/run.ts';
import type { LocalSwitch } from './local-switch.ts';

export interface GatewayAnnouncerOptions {
  /** Southbound database */
  readonly remote: string;
  readonly node: string;
  readonly local: LocalSwitch;
  /** gateways that this node carries are others now */
  readonly onGateways: () => void;
  readonly log: (sentence: string) => void;
}

/** milliseconds after a gateway has come: a frame may be lost, and the flows behind it may still be on their way */
const REPEATS = [0, 50, 200, 1000];

export class GatewayAnnouncer {
  readonly #options: GatewayAnnouncerOptions;
  readonly #session: OvsdbSession<SouthboundTables>;
  /** gateway ports that are here */
  #here: ReadonlySet<string> = new Set();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: GatewayAnnouncerOptions) {
    this.#options = options;
    this.#session = new OvsdbSession<SouthboundTables>({
      remote: options.remote,
      database: 'OVN_Southbound',
      monitor: {
        Port_Binding: {
          columns: ['logical_port', 'type', 'chassis', 'datapath', 'tag', 'nat_addresses', 'options'],
          // any of these (ovsdb-server(7), monitor_cond)
          where: [
            ['type', '==', 'chassisredirect'],
            ['type', '==', 'localnet'],
            ['nat_addresses', '!=', []],
          ],
        },
        Chassis: ['name'],
      },
      log: options.log,
    });
  }

  /** What is here at the start has been announced. */
  start(): void {
    void this.#session
      .ready()
      .then(() => {
        this.#here = this.#ports();
        this.#options.onGateways();
        this.#session.onUpdate(() => this.#look());
      })
      .catch((error: unknown) => this.#options.log(`gateways: ${messageOf(error)}`));
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#session.close();
  }

  /** router ports that this node carries, in order */
  gateways(): readonly string[] {
    return [...this.#here].map((port) => port.slice('cr-'.length)).toSorted();
  }

  #look(): void {
    const now = this.#ports();
    const come = [...now].filter((port) => !this.#here.has(port));
    const gone = [...this.#here].filter((port) => !now.has(port));
    this.#here = now;
    if (come.length + gone.length > 0) this.#options.onGateways();
    if (come.length === 0) return;
    for (const delay of REPEATS) {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        void this.#announce(come.filter((port) => this.#here.has(port)));
      }, delay);
      this.#timers.add(timer);
    }
  }

  #ports(): ReadonlySet<string> {
    const own = [...this.#rows('Chassis')].find(({ name }) => name === this.#options.node)?._uuid;
    if (own === undefined) return new Set();
    const bound = [...this.#rows('Port_Binding')].filter(
      ({ type, chassis }) => type === 'chassisredirect' && chassis === own,
    );
    return new Set(bound.map(({ logical_port: port }) => port));
  }

  /** One call for each VLAN: its port in the bridge is the same for all gateways there. */
  async #announce(ports: readonly string[]): Promise<void> {
    const frames = new Map<string, { readonly bridge: string; readonly frames: string[] }>();
    for (const { port, bridge, frame } of this.#frames(new Set(ports))) {
      const known = frames.get(port);
      if (known) known.frames.push(frame);
      else frames.set(port, { bridge, frames: [frame] });
    }
    for (const [port, { bridge, frames: list }] of frames) {
      const ofport = this.#options.local.interface(port)?.ofport;
      if (ofport === undefined || ofport < 0) continue;
      try {
        // ovs-ofctl(8): packet-out SWITCH IN_PORT ACTIONS PACKET...
        await run(['ovs-ofctl', 'packet-out', bridge, String(ofport), 'NORMAL', ...list], { deadline: 5 });
      } catch (error) {
        this.#options.log(`announcing gateways on ${bridge}: ${messageOf(error)}`);
      }
    }
  }

  *#frames(ports: ReadonlySet<string>) {
    const localnets = [...this.#rows('Port_Binding')].filter(({ type }) => type === 'localnet');
    for (const { nat_addresses: texts, datapath } of this.#rows('Port_Binding')) {
      const localnet = localnets.find((row) => row.datapath === datapath);
      const provider = localnet?.options['network_name'];
      if (!localnet || provider === undefined) continue;
      for (const text of texts) {
        // MAC, addresses, is_chassis_resident("cr-<router port>") (ovn-sb(5), Port_Binding nat_addresses)
        const resident = /is_chassis_resident\("(.+)"\)\s*$/.exec(text)?.[1];
        const [mac = '', ...addresses] = text.split(' ');
        const ips = addresses.flatMap((address) => attempt(() => parseIp(address)) ?? []);
        if (resident === undefined || !ports.has(resident)) continue;
        // one of each family: where the MAC is counts, not how many addresses it has
        for (const family of [4, 6] as const) {
          const ip = ips.find((each) => each.family === family);
          if (ip)
            yield {
              port: localnetPatchName(localnet.logical_port),
              bridge: `br-${provider}`,
              frame: gratuitous(ip, mac, localnet.tag ?? 0),
            };
        }
      }
    }
  }

  #rows<T extends 'Chassis' | 'Port_Binding'>(table: T) {
    return this.#session.cache.table(table).rows.values();
  }
}
