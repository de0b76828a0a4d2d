/**
 * A machine that is a network, a mount and a UTS namespace. Between its NICs and its pod stands a third network namespace, which is to it what
 * the process of QEMU is to a real guest: it lives with the machine, not with the pod, and has one end in both.
 *
 *     [guest]             [wires, of the machine]                       [pod]
 *     eth0 --- veth --- tap0 <== redirected ==> up0... --- veth --- tap0 <== redirected ==> CNI interface
 *
 * When the machine moves, its NIC sees nothing of it: no carrier that goes, no neighbour that is forgotten.
 */
import { createHash } from 'node:crypto';
import { isRunning, type ProcessId } from '../../../lib/proc/process-id.ts';
import { CommandError } from '../../../lib/proc/run.ts';
import { batchIn, networkOf, runIn } from './in-namespace.ts';
import type {
  MachineKind,
  MachineNic,
  MachinePlan,
  MachineRecord,
  MachineRoute,
  PodSide,
  Remember,
} from './machine.ts';
import { TAP_MTU, tapOf, wirePod } from './pod-wire.ts';
import { redirect, redirectable } from './redirect.ts';
import { endSandbox, startSandbox } from './sandbox.ts';

export interface NamespaceMachine extends MachineRecord {
  readonly kind: 'namespace';
  readonly pause: ProcessId;
}

/** below /run of the machine: the network namespace of its wires */
const WIRES = 'wires';
/** above the metrics of connected routes (0, for IPv6 256): a network that the guest is on is reached by that NIC */
const FIRST_METRIC = 1024;

export const namespaceKind: MachineKind<NamespaceMachine> = {
  async start(plan: MachinePlan, remember: Remember<NamespaceMachine>): Promise<NamespaceMachine> {
    const pause = await startSandbox(plan.hostname, (id) => remember({ kind: 'namespace', pause: id }), {
      network: WIRES,
    });
    let machine: NamespaceMachine = { kind: 'namespace', pause };
    for (const nic of plan.nics) machine = await namespaceKind.attachNic(machine, plan.pod, nic);
    return machine;
  },

  async stop({ pause }: NamespaceMachine): Promise<void> {
    await endSandbox(pause);
  },

  isAlive: ({ pause }: NamespaceMachine) => isRunning(pause),

  async attachNic(machine: NamespaceMachine, pod: PodSide, nic: MachineNic): Promise<NamespaceMachine> {
    const { pause } = machine;
    await batchIn(wiresOf(machine), 'ip', [
      `link add ${tapOf(nic.index)} mtu ${TAP_MTU} type veth peer name ${nic.device} address ${nic.mac} mtu ${nic.mtu} netns ${networkOf(pause)}`,
      `link set ${tapOf(nic.index)} up`,
    ]);
    await connect(machine, pod, nic);
    await configure(machine, nic);
    return machine;
  },

  async detachNic(machine: NamespaceMachine, pod: PodSide, device: string): Promise<NamespaceMachine> {
    const index = await indexOf(machine, device);
    if (index === undefined) return machine;
    await batchIn(wiresOf(machine), 'ip', [`link del ${uplinkOf(pod, index)}`, `link del ${tapOf(index)}`]);
    return machine;
  },

  entry: ({ pause }: NamespaceMachine) => ['nsenter', '-t', String(pause.pid), '--net', '--mount', '--uts', '--'],
};

function wiresOf({ pause }: NamespaceMachine): string {
  return `/proc/${pause.pid}/root/run/${WIRES}`;
}

/** another one for each pod, so that the next can be there before the last is gone; 15 bytes at most */
function uplinkOf({ sandbox }: PodSide, index: number): string {
  return `up${index}-${createHash('sha256').update(sandbox).digest('hex').slice(0, 8)}`;
}

/** Makes the way between a NIC's tap and its pod, and opens it. */
async function connect(machine: NamespaceMachine, pod: PodSide, { index, podDevice }: MachineNic): Promise<void> {
  const [tap, uplink] = [tapOf(index), uplinkOf(pod, index)];
  await batchIn(wiresOf(machine), 'ip', [
    `link add ${uplink} mtu ${TAP_MTU} type veth peer name ${tap} netns ${networkOf(pod.pause)}`,
    `link set ${uplink} up`,
  ]);
  await wirePod(pod, podDevice, tap);
  await batchIn(wiresOf(machine), 'tc', [
    ...[tap, uplink].map(redirectable),
    redirect(tap, uplink),
    redirect(uplink, tap),
  ]);
}

/** What the guest does with its NIC: it is brought up, and unless the guest asks by DHCP it is told its addresses and routes. */
async function configure(
  { pause }: NamespaceMachine,
  { device, addresses, routes, index, dhcp }: MachineNic,
): Promise<void> {
  const netns = networkOf(pause);
  if (dhcp) return batchIn(netns, 'ip', [`link set ${device} up`]);
  const metric = FIRST_METRIC + index;
  await batchIn(netns, 'ip', [
    ...addresses.map((address) => `addr add ${address} dev ${device}${address.includes(':') ? ' nodad' : ''}`),
    `link set ${device} up`,
    ...routes
      .filter((route) => !isDefault(route))
      .map(({ dst, gw }) => `route replace ${dst}${via(gw)} dev ${device} metric ${metric}`),
  ]);
  // a default route by an earlier NIC stays
  for (const { dst, gw } of routes.filter(isDefault)) {
    const family = dst.includes(':') ? '-6' : '-4';
    const command = ['ip', family, 'route', 'add', 'default', ...(gw ? ['via', gw] : []), 'dev', device];
    await runIn(netns, command).catch((error: unknown) => {
      if (!(error instanceof CommandError) || !error.stderr.includes('File exists')) throw error;
    });
  }
}

function isDefault({ dst }: MachineRoute): boolean {
  return dst === '0.0.0.0/0' || dst === '::/0';
}

function via(gw: string | undefined): string {
  return gw === undefined ? '' : ` via ${gw}`;
}

/** which tap a NIC of the guest hangs on; undefined when there is no such NIC */
async function indexOf(machine: NamespaceMachine, device: string): Promise<number | undefined> {
  const links = JSON.parse(await runIn(networkOf(machine.pause), ['ip', '-j', 'link'])) as Link[];
  const peer = links.find(({ ifname }) => ifname === device)?.link_index;
  if (peer === undefined) return undefined;
  const taps = JSON.parse(await runIn(wiresOf(machine), ['ip', '-j', 'link'])) as Link[];
  const name = taps.find(({ ifindex }) => ifindex === peer)?.ifname ?? '';
  return /^tap\d+$/.test(name) ? Number(name.slice('tap'.length)) : undefined;
}

interface Link {
  readonly ifname: string;
  readonly ifindex: number;
  /** of the other end of a pair */
  readonly link_index?: number;
}
