/**
 * Where OVN has ports of machines that move, read from the Southbound database: one observation per machine out. Only ports that are on more than
 * one node are followed, so that a database of many ports costs next to nothing.
 */
import type { Change, ReadonlyWorld } from '../../core/compile/world.ts';
import { isHeldBySource, type PortsBound } from '../../core/migration/port-pin.ts';
import type { SouthboundTables } from '../../core/ovn/generated/sb.ts';
import { equal } from '../../core/ovn/equal.ts';
import { OvsdbSession } from '../../lib/ovsdb/session.ts';

export type SouthboundSession = OvsdbSession<SouthboundTables>;

/** A session that follows what this file needs. */
export function southboundSession(remote: string, log?: (sentence: string) => void): SouthboundSession {
  return new OvsdbSession<SouthboundTables>({
    remote,
    database: 'OVN_Southbound',
    monitor: {
      Port_Binding: {
        columns: [
          'logical_port',
          'type',
          'chassis',
          'additional_chassis',
          'ha_chassis_group',
          'options',
          'external_ids',
        ],
        // any of these (ovsdb-server(7), monitor_cond): ports that move, gateways, and what their networks are
        where: [
          ['additional_chassis', '!=', []],
          ['type', '==', 'chassisredirect'],
          ['type', '==', 'localnet'],
        ],
      },
      Chassis: ['name'],
      HA_Chassis: ['chassis', 'priority'],
      HA_Chassis_Group: ['name', 'ha_chassis'],
      // what OVN's health checks see
      Service_Monitor: ['ip', 'port', 'protocol', 'logical_port', 'status'],
    },
    ...(log ? { log } : {}),
  });
}

export interface PortBindingsOptions {
  readonly session: SouthboundSession;
  readonly world: ReadonlyWorld;
  /** machine (`namespace/name`) of a port */
  machineOf(port: string): string | undefined;
  /** Machines of which something else is seen, and ports that have come to be on two nodes, or are no longer. */
  onChange(machines: ReadonlySet<string>, ports: ReadonlySet<string>): void;
}

type BoundChange = Extract<Change, { readonly kind: 'PortsBound' }>;

/** milliseconds in which the source lets go: its pod has ended, its interface goes */
const RELEASE_DEADLINE = 5000;
/** milliseconds for which a start waits for the database */
const START_DEADLINE = 2000;

export class PortBindings {
  readonly #options: PortBindingsOptions;
  /** machine -> as it is now */
  #seen = new Map<string, PortsBound>();
  /** machines whose source is waited for; no timer: it was waited for long enough */
  readonly #waits = new Map<string, NodeJS.Timeout | undefined>();
  #unsubscribe: (() => void) | undefined;

  constructor(options: PortBindingsOptions) {
    this.#options = options;
  }

  /** Begins to follow, once the objects are known that ports belong to. A database that does not answer is not waited for long. */
  async start(): Promise<void> {
    const { session } = this.#options;
    await session.ready(AbortSignal.timeout(START_DEADLINE)).catch(() => undefined);
    this.#group();
    this.#unsubscribe = session.onUpdate(({ Port_Binding: rows = [] }) => {
      const moving = rows.filter(({ old, new: row }) => isMoving(old) || isMoving(row));
      const ports = new Set(moving.map(({ old, new: row }) => (row ?? old)!.logical_port));
      this.#group();
      const machines = [...ports].flatMap((port) => this.#options.machineOf(port) ?? []);
      if (ports.size > 0) this.#options.onChange(new Set(machines), ports);
    });
  }

  stop(): void {
    this.#unsubscribe?.();
    for (const timer of this.#waits.values()) clearTimeout(timer);
  }

  /** ports that are on more than one node */
  ports(): ReadonlySet<string> {
    return new Set([...this.#rows()].map(({ logical_port: port }) => port));
  }

  machines(): ReadonlySet<string> {
    return new Set(this.#seen.keys());
  }

  /** What is seen of machines and is not what the world has. */
  changes(machines: ReadonlySet<string>): readonly BoundChange[] {
    return [...machines]
      .map((key): BoundChange => ({ kind: 'PortsBound', key, object: this.#boundOf(key) }))
      .filter(({ key, object }) => !equal(this.#options.world.get('PortsBound', key), object));
  }

  /** The world has taken in what was seen: whom to wait for follows. */
  settle(machines: ReadonlySet<string>): void {
    for (const key of machines) {
      const placement = this.#options.world.get('Placement', key);
      const isHeld = placement !== undefined && isHeldBySource(placement, this.#seen.get(key));
      if (!isHeld) this.#forget(key);
      else if (!this.#waits.has(key)) this.#waits.set(key, this.#timer(key));
    }
  }

  #timer(key: string): NodeJS.Timeout {
    return setTimeout(() => {
      this.#waits.set(key, undefined);
      const ports = [...this.ports()].filter((port) => this.#options.machineOf(port) === key);
      this.#options.onChange(new Set([key]), new Set(ports));
    }, RELEASE_DEADLINE).unref();
  }

  #forget(key: string): void {
    clearTimeout(this.#waits.get(key));
    this.#waits.delete(key);
  }

  #boundOf(key: string): PortsBound | undefined {
    const seen = this.#seen.get(key);
    const isLate = this.#waits.has(key) && this.#waits.get(key) === undefined;
    return seen && isLate ? { ...seen, late: true } : seen;
  }

  #rows() {
    return [...this.#options.session.cache.table('Port_Binding').rows.values()].filter(isMoving);
  }

  #group(): void {
    const names = this.#options.session.cache.table('Chassis').rows;
    const grouped = new Map<string, { readonly chassis: Set<string>; readonly additional: Set<string> }>();
    for (const { logical_port: port, chassis, additional_chassis: additional } of this.#rows()) {
      const machine = this.#options.machineOf(port);
      if (machine === undefined) continue;
      const group = grouped.get(machine) ?? { chassis: new Set(), additional: new Set() };
      grouped.set(machine, group);
      const name = (uuid: string) => names.get(uuid)?.name ?? uuid;
      if (chassis !== undefined) group.chassis.add(name(chassis));
      for (const uuid of additional) group.additional.add(name(uuid));
    }
    const listed = (set: Set<string>) => [...set].toSorted();
    this.#seen = new Map(
      [...grouped].map(([machine, { chassis, additional }]) => [
        machine,
        { chassis: listed(chassis), additional: listed(additional) },
      ]),
    );
  }
}

function isMoving(row: Pick<SouthboundTables['Port_Binding'], 'additional_chassis'> | undefined): boolean {
  return (row?.additional_chassis ?? []).length > 0;
}
