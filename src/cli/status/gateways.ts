/** Which node carries the gateway of each VPC to each of its external subnets, as OVN's Southbound database says, and why. */
import { isCordoned, whyCarried } from '../../core/external/carrier.ts';
import { leaderByRank } from '../../core/external/gateways.ts';
import { physicalNetworks } from '../../core/ovn/localnets.ts';
import type { SouthboundTables } from '../../core/ovn/generated/sb.ts';
import type { NodeUnderlay } from '../../kinds/node-underlay.ts';
import type { KubeObject } from '../../kinds/object.ts';
import { OvsdbSession } from '../../lib/ovsdb/session.ts';

export interface GatewayLine {
  readonly vpc: string;
  readonly subnet: string;
  /** empty: nobody */
  readonly node: string;
  readonly why: string;
}

/** milliseconds */
const DEADLINE = 5000;

/** @throws Error when the database does not answer */
export async function gatewayLines(
  remote: string,
  nodes: readonly KubeObject[],
  underlays: readonly NodeUnderlay[],
): Promise<readonly GatewayLine[]> {
  const session = new OvsdbSession<SouthboundTables>({
    remote,
    database: 'OVN_Southbound',
    monitor: {
      Port_Binding: {
        columns: ['logical_port', 'type', 'chassis', 'ha_chassis_group', 'options', 'external_ids'],
        where: [
          ['type', '==', 'chassisredirect'],
          ['type', '==', 'localnet'],
        ],
      },
      Chassis: ['name'],
      HA_Chassis: ['chassis', 'priority'],
      HA_Chassis_Group: ['name', 'ha_chassis'],
    },
  });
  try {
    await Promise.race([
      session.ready(),
      new Promise((_, reject) => {
        setTimeout(
          () => reject(new Error(`the Southbound database does not answer in ${DEADLINE} ms`)),
          DEADLINE,
        ).unref();
      }),
    ]);
    return linesOf(session, nodes, underlays);
  } finally {
    await session.close();
  }
}

function linesOf(
  { cache }: OvsdbSession<SouthboundTables>,
  nodes: readonly KubeObject[],
  underlays: readonly NodeUnderlay[],
): readonly GatewayLine[] {
  const chassisName = (uuid: string | undefined) =>
    uuid === undefined ? undefined : cache.table('Chassis').rows.get(uuid)?.name;
  const cordoned = new Set(nodes.filter(isCordoned).map(({ metadata }) => metadata.name));
  const rows = [...cache.table('Port_Binding').rows.values()];
  const networks = physicalNetworks(rows);
  const lines = rows.flatMap((row): readonly GatewayLine[] => {
    const { lr: vpc, ls: subnet, vendor } = row.external_ids;
    const group = cache.table('HA_Chassis_Group').rows.get(row.ha_chassis_group ?? '');
    if (row.type !== 'chassisredirect' || vendor !== 'kube-ovn' || vpc === undefined || subnet === undefined || !group)
      return [];
    const members = group.ha_chassis.flatMap((uuid) => cache.table('HA_Chassis').rows.get(uuid) ?? []);
    const priorities = new Map(
      members.flatMap(({ chassis, priority }) => {
        const name = chassisName(chassis);
        return name === undefined ? [] : [[name, priority] as const];
      }),
    );
    const leader = leaderByRank([...priorities].map(([node, priority]) => ({ node, priority }))) ?? '';
    const carrier = chassisName(row.chassis);
    const why = whyCarried({
      carrier,
      leader,
      priorities,
      cordoned,
      cut: cutOff(networks.get(subnet) ?? '', underlays),
    });
    return [{ vpc, subnet, node: carrier ?? '', why }];
  });
  return lines.toSorted((a, b) => (`${a.vpc} ${a.subnet}` < `${b.vpc} ${b.subnet}` ? -1 : 1));
}

function cutOff(provider: string, underlays: readonly NodeUnderlay[]): ReadonlyMap<string, string> {
  return new Map(
    underlays.flatMap(({ metadata, status }) =>
      (status?.uplinks ?? [])
        .filter(({ name, up }) => name === provider && !up)
        .map(({ reason = 'not reported why' }) => [metadata.name, reason] as const),
    ),
  );
}
