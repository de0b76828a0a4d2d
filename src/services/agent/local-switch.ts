/** The local Open vSwitch database (ovs-vswitchd.conf.db(5)), as far as the agent reads and writes it. */
import { byUuid, type Operation } from '../../lib/ovsdb/operations.ts';
import { OvsdbSession } from '../../lib/ovsdb/session.ts';

export interface OpenVswitchRow {
  readonly bridges: readonly string[];
  readonly external_ids: Readonly<Record<string, string>>;
  readonly other_config: Readonly<Record<string, string>>;
}

export interface BridgeRow {
  readonly name: string;
  readonly ports: readonly string[];
  readonly datapath_type: string;
  readonly fail_mode?: string | undefined;
  readonly external_ids?: Readonly<Record<string, string>>;
}

export interface PortRow {
  readonly name: string;
  readonly interfaces: readonly string[];
}

export interface InterfaceRow {
  readonly name: string;
  readonly type: string;
  readonly options: Readonly<Record<string, string>>;
  readonly external_ids: Readonly<Record<string, string>>;
  readonly admin_state?: string | undefined;
  readonly error?: string | undefined;
  /** OpenFlow number; -1 when the device could not be opened */
  readonly ofport?: number | undefined;
}

export interface SwitchTables {
  readonly Open_vSwitch: OpenVswitchRow;
  readonly Bridge: BridgeRow;
  readonly Port: PortRow;
  readonly Interface: InterfaceRow;
}

export const INTEGRATION_BRIDGE = 'br-int';

export interface NewPort {
  readonly name: string;
  readonly externalIds: Readonly<Record<string, string>>;
}

export class LocalSwitch {
  readonly session: OvsdbSession<SwitchTables>;

  constructor(remote: string, log: (sentence: string) => void) {
    this.session = new OvsdbSession<SwitchTables>({
      remote,
      database: 'Open_vSwitch',
      monitor: {
        Open_vSwitch: ['bridges', 'external_ids', 'other_config'],
        Bridge: ['name', 'ports', 'datapath_type', 'fail_mode', 'external_ids'],
        Port: ['name', 'interfaces'],
        Interface: ['name', 'type', 'options', 'external_ids', 'admin_state', 'error', 'ofport'],
      },
      log,
    });
    this.session.cache.table('Interface').addIndex('iface-id', (row) => row.external_ids['iface-id']);
    this.session.cache.table('Interface').addIndex('name', (row) => row.name);
    this.session.cache.table('Port').addIndex('name', (row) => row.name);
    this.session.cache.table('Bridge').addIndex('name', (row) => row.name);
  }

  interface(name: string): InterfaceRow | undefined {
    return this.session.cache.table('Interface').find('name', name)[0];
  }

  /** the interfaces that were made for a pod */
  interfacesOf(namespace: string, pod: string): readonly InterfaceRow[] {
    return [...this.session.cache.table('Interface').rows.values()].filter(
      ({ external_ids: ids }) => ids['pod_namespace'] === namespace && ids['pod_name'] === pod,
    );
  }

  /** Puts a port on the integration bridge, in one transaction; another port with the same iface-id goes. Doing it again is fine. */
  async addPort({ name, externalIds }: NewPort): Promise<void> {
    const bridge = this.session.cache.table('Bridge').find('name', INTEGRATION_BRIDGE)[0];
    if (!bridge)
      throw new Error(`bridge ${INTEGRATION_BRIDGE} does not exist yet: the agent is still configuring Open vSwitch`);
    const removed = this.#portsWithInterface(
      (row) => row.name === name || row.external_ids['iface-id'] === externalIds['iface-id'],
    );
    const operations: Operation[] = [
      { op: 'insert', table: 'Interface', uuidName: 'face', row: { name, external_ids: externalIds } },
      { op: 'insert', table: 'Port', uuidName: 'port', row: { name, interfaces: ['face'] } },
      {
        op: 'mutate',
        table: 'Bridge',
        where: byUuid(bridge._uuid),
        mutations: [
          ...(removed.length > 0 ? [['ports', 'delete', removed] as const] : []),
          ['ports', 'insert', ['port']],
        ],
      },
    ];
    await this.session.transact(operations);
  }

  /** Takes ports off the integration bridge; absent ones are fine. */
  async removePorts(matches: (row: InterfaceRow) => boolean): Promise<void> {
    const bridge = this.session.cache.table('Bridge').find('name', INTEGRATION_BRIDGE)[0];
    const removed = this.#portsWithInterface(matches);
    if (!bridge || removed.length === 0) return;
    await this.session.transact([
      { op: 'mutate', table: 'Bridge', where: byUuid(bridge._uuid), mutations: [['ports', 'delete', removed]] },
    ]);
  }

  /** Resolves when `question` gives a value for the interface; rejects after `deadline` milliseconds with `what` was waited for. */
  waitForInterface<T>(
    name: string,
    question: (row: InterfaceRow | undefined) => T | undefined,
    deadline: number,
    what: string,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const ask = () => {
        const answer = question(this.interface(name));
        if (answer === undefined) return;
        finish();
        resolve(answer);
      };
      const remove = this.session.onUpdate(ask);
      const timer = setTimeout(() => {
        finish();
        reject(new Error(`${what} after ${deadline / 1000} s`));
      }, deadline);
      const finish = () => {
        remove();
        clearTimeout(timer);
      };
      ask();
    });
  }

  #portsWithInterface(matches: (row: InterfaceRow) => boolean): string[] {
    const names = new Set(
      [...this.session.cache.table('Interface').rows.values()].filter(matches).map((row) => row.name),
    );
    return [...names].flatMap((name) =>
      this.session.cache
        .table('Port')
        .find('name', name)
        .map((port) => port._uuid),
    );
  }
}
