/** The processes of a lab as data: what runs in which box, after what. Commands are those inside the box. */
import type { LabOptions } from './options.ts';
import type { TorConfig } from './tor-config.ts';
import { CENTRAL, FABRIC, managementAddresses, nodeName, TOR, UNDERLAY_DEVICES } from './topology.ts';

/** Points of the start that are no process: the API answers; CRDs and Nodes are there. */
export type Milestone = 'api' | 'cluster';

/** A listening socket of the host's loopback that a process gets as file descriptor 3. */
export type Handover = 'api' | 'metrics';

export interface ProcessSpec {
  readonly box: string;
  readonly name: string;
  readonly command: readonly string[];
  /** `BOX/PROCESS` or a milestone: what must be ready before the first start */
  readonly after: readonly string[];
  /** below /run of the box: socket or file that it makes when it is ready */
  readonly readyFile?: string;
  /** below /run of the box: name of the control socket by process number, for `ovs-appctl -t NAME`; links to `NAME.ctl` */
  readonly controlLink?: string;
  readonly handover?: Handover;
}

export interface Plan {
  readonly options: LabOptions;
  /** the Node.js program and Weft's front door, as paths that are valid in every box */
  readonly weft: readonly string[];
  /** the engine has an Open vSwitch with DPDK, whose userspace datapath does TCP segmentation offload */
  readonly tso: boolean;
}

export const KUBECONFIG = '/run/weft/kubeconfig';
export const API_PORT = 6443;
const SOUTHBOUND_PORT = 6642;
/** where the agent answers the CNI executable, below /run */
const CNI_SOCKET = 'openvswitch/kube-ovn-daemon.sock';
const UNDERLAY_MTU = 1500;
/** where the daemons of FRR look */
export const FRR_RUN = '/run/frr';
export const FRR_CONFIG = '/etc/frr';
const NB = 'unix:/run/ovn/ovnnb_db.sock';
const SB = 'unix:/run/ovn/ovnsb_db.sock';
const VSWITCH = 'unix:/run/openvswitch/db.sock';
export const DPDK_VSWITCHD = '/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk';

export function keyOfProcess({ box, name }: Pick<ProcessSpec, 'box' | 'name'>): string {
  return `${box}/${name}`;
}

export function processTable(plan: Plan): readonly ProcessSpec[] {
  const nodes = Array.from({ length: plan.options.nodes }, (_, index) => nodeName(index + 1));
  return [...centralProcesses(plan), ...fabricProcesses(plan), ...nodes.flatMap((node) => nodeProcesses(plan, node))];
}

function centralProcesses(plan: Plan): readonly ProcessSpec[] {
  const addresses = managementAddresses(CENTRAL, plan.options.ip);
  return [
    ovsdbServer(CENTRAL, 'ovsdb-nb', 'ovn/ovnnb_db', '/var/lib/ovn/ovnnb_db.db', []),
    ovsdbServer(
      CENTRAL,
      'ovsdb-sb',
      'ovn/ovnsb_db',
      '/var/lib/ovn/ovnsb_db.db',
      addresses.map((address) => `ptcp:${SOUTHBOUND_PORT}:${bracketed(address)}`),
    ),
    {
      box: CENTRAL,
      name: 'ovn-northd',
      command: [
        '/usr/bin/ovn-northd',
        ...daemonFlags('ovn-northd', 'ovn/ovn-northd'),
        `--ovnnb-db=${NB}`,
        `--ovnsb-db=${SB}`,
      ],
      after: ['central/ovsdb-nb', 'central/ovsdb-sb'],
    },
    weftProcess(
      plan,
      CENTRAL,
      'apiserver',
      [
        'apiserver',
        '--data',
        '/var/lib/weft/api.db',
        '--pki',
        '/var/lib/weft/pki',
        ...addresses.flatMap((address) => ['--listen', `${bracketed(address)}:${API_PORT}`]),
        '--listen-fd',
        '3',
      ],
      [],
      { handover: 'api' },
    ),
    weftProcess(
      plan,
      CENTRAL,
      'controller',
      [
        'controller',
        '--kubeconfig',
        KUBECONFIG,
        '--nb',
        NB,
        '--sb',
        SB,
        '--encap',
        plan.options.encap,
        '--underlay-mtu',
        String(UNDERLAY_MTU),
        ...(plan.options.ip === '6' ? ['--underlay-ipv6'] : []),
        '--metrics-fd',
        '3',
      ],
      ['cluster', 'central/ovsdb-nb', 'central/ovsdb-sb'],
      { handover: 'metrics' },
    ),
    virtProcess(plan, CENTRAL, 'controller', []),
  ];
}

/** The switch between the nodes' trunks, and the router that they lead to. */
function fabricProcesses(plan: Plan): readonly ProcessSpec[] {
  return [
    ...switchProcesses(plan, FABRIC),
    // reads what is meant for zebra
    routing(TOR, 'mgmtd'),
    routing(TOR, 'zebra', 'mgmtd'),
    routing(TOR, 'bfdd', 'zebra', ...configuredBy('bfdd')),
    routing(TOR, 'bgpd', 'zebra', ...configuredBy('bgpd'), '--profile', 'datacenter'),
  ];
}

