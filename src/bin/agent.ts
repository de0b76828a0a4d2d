/** `weft agent`: composition root of the node agent. */
import { Command, Option } from 'commander';
import { DEFAULT_SOCKET } from '../services/agent/cni-protocol.ts';
import { parseEncaps, tunnelMtu } from '../core/ovn/encap.ts';
import { KubeClient } from '../lib/kube/client.ts';
import { Agent } from '../services/agent/agent.ts';
import { clusterAccess, logTo, untilSignal } from './process.ts';

interface Flags {
  readonly node: string;
  readonly kubeconfig?: string;
  readonly ovs: string;
  readonly sb: string;
  readonly encap: string;
  readonly hostNetworks: 'make' | 'resolve';
  readonly probePort: string;
  readonly probeMtuInterval: string;
  readonly encapIp?: string;
  readonly underlay: readonly string[];
  readonly underlayMtu: string;
  readonly underlayIpv6?: boolean;
  readonly datapath: 'system' | 'netdev';
  readonly tso: 'on' | 'off';
  readonly socket: string;
  readonly bfdSocket: string;
}

export function command(): Command {
  return new Command('agent')
    .description('makes this node a chassis of OVN and gives pods their interfaces')
    .requiredOption('--node <NAME>', 'name of this node in Kubernetes')
    .option('--kubeconfig <FILE>', 'the cluster; default: $KUBECONFIG, else the pod’s service account')
    .option('--ovs <REMOTE>', 'local Open vSwitch database', 'unix:/run/openvswitch/db.sock')
    .requiredOption('--sb <REMOTES>', 'Southbound database for ovn-controller, comma-separated')
    .option(
      '--encap <TYPES>',
      'encapsulation between nodes: geneve, vxlan, or geneve,vxlan while the installation changes from one to the other',
      'geneve',
    )
    .option(
      '--encap-ip <ADDRESS>',
      'tunnel address; default: the NIC of Node annotation ovn.kubernetes.io/tunnel_interface, the HostNetworkConfig with underlay, the first --underlay, the InternalIP of the Node',
    )
    .addOption(
      new Option(
        '--host-networks <WHAT>',
        'make: give NICs the addresses that VlanConfigs and HostNetworkConfigs say; resolve: somebody else does (Harvester)',
      )
        .choices(['make', 'resolve'])
        .default('resolve'),
    )
    .option('--probe-port <PORT>', 'UDP port on which nodes ask each other whether they are there', '6082')
    .option('--probe-mtu-interval <SECONDS>', 'how often the MTU between two nodes is measured', '300')
    .option(
      '--underlay <NIC>',
      'NIC that gets a bridge of its own; the first carries the tunnels when nothing is declared (repeatable)',
      (nic: string, all: readonly string[]) => [...all, nic],
      [],
    )
    .option('--underlay-mtu <BYTES>', 'largest packet between nodes', '1500')
    .option('--underlay-ipv6', 'tunnels run over IPv6')
    .addOption(
      new Option('--datapath <TYPE>', 'kernel (system) or userspace (netdev) datapath')
        .choices(['system', 'netdev'])
        .default('system'),
    )
    .addOption(
      new Option('--tso <STATE>', 'off: turn checksum offload off, for an Open vSwitch without userspace TSO')
        .choices(['on', 'off'])
        .default('on'),
    )
    .option('--socket <PATH>', 'where the CNI executable asks', DEFAULT_SOCKET)
    .option('--bfd-socket <PATH>', "where FRR's bfdd of this node takes commands", '/run/frr/bfdd.vty')
    .action(async (flags: Flags) => run(flags));
}

async function run(flags: Flags): Promise<void> {
  const log = logTo('agent');
  const stop = untilSignal();
  const client = new KubeClient(clusterAccess(flags.kubeconfig), { userAgent: `weft-agent/${flags.node}` });
  const encaps = parseEncaps(flags.encap);
  const agent = new Agent({
    client,
    node: flags.node,
    openVswitch: flags.ovs,
    southbound: flags.sb,
    encaps,
    makesHostNetworks: flags.hostNetworks === 'make',
    probePort: Number(flags.probePort),
    probeMtuInterval: Number(flags.probeMtuInterval),
    underlays: flags.underlay,
    ...(flags.encapIp === undefined ? {} : { encapIp: flags.encapIp }),
    datapath: flags.datapath,
    offloadsOff: flags.tso === 'off',
    tunnelMtu: tunnelMtu(encaps, Number(flags.underlayMtu), flags.underlayIpv6 === true),
    socket: flags.socket,
    bfdSocket: flags.bfdSocket,
    log: (text) => log.info(text),
  });
  await agent.start();
  log.info(`ready on ${flags.socket}`);
  await stop;
  await agent.stop();
  await client.close();
}
