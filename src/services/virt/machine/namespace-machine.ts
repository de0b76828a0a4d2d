/**
 * A machine that is a network, a mount and a UTS namespace. Between its NICs and its pod stands a third network namespace, which is to it what
 * the process of QEMU is to a real guest: it lives with the machine, not with the pod, and has one end in both.
 *
 *     [guest]             [wires, of the machine]                       [pod]
 *     eth0 --- veth --- tap0 <== redirected ==> up0... --- veth --- tap0 <== redirected ==> CNI interface
 *
 * When the machine moves, its NIC sees nothing of it: no carrier that goes, no neighbour that is forgotten.
 */
import { isRunning } from '../../../lib/proc/process-id.ts';
import { batchIn, networkOf } from './in-namespace.ts';
import type { MachineNic, MachinePlan, MigratableKind, PodSide, Remember } from './machine.ts';
import { abandon, arrive, hasLeft, leave, offer, receive, send } from './namespace-move.ts';
import { stopDhcpClient } from './namespace-dhcp.ts';
import { configureNic } from './namespace-nic.ts';
import { TAP_MTU, tapOf } from './pod-wire.ts';
import { endSandbox, startSandbox } from './sandbox.ts';
import { layUplinks, type NamespaceMachine, openUplinks, removeLinks, uplinkOf, WIRES, wiresOf } from './wires.ts';

export const namespaceKind: MigratableKind<NamespaceMachine> = {
  async start(plan: MachinePlan, remember: Remember<NamespaceMachine>): Promise<NamespaceMachine> {
    const { sandbox } = plan.pod;
    const record = (pause: NamespaceMachine['pause']) => remember({ kind: 'namespace', pause, sandbox, nics: [] });
    const pause = await startSandbox(plan.hostname, record, { network: WIRES });
    let machine: NamespaceMachine = { kind: 'namespace', pause, sandbox, nics: [] };
    for (const nic of plan.nics) machine = await namespaceKind.attachNic(machine, plan.pod, nic);
    return machine;
  },

  async stop({ pause }: NamespaceMachine): Promise<void> {
    await endSandbox(pause);
  },

  isAlive: ({ pause }: NamespaceMachine) => isRunning(pause),

  async attachNic(machine: NamespaceMachine, pod: PodSide, nic: MachineNic): Promise<NamespaceMachine> {
    const { index, device, mac, mtu } = nic;
    await batchIn(wiresOf(machine), 'ip', [
      `link add ${tapOf(index)} mtu ${TAP_MTU} type veth peer name ${device} address ${mac} mtu ${mtu} netns ${networkOf(machine.pause)}`,
      `link set ${tapOf(index)} up`,
    ]);
    await layUplinks(machine, pod, [nic]);
    await openUplinks(machine, pod, [nic]);
    await configureNic(machine.pause, nic);
    return { ...machine, nics: [...machine.nics, { index, device, mac }] };
  },

  async detachNic(machine: NamespaceMachine, pod: PodSide, device: string): Promise<NamespaceMachine> {
    const nic = machine.nics.find((one) => one.device === device);
    if (!nic) return machine;
    await stopDhcpClient(machine.pause, device);
    await removeLinks(machine, [uplinkOf(pod.sandbox, nic.index), tapOf(nic.index)]);
    return { ...machine, nics: machine.nics.filter((one) => one !== nic) };
  },

  entry: ({ pause }: NamespaceMachine) => ['nsenter', '-t', String(pause.pid), '--net', '--mount', '--uts', '--'],

  offer,
  receive,
  send,
  hasLeft,
  arrive,
  leave,
  abandon,
};
