import type { SouthboundTables } from '../../core/ovn/generated/sb.ts';
import { OvsdbSession } from '../../lib/ovsdb/session.ts';
import { CliError } from '../terminal/failure.ts';
import type { PortState } from './machine-view.ts';

/** milliseconds */
const DEADLINE = 5000;

/** Which ports work and where they are bound, as the Southbound database of a lab says now. @throws CliError */
export function portStates(socket: string): Promise<ReadonlyMap<string, PortState>> {
  return withPorts(socket, async (session) => new Map(statesOf(session)));
}

/**
 * Waits until OVN has all of these ports on one node only. @returns how it has them @throws CliError when that does not come about
 */
export function portsBoundTo(
  socket: string,
  names: readonly string[],
  node: string,
): Promise<readonly (PortState & { readonly name: string })[]> {
  return withPorts(socket, (session) => {
    const settled = Promise.withResolvers<readonly (PortState & { readonly name: string })[]>();
    const look = () => {
      const states = new Map(statesOf(session));
      const found = names.map((name) => ({ name, ...(states.get(name) ?? { up: false, chassis: '', more: 0 }) }));
      const wrong = found.find(({ chassis, up, more }) => chassis !== node || !up || more > 0);
      if (!wrong) settled.resolve(found.map(({ name, up, chassis }) => ({ name, up, chassis })));
      return wrong;
    };
    const remove = session.onUpdate(() => void look());
    const timer = setTimeout(() => {
      const wrong = look();
      settled.reject(
        new CliError(
          3,
          `the machine runs on ${node}, but OVN has port ${wrong?.name} ${wrong?.chassis ? `on ${wrong.chassis}` : 'nowhere'}${wrong?.more ? ' and on another node' : ''}: see \`weft lab status\``,
        ),
      );
    }, DEADLINE);
    look();
    return settled.promise.finally(() => {
      clearTimeout(timer);
      remove();
    });
  });
}

type PortSession = OvsdbSession<SouthboundTables>;

async function withPorts<T>(socket: string, use: (session: PortSession) => Promise<T>): Promise<T> {
  const session: PortSession = new OvsdbSession<SouthboundTables>({
    remote: `unix:${socket}`,
    database: 'OVN_Southbound',
    monitor: { Port_Binding: ['logical_port', 'up', 'chassis', 'additional_chassis'], Chassis: ['name'] },
  });
  try {
    await session.ready(AbortSignal.timeout(DEADLINE)).catch(() => {
      const why = session.lastError?.message ?? `no answer after ${DEADLINE / 1000} s`;
      throw new CliError(3, `the Southbound database cannot be read: ${why}; see \`weft lab status\``);
    });
    return await use(session);
  } finally {
    await session.close();
  }
}

/** with the number of nodes that have the port besides the first */
function* statesOf({ cache }: PortSession): Generator<readonly [string, PortState & { readonly more: number }]> {
  const chassis = cache.table('Chassis').rows;
  for (const port of cache.table('Port_Binding').rows.values()) {
    const name = (port.chassis !== undefined && chassis.get(port.chassis)?.name) || '';
    yield [port.logical_port, { up: port.up === true, chassis: name, more: port.additional_chassis.length }];
  }
}
