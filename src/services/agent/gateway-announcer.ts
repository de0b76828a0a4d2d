/**
 * Gateways that have come to this node: says so on their VLAN at once. OVN itself waits a second with that, and until then switches send what comes
 * in to where the gateway was.
 *
 *   Southbound: port cr-<router port> is bound here ──> its MAC and addresses, its VLAN ──> a frame into the bridge, as if OVN had sent it
 */
import { randomInt } from 'node:crypto';
import { gratuitous, lesson } from '../../core/external/gratuitous.ts';
import { localnetPatchName } from '../../core/ovn/names.ts';
import type { SouthboundTables } from '../../core/ovn/generated/sb.ts';
import { messageOf } from '../../lib/error/message.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { type Ip, parseIp } from '../../lib/netaddr/ip.ts';
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

interface Address {
  /** port cr-<router port> */
  readonly gateway: string;
  readonly mac: string;
  readonly ip: Ip;
  /** VLAN ID; 0 for none */
  readonly tag: number;
  readonly bridge: string;
  /** of the bridge towards br-int */
  readonly port: string;
}

/** in external_ids of what is ours */
const VENDOR = 'kube-ovn';
/** milliseconds after a gateway has come: a frame may be lost, and the flows behind it may still be on their way */
const REPEATS = [0, 15, 40, 80, 150, 300, 600, 1000];

export class GatewayAnnouncer {
  readonly #options: GatewayAnnouncerOptions;
  readonly #session: OvsdbSession<SouthboundTables>;
  /** gateway ports that are here */
  #here: ReadonlySet<string> = new Set();
  /** addresses of the gateways that are here, `<port> <MAC> <address>` */
  #announced: ReadonlyMap<string, Address> = new Map();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: GatewayAnnouncerOptions) {
    this.#options = options;
    this.#session = new OvsdbSession<SouthboundTables>({
      remote: options.remote,
      database: 'OVN_Southbound',
      monitor: {
        Port_Binding: {
          columns: ['logical_port', 'type', 'chassis', 'datapath', 'tag', 'nat_addresses', 'options', 'external_ids'],
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
        this.#announced = this.#addresses(this.#here);
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
    const come = new Set([...now].filter((port) => !this.#here.has(port)));
    const gone = [...this.#here].some((port) => !now.has(port));
    const stayed = new Set([...now].filter((port) => this.#here.has(port)));
    this.#here = now;
    if (come.size > 0 || gone) this.#options.onGateways();
    const before = this.#announced;
    this.#announced = this.#addresses(now);
    this.#repeat(() => [
      // where the MAC of a gateway is now counts, not how many addresses it has
      ...firstOfFamily(this.#addresses(come).values()),
      // who had an address of a gateway before had it with another MAC, perhaps
      ...[...this.#addresses(stayed)].flatMap(([key, address]) => (before.has(key) ? [] : [address])),
    ]);
  }

  /** @param which is asked anew each time: gateways go too */
  #repeat(which: () => readonly Address[]): void {
    if (which().length === 0) return;
    for (const delay of REPEATS) {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        void this.#announce(which().filter(({ gateway }) => this.#here.has(gateway)));
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
  async #announce(addresses: readonly Address[]): Promise<void> {
    for (const [port, group] of Map.groupBy(addresses, (address) => address.port)) {
      const ofport = this.#options.local.interface(port)?.ofport;
      if (ofport === undefined || ofport < 0) continue;
      const { bridge } = group[0]!;
      const frames = [
        // caches of switches know the others from the time before
        ...[...new Map(group.map((one) => [one.mac, one])).values()].map(({ mac, tag }) =>
          lesson(mac, tag, randomInt(2 ** 32)),
        ),
        ...group.map(({ ip, mac, tag }) => gratuitous(ip, mac, tag)),
      ];
      try {
        // ovs-ofctl(8): packet-out SWITCH IN_PORT ACTIONS PACKET...
        await run(['ovs-ofctl', 'packet-out', bridge, String(ofport), 'NORMAL', ...frames], { deadline: 5 });
      } catch (error) {
        this.#options.log(`announcing gateways on ${bridge}: ${messageOf(error)}`);
      }
    }
  }

  /** what these gateways answer for on their VLANs */
  #addresses(gateways: ReadonlySet<string>): ReadonlyMap<string, Address> {
    const found = new Map<string, Address>();
    if (gateways.size === 0) return found;
    const rows = [...this.#rows('Port_Binding')];
    const localnets = new Map(rows.flatMap((row) => (row.type === 'localnet' ? [[row.datapath, row] as const] : [])));
    for (const { nat_addresses: texts, datapath, external_ids: ids } of rows) {
      // routers of others are theirs to announce
      if (ids['vendor'] !== VENDOR) continue;
      const localnet = localnets.get(datapath);
      const provider = localnet?.options['network_name'];
      if (!localnet || provider === undefined) continue;
      for (const text of texts) {
        // MAC, addresses, is_chassis_resident("cr-<router port>") (ovn-sb(5), Port_Binding nat_addresses)
        const gateway = /is_chassis_resident\("(.+)"\)\s*$/.exec(text)?.[1];
        if (gateway === undefined || !gateways.has(gateway)) continue;
        const [mac = '', ...words] = text.split(' ');
        const place = { gateway, mac, tag: localnet.tag ?? 0, bridge: `br-${provider}` };
        for (const word of words) {
          const ip = attempt(() => parseIp(word));
          if (ip)
            found.set(`${gateway} ${mac} ${word}`, { ...place, ip, port: localnetPatchName(localnet.logical_port) });
        }
      }
    }
    return found;
  }

  #rows<T extends 'Chassis' | 'Port_Binding'>(table: T) {
    return this.#session.cache.table(table).rows.values();
  }
}

/** one address of each family of each gateway */
function firstOfFamily(addresses: Iterable<Address>): readonly Address[] {
  const first = new Map<string, Address>();
  for (const address of addresses) {
    const key = `${address.gateway} ${address.ip.family}`;
    if (!first.has(key)) first.set(key, address);
  }
  return [...first.values()];
}
