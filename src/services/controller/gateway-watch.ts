/**
 * Who carries gateways, as the Southbound database says, and which nodes have lost theirs: observations for the compiler. What was lost before a restart is
 * read back from the ranks in the Northbound database.
 */
import type { Change, GatewayCarrier, ReadonlyWorld } from '../../core/compile/world.ts';
import { isRankOfLost } from '../../core/external/gateways.ts';
import { type CarriedGroup, GatewayLosses } from '../../core/external/gateway-losses.ts';
import type { NorthboundTables } from '../../core/ovn/generated/nb.ts';
import { physicalNetworks } from '../../core/ovn/localnets.ts';
import { equal } from '../../core/ovn/equal.ts';
import { listed } from '../../core/text/listed.ts';
import type { OvsdbSession } from '../../lib/ovsdb/session.ts';
import type { SouthboundSession } from './port-bindings.ts';

export interface GatewayWatchOptions {
  readonly session: SouthboundSession;
  readonly northbound: OvsdbSession<NorthboundTables>;
  readonly world: ReadonlyWorld;
  readonly take: (changes: readonly Change[]) => void;
  readonly log: (sentence: string) => void;
}

/** milliseconds between two looks while time may change something */
const INTERVAL = 250;
const VENDOR = 'kube-ovn';

export class GatewayWatch {
  readonly #options: GatewayWatchOptions;
  #losses = new GatewayLosses([], 0);
  #unsubscribe: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: GatewayWatchOptions) {
    this.#options = options;
  }

  /** The sessions are ready. @returns what is seen now */
  start(): readonly Change[] {
    const { northbound, session } = this.#options;
    const ranks = [...northbound.cache.table('HA_Chassis').rows.values()].filter(
      ({ external_ids: ids, priority }) => ids['vendor'] === VENDOR && isRankOfLost(priority),
    );
    this.#losses = new GatewayLosses(new Set(ranks.map(({ chassis_name: node }) => node)), performance.now());
    this.#unsubscribe = session.onUpdate(({ Port_Binding: ports, HA_Chassis: ranked, HA_Chassis_Group: groups }) => {
      if (ports ?? ranked ?? groups) this.#look();
    });
    return this.#changes();
  }

  /** Begins to act on what is seen. */
  live(): void {
    this.#look();
  }

  stop(): void {
    this.#unsubscribe?.();
    clearTimeout(this.#timer);
  }

  #look(): void {
    const changes = this.#changes();
    if (changes.length > 0) this.#options.take(changes);
    clearTimeout(this.#timer);
    if (this.#losses.isWaiting) this.#timer = setTimeout(() => this.#look(), INTERVAL).unref();
  }

  /** What is seen and is not what the world has. */
  #changes(): readonly Change[] {
    const { world, log } = this.#options;
    const groups = this.#groups();
    const before = this.#losses.lost;
    this.#losses.look(groups, (node) => this.#isReached(node), performance.now());
    const { lost } = this.#losses;
    const come = [...lost].filter((node) => !before.has(node));
    if (come.length > 0) log(`gateways: others do not reach ${listed(come)} by tunnels: OVN has moved its gateways`);
    const gone = [...before].filter((node) => !lost.has(node));
    if (gone.length > 0) log(`gateways: ${listed(gone)} is reached again, and gets its gateways back`);
    const seen: readonly Change[] = [
      ...keysBut(world.all('GatewayLoss'), lost).map(
        (key): Change => ({ kind: 'GatewayLoss', key, object: undefined }),
      ),
      ...[...lost].map((key): Change => ({ kind: 'GatewayLoss', key, object: { lost: true } })),
      ...keysBut(world.all('GatewayCarrier'), new Set(groups.map(({ group }) => group))).map(
        (key): Change => ({ kind: 'GatewayCarrier', key, object: undefined }),
      ),
      ...groups.map(
        ({ group, provider, carriers, ranks }): Change => ({
          kind: 'GatewayCarrier',
          key: group,
          object: { provider, nodes: [...carriers].toSorted(), ranks },
        }),
      ),
    ];
    return seen.filter(({ kind, key, object }) => !equal(world.get(kind, key), object));
  }

  #groups(): readonly (CarriedGroup & Pick<GatewayCarrier, 'ranks' | 'provider'>)[] {
    const { cache } = this.#options.session;
    const nameOf = (uuid: string | undefined) => cache.table('Chassis').rows.get(uuid ?? '')?.name;
    const rows = [...cache.table('Port_Binding').rows.values()];
    const networks = physicalNetworks(rows);
    const ours = rows.filter(({ type, external_ids: ids }) => type === 'chassisredirect' && ids['vendor'] === VENDOR);
    const ports = Map.groupBy(ours, ({ ha_chassis_group: group }) => group ?? '');
    return [...ports].flatMap(([uuid, bound]) => {
      const group = cache.table('HA_Chassis_Group').rows.get(uuid);
      const members = (group?.ha_chassis ?? []).flatMap((member) => cache.table('HA_Chassis').rows.get(member) ?? []);
      const ranks = members
        .flatMap(({ chassis, priority }) => {
          const node = nameOf(chassis);
          return node === undefined ? [] : [{ node, priority }];
        })
        .toSorted((a, b) => b.priority - a.priority);
      const [first] = ranks;
      if (!group || !first) return [];
      const carriers = new Set(bound.flatMap(({ chassis }) => nameOf(chassis) ?? []));
      const provider = networks.get(bound[0]!.external_ids['ls'] ?? '') ?? '';
      return [{ group: group.name, provider, first: first.node, carriers, ranks }];
    });
  }

  /** as the other nodes say of it; undefined: nobody says */
  #isReached(node: string): boolean | undefined {
    const answers = [...this.#options.world.all('NodeUnderlay')].flatMap(([reporter, { networks = [] }]) =>
      reporter === node
        ? []
        : networks.flatMap(({ inUse, peers = [] }) =>
            // tunnels run over these
            inUse === true ? peers.filter((peer) => peer.node === node).map((peer) => peer.reachable) : [],
          ),
    );
    return answers.length === 0 ? undefined : answers.some(Boolean);
  }
}

function keysBut(objects: Iterable<readonly [string, unknown]>, kept: ReadonlySet<string>): readonly string[] {
  return [...objects].flatMap(([key]) => (kept.has(key) ? [] : [key]));
}
