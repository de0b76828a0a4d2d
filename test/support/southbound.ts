/** A Southbound database without ovn-northd and ovn-controllers: the test writes what they would. */
import type { SouthboundTables } from '../../src/core/ovn/generated/sb.ts';
import { operations } from '../../src/lib/ovsdb/operations.ts';
import { OvsdbSession } from '../../src/lib/ovsdb/session.ts';
import { TestServer } from '../../src/lib/ovsdb/testing/ovsdb-server.ts';

const sb = operations<SouthboundTables>();

export class Southbound implements AsyncDisposable {
  readonly server: TestServer;
  readonly #session: OvsdbSession<SouthboundTables>;

  private constructor(server: TestServer) {
    this.server = server;
    this.#session = new OvsdbSession<SouthboundTables>({
      remote: server.remote,
      database: 'OVN_Southbound',
      monitor: { Chassis: ['name'], Port_Binding: ['logical_port'] },
    });
  }

  static async start(root: string, nodes: readonly string[]): Promise<Southbound> {
    const southbound = new Southbound(await TestServer.start({ root, schema: 'ovn-sb.ovsschema' }));
    await southbound.#session.ready();
    await southbound.#session.transact(
      nodes.flatMap((name, index) => [
        sb.insert('Encap', { type: 'geneve', ip: `192.0.2.${index}`, chassis_name: name }, `encap${index}`),
        sb.insert('Chassis', { name, encaps: [`encap${index}`] }, `chassis${index}`),
      ]),
    );
    return southbound;
  }

  async addPort(port: string): Promise<void> {
    await this.#session.transact([
      sb.insert('Datapath_Binding', { tunnel_key: 1 }, 'network'),
      sb.insert('Port_Binding', { logical_port: port, tunnel_key: 1, datapath: 'network' }, 'port'),
    ]);
  }

  async bind(port: string, chassis: string | undefined, ...additional: readonly string[]): Promise<void> {
    const uuid = (node: string) =>
      [...this.#session.cache.table('Chassis').rows.values()].find(({ name }) => name === node)!._uuid;
    await this.#session.transact([
      sb.update('Port_Binding', [['logical_port', '==', port]], {
        chassis: chassis === undefined ? undefined : uuid(chassis),
        additional_chassis: additional.map(uuid),
      }),
    ]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.close();
    await this.server[Symbol.asyncDispose]();
  }
}
