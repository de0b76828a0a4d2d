import { type NodeUnderlay, nodeUnderlayKind } from '../../kinds/node-underlay.ts';
import { type Condition, keyOf, type KubeObject } from '../../kinds/object.ts';
import { type Subnet, subnetKind } from '../../kinds/subnet.ts';
import { type VirtualNetwork, virtualNetworkKind } from '../../kinds/virtual-network.ts';
import { type Vpc, vpcKind } from '../../kinds/vpc.ts';
import { KubeClient } from '../../lib/kube/client.ts';
import { readKubeconfig } from '../../lib/kube/kubeconfig.ts';
import { CORE } from '../../lib/kube/resource.ts';
import { stringifyJson } from '../../lib/schema/json-text.ts';
import type { LabStatus } from '../../services/lab/status.ts';
import { readStatus } from '../lab/read-status.ts';
import { type Format, print, table } from '../terminal/output.ts';
import { type GatewayLine, gatewayLines } from './gateways.ts';
import { whichLab } from '../terminal/which-lab.ts';

interface Network {
  readonly name: string;
  readonly ready: boolean;
  readonly reason: string;
  readonly message: string;
}

interface NetworkLine extends Network {
  readonly vpc: string;
  readonly subnet: string;
  readonly machines: number;
}

interface SubnetLine extends Network {
  readonly vpc: string;
  readonly cidr: string;
  /** JSON numbers of any size */
  readonly v4: { readonly used: number | bigint; readonly free: number | bigint };
  readonly v6: { readonly used: number | bigint; readonly free: number | bigint };
}

/** tunnels of a node */
interface NodeLine {
  readonly name: string;
  readonly encapsulations: readonly string[];
  readonly networks: readonly {
    readonly name: string;
    readonly address: string;
    readonly mtu: number;
    readonly default: boolean;
    readonly inUse: boolean;
    readonly reason: string;
  }[];
  /** `NETWORK:NODE` */
  readonly unreachable: readonly string[];
}

interface Status {
  readonly healthy: boolean;
  readonly lab: LabStatus;
  readonly networks: readonly NetworkLine[];
  readonly vpcs: readonly Network[];
  readonly subnets: readonly SubnetLine[];
  readonly nodes: readonly NodeLine[];
  readonly gateways: readonly GatewayLine[];
}

/** @returns whether all is well: the parts run, and what is declared is in force (fields that are not built yet aside) */
export async function showStatus({
  name,
  output,
}: {
  readonly name?: string;
  readonly output?: Format;
}): Promise<boolean> {
  const paths = await whichLab(name);
  const lab = await readStatus(paths);
  const client = new KubeClient(readKubeconfig(paths.kubeconfig), { userAgent: 'weft-status' });
  try {
    const [networks, vpcs, subnets, underlays, nodes] = await Promise.all([
      client.list<VirtualNetwork>(virtualNetworkKind),
      client.list<Vpc>(vpcKind),
      client.list<Subnet>(subnetKind),
      client.list<NodeUnderlay>(nodeUnderlayKind),
      client.list<KubeObject>(CORE.nodes),
    ]);
    // a database that does not answer is among the problems of the lab
    const gateways = await gatewayLines(lab.ovn.sb, nodes.items, underlays.items).catch(() => []);
    const lines = {
      networks: networks.items.map(networkLine),
      vpcs: vpcs.items.map(networkOf),
      subnets: subnets.items.map(subnetLine),
    };
    const healthy =
      lab.healthy &&
      Object.values(lines)
        .flat()
        .every(({ ready, reason }) => ready || reason === 'NotImplemented');
    const status: Status = { healthy, lab, ...lines, nodes: underlays.items.map(nodeLine), gateways };
    if (output === 'json') process.stdout.write(`${stringifyJson(status as never)}\n`);
    else await print(status, output, () => describe(status));
    return healthy;
  } finally {
    await client.close();
  }
}

function networkOf({ metadata, status }: KubeObject): Network {
  const conditions = (status as { conditions?: readonly Condition[] } | undefined)?.conditions ?? [];
  const ready = conditions.find(({ type }) => type === 'Ready');
  return {
    name: keyOf(metadata),
    ready: ready?.status === 'True',
    reason: ready?.reason ?? 'Unknown',
    message: ready?.message ?? 'nobody has judged it yet',
  };
}

