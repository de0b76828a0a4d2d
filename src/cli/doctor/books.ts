/** Everything that says who has which address: the API's objects, and the ports of the Northbound database. */
import type { Books, Port } from '../../core/doctor/address-findings.ts';
import type { NorthboundTables } from '../../core/ovn/generated/nb.ts';
import { type IpObject, ipKind } from '../../kinds/ip.ts';
import type { KubeObject } from '../../kinds/object.ts';
import { type Subnet, subnetKind } from '../../kinds/subnet.ts';
import { virtualMachineKind } from '../../kinds/virtual-machine.ts';
import type { KubeClient } from '../../lib/kube/client.ts';
import { CORE } from '../../lib/kube/resource.ts';
import { OvsdbSession } from '../../lib/ovsdb/session.ts';
import type { LabPaths } from '../../services/lab/paths.ts';
import { CliError } from '../terminal/failure.ts';

export async function readBooks(client: KubeClient, paths: LabPaths): Promise<Books> {
  const [ips, subnets, machines, pods, ports] = await Promise.all([
    client.list<IpObject>(ipKind),
    client.list<Subnet>(subnetKind),
    client.list<KubeObject>(virtualMachineKind),
    client.list<KubeObject<unknown, { readonly phase?: string }>>(CORE.pods),
    withNorthbound(paths, async (session) => portsOf(session)),
  ]);
  return {
    ips: ips.items,
    subnets: subnets.items,
    machines: machines.items,
    pods: pods.items.filter(
      ({ metadata, status }) =>
        metadata.deletionTimestamp === undefined && status?.phase !== 'Succeeded' && status?.phase !== 'Failed',
    ),
    ports,
  };
}

export type NorthboundSession = OvsdbSession<NorthboundTables>;

/** milliseconds */
const DEADLINE = 5000;

/** @throws CliError when the database cannot be read */
export async function withNorthbound<T>(paths: LabPaths, use: (session: NorthboundSession) => Promise<T>): Promise<T> {
  const session: NorthboundSession = new OvsdbSession<NorthboundTables>({
    remote: `unix:${paths.nb}`,
    database: 'OVN_Northbound',
    monitor: {
      Logical_Switch: ['name', 'ports'],
      Logical_Switch_Port: ['name', 'type', 'addresses', 'external_ids'],
    },
  });
  try {
    await session.ready(AbortSignal.timeout(DEADLINE)).catch(() => {
      const why = session.lastError?.message ?? `no answer after ${DEADLINE / 1000} s`;
      throw new CliError(3, `the Northbound database cannot be read: ${why}; see \`weft lab status\``);
    });
    return await use(session);
  } finally {
    await session.close();
  }
}

function portsOf({ cache }: NorthboundSession): readonly Port[] {
  const ports = cache.table('Logical_Switch_Port').rows;
  return [...cache.table('Logical_Switch').rows.values()].flatMap((network) =>
    network.ports.flatMap((uuid) => {
      const port = ports.get(uuid);
      if (!port) return [];
      const { name, type, addresses, external_ids: externalIds } = port;
      return [{ uuid, name, switch: network.name, type, addresses, externalIds }];
    }),
  );
}
