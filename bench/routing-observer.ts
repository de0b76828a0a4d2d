/** Watches the Northbound database for what an edit of routing or of who may talk brings, and for switches and routers. */
import type { NorthboundTables } from '../src/core/ovn/generated/nb.ts';
import { OvsdbSession } from '../src/lib/ovsdb/session.ts';

type Row = Readonly<Record<string, unknown>>;

export class RoutingObserver implements AsyncDisposable {
  readonly session: OvsdbSession<NorthboundTables>;
  /** when a switch, router or router port was seen for the last time, of performance.now() */
  lastPart = 0;
  readonly #waiting = new Map<string, (at: number) => void>();

  private constructor(remote: string) {
    this.session = new OvsdbSession<NorthboundTables>({
      remote,
      database: 'OVN_Northbound',
      monitor: {
        Logical_Router: ['name'],
        Logical_Router_Port: ['name'],
        Logical_Switch: ['name'],
        Logical_Router_Static_Route: ['ip_prefix'],
        Logical_Router_Policy: ['match'],
        ACL: ['match'],
        Address_Set: ['name', 'addresses'],
      },
    });
    this.session.onUpdate((updates) => {
      const now = performance.now();
      for (const [table, changes] of Object.entries(updates))
        for (const { old, new: row } of changes as unknown as readonly { readonly old?: Row; readonly new?: Row }[]) {
          if (row && !old && row['name'] !== undefined && table !== 'Address_Set') this.lastPart = now;
          if (row) this.#look(row, now);
        }
    });
  }

  static async start(remote: string): Promise<RoutingObserver> {
    const observer = new RoutingObserver(remote);
    await observer.session.ready();
    return observer;
  }

  /** Resolves, with the time, when a row comes that says something of this prefix. */
  says(prefix: string): Promise<number> {
    return new Promise((resolve) => this.#waiting.set(prefix, resolve));
  }

  #look({ ip_prefix: route = '', match = '', addresses = [] }: Row, now: number): void {
    for (const [prefix, resolve] of this.#waiting) {
      if (route !== prefix && !String(match).includes(prefix) && !(addresses as readonly string[]).includes(prefix))
        continue;
      this.#waiting.delete(prefix);
      resolve(now);
    }
  }

  count(table: 'Logical_Router' | 'Logical_Router_Port' | 'Logical_Switch'): number {
    return this.session.cache.table(table).size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.close();
  }
}