/** A daemon of FRR. @param after the one that it talks to */
function routing(box: string, name: string, after?: string, ...more: readonly string[]): ProcessSpec {
  const command = [`/usr/lib/frr/${name}`, '-A', '127.0.0.1', '-i', `${FRR_RUN}/${name}.pid`];
  const log = ['--log', 'stdout', '--log-level', 'warnings'];
  const needed = after === undefined ? [] : [`${box}/${after}`];
  return { box, name, command: [...command, ...log, ...more], after: needed, readyFile: `frr/${name}.vty` };
}

/** Each daemon has a file of its own: one that is started again has its configuration at once. */
function configuredBy(name: keyof TorConfig): readonly string[] {
  return ['-f', `${FRR_CONFIG}/${name}.conf`];
}

function switchProcesses({ tso }: Plan, box: string): readonly ProcessSpec[] {
  return [
    ovsdbServer(box, 'ovsdb-server', 'openvswitch/db', '/var/lib/openvswitch/conf.db', [], 'openvswitch/ovsdb-server'),
    {
      box,
      name: 'ovs-vswitchd',
      command: [
        tso ? DPDK_VSWITCHD : '/usr/sbin/ovs-vswitchd',
        ...daemonFlags('ovs-vswitchd', 'openvswitch/ovs-vswitchd'),
        '--unixctl=/run/openvswitch/ovs-vswitchd.ctl',
        VSWITCH,
      ],
      after: [`${box}/ovsdb-server`],
      controlLink: 'openvswitch/ovs-vswitchd',
    },
  ];
}

/** What runs on one node. */
export function nodeProcesses(plan: Plan, node: string): readonly ProcessSpec[] {
  const [central] = managementAddresses(CENTRAL, plan.options.ip);
  return [
    ...switchProcesses(plan, node),
    {
      box: node,
      name: 'ovn-controller',
      command: ['/usr/bin/ovn-controller', ...daemonFlags('ovn-controller', 'ovn/ovn-controller'), VSWITCH],
      after: [`${node}/ovsdb-server`],
    },
    weftProcess(
      plan,
      node,
      'agent',
      [
        'agent',
        '--node',
        node,
        '--kubeconfig',
        KUBECONFIG,
        '--ovs',
        VSWITCH,
        '--sb',
        `tcp:${bracketed(central!)}:${SOUTHBOUND_PORT}`,
        '--encap',
        plan.options.encap,
        ...UNDERLAY_DEVICES.flatMap((device) => ['--underlay', device]),
        '--host-networks',
        'make',
        '--probe-mtu-interval',
        '10',
        '--underlay-mtu',
        String(UNDERLAY_MTU),
        ...(plan.options.ip === '6' ? ['--underlay-ipv6'] : []),
        '--datapath',
        'netdev',
        '--tso',
        plan.tso ? 'on' : 'off',
      ],
      ['cluster', `${node}/ovsdb-server`],
      { readyFile: CNI_SOCKET },
    ),
    // without mgmtd, zebra keeps telling it what nobody hears
    routing(node, 'mgmtd'),
    routing(node, 'zebra', 'mgmtd'),
    // the agent says whom to ask
    routing(node, 'bfdd', 'zebra'),
    virtProcess(plan, node, 'node', ['--node', node, '--node-ip', ...managementAddresses(node, plan.options.ip)]),
  ];
}

function ovsdbServer(
  box: string,
  name: string,
  socket: string,
  database: string,
  remotes: readonly string[],
  pidfile = socket,
): ProcessSpec {
  const command = [
    '/usr/sbin/ovsdb-server',
    ...daemonFlags(name, pidfile),
    `--unixctl=/run/${pidfile}.ctl`,
    ...[`punix:/run/${socket}.sock`, ...remotes].map((remote) => `--remote=${remote}`),
    database,
  ];
  return { box, name, command, after: [], readyFile: `${socket}.sock`, controlLink: pidfile };
}

/** In the foreground, under the supervisor; pidfile and log where they are looked for. */
function daemonFlags(name: string, pidfile: string): readonly string[] {
  return [
    '--no-chdir',
    '-vconsole:off',
    '-vsyslog:off',
    '-vpoll_loop:off',
    `--log-file=/var/log/${name}.log`,
    `--pidfile=/run/${pidfile}.pid`,
  ];
}

function weftProcess(
  { weft }: Plan,
  box: string,
  name: string,
  args: readonly string[],
  after: readonly string[],
  more: Pick<ProcessSpec, 'handover' | 'readyFile'> = {},
): ProcessSpec {
  return { box, name, command: [...weft, ...args], after, ...more };
}

function virtProcess(plan: Plan, box: string, part: 'controller' | 'node', args: readonly string[]): ProcessSpec {
  const readyFile = `weft/virt-${part}.ready`;
  const command = ['virt', part, ...args, '--kubeconfig', KUBECONFIG, '--ready-file', `/run/${readyFile}`];
  return weftProcess(plan, box, `virt-${part}`, command, ['cluster'], { readyFile });
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
