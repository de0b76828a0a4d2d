import type { SouthboundTables } from '../../core/ovn/generated/sb.ts';
import { OvsdbSession } from '../../lib/ovsdb/session.ts';
import { CliError } from '../terminal/failure.ts';
import type { PortState } from './machine-view.ts';

/** milliseconds */
const DEADLINE = 5000;

/** Which ports work and where they are bound, as the Southbound database of a lab says now. @throws CliError */
export async function portStates(socket: string): Promise<ReadonlyMap<string, PortState>> {
  const session = new OvsdbSession<SouthboundTables>({
    remote: `unix:${socket}`,
    database: 'OVN_Southbound',
    monitor: { Port_Binding: ['logical_port', 'up', 'chassis'], Chassis: ['name'] },
  });
  try {
    await session.ready(AbortSignal.timeout(DEADLINE)).catch(() => {
      const why = session.lastError?.message ?? `no answer after ${DEADLINE / 1000} s`;
      throw new CliError(3, `the Southbound database cannot be read: ${why}; see \`weft lab status\``);
    });
    const chassis = session.cache.table('Chassis').rows;
    return new Map(
      [...session.cache.table('Port_Binding').rows.values()].map((port) => [
        port.logical_port,
        { up: port.up === true, chassis: (port.chassis !== undefined && chassis.get(port.chassis)?.name) || '' },
      ]),
    );
  } finally {
    await session.close();
  }
}