function networkLine(network: VirtualNetwork): NetworkLine {
  const { vpc = '', subnet = '', virtualMachines: machines = 0 } = network.status ?? {};
  return { ...networkOf(network), vpc, subnet, machines };
}

function subnetLine(subnet: Subnet): SubnetLine {
  const { spec, status } = subnet;
  return {
    ...networkOf(subnet),
    vpc: spec?.vpc ?? '',
    cidr: spec?.cidrBlock ?? '',
    v4: { used: status?.v4usingIPs ?? 0, free: status?.v4availableIPs ?? 0 },
    v6: { used: status?.v6usingIPs ?? 0, free: status?.v6availableIPs ?? 0 },
  };
}

function nodeLine({ metadata: { name }, status }: NodeUnderlay): NodeLine {
  const { encapsulations = [], networks = [], unreachable = [] } = status ?? {};
  return {
    name,
    encapsulations,
    networks: networks.map(
      ({ name: network, address, mtu = 0, default: isDefault = false, inUse = false, reason = '' }) => ({
        name: network,
        address,
        mtu,
        default: isDefault,
        inUse,
        reason,
      }),
    ),
    unreachable,
  };
}

/** `data2=192.168.1.11 (default)`, `data3=192.168.2.11 (not used)` */
function addressText({ name, address, default: isDefault, inUse, reason }: NodeLine['networks'][number]): string {
  const how = isDefault ? ' (default)' : reason === '' ? (inUse ? '' : ' (not used)') : ` (LEFT: ${reason})`;
  return `${name === '' ? '' : `${name}=`}${address}${how}`;
}

function describe({ lab, networks, vpcs, subnets, nodes, gateways }: Status): string {
  const stopped = lab.processes.filter(({ state }) => state !== 'running');
  const notReady = [
    ...networks.map((network) => ({ kind: 'network', ...network })),
    ...vpcs.map((vpc) => ({ kind: 'VPC', ...vpc })),
    ...subnets.map((subnet) => ({ kind: 'subnet', ...subnet })),
  ].filter(({ ready }) => !ready);
  return [
    `lab ${lab.name}: ${lab.healthy ? 'well' : 'NOT well'}, ${lab.processes.length - stopped.length} of ${lab.processes.length} processes run (weft lab status)`,
    `engine: ${Object.entries(lab.engine)
      .map(([item, version]) => `${item} ${version}`)
      .join(', ')}`,
    ...lab.problems.map(({ what, why, todo }) => `  ${what}: ${why}; ${todo}`),
    ...(networks.length > 0
      ? [
          '',
          table([
            ['NETWORK', 'VPC', 'SUBNET', 'VMS', 'READY', 'REASON'],
            ...networks.map(({ name, vpc, subnet, machines, ready, reason }) => [
              name,
              vpc,
              subnet,
              String(machines),
              ready ? 'yes' : 'NO',
              reason,
            ]),
          ]),
        ]
      : []),
    '',
    table([
      ['NODE', 'TUNNELS', 'ADDRESSES', 'UNREACHABLE'],
      ...nodes.map(({ name, encapsulations, networks: addresses, unreachable }) => [
        name,
        encapsulations.join(','),
        addresses.map(addressText).join(', '),
        unreachable.join(', '),
      ]),
    ]),
    '',
    table([['VPC', 'READY', 'REASON'], ...vpcs.map(({ name, ready, reason }) => [name, ready ? 'yes' : 'NO', reason])]),
    '',
    table([
      ['SUBNET', 'VPC', 'CIDR', 'V4 USED', 'V4 FREE', 'V6 USED', 'V6 FREE', 'READY', 'REASON'],
      ...subnets.map(({ name, vpc, cidr, v4, v6, ready, reason }) => [
        name,
        vpc,
        cidr,
        ...[v4.used, v4.free, v6.used, v6.free].map(String),
        ready ? 'yes' : 'NO',
        reason,
      ]),
    ]),
    ...(gateways.length > 0
      ? [
          '',
          table([
            ['GATEWAY OF VPC', 'TO', 'NODE', 'WHY'],
            ...gateways.map(({ vpc, subnet, node, why }) => [vpc, subnet, node || 'NONE', why]),
          ]),
        ]
      : []),
    ...(notReady.length > 0 ? ['', ...notReady.map(({ kind, name, message }) => `${kind} ${name}: ${message}`)] : []),
  ].join('\n');
}
