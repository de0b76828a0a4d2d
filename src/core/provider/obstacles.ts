/** Why a node must not, or cannot, give a NIC to a bridge. */
import type { UplinkChoice } from './choice.ts';
import { addressKey, type NodeState } from './state.ts';

/** What else of the node depends on NICs. */
export interface Dependents {
  /** tunnel addresses, without prefix length */
  readonly tunnels: readonly string[];
  /** addresses by which the cluster knows the node, without prefix length: the way to the Kubernetes API */
  readonly internal: readonly string[];
  /** NICs that carry tunnels by a bridge of their own */
  readonly underlays: readonly string[];
}

/** `Reason: sentence` when something is in the way; an uplink that is in its bridge already has no obstacle. */
export function obstacle(choice: UplinkChoice, state: NodeState, dependents: Dependents): string | undefined {
  const { bridge, provider, nics } = choice;
  const there = state.bridges.get(bridge);
  if (there && there.provider === undefined)
    return `BridgeTaken: bridge ${bridge} is there and was not made for a ProviderNetwork: remove it, or rename ProviderNetwork ${provider}`;
  if (!there && state.devices.has(bridge))
    return `BridgeTaken: device ${bridge} is there and is no bridge of Open vSwitch: remove it, or rename ProviderNetwork ${provider}`;
  for (const nic of nics) {
    const problem = obstacleOf(nic, choice, state, dependents);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function obstacleOf(nic: string, { bridge, bondMode }: UplinkChoice, state: NodeState, dependents: Dependents) {
  const device = state.devices.get(nic);
  if (!device)
    return `InterfaceMissing: this node has no device ${nic}: name its NIC in customInterfaces, or exclude the node`;
  const holder = [...state.bridges.values()].find(
    ({ name, ports }) => name !== bridge && [...ports.values()].some((faces) => faces.includes(nic)),
  );
  if (holder?.provider !== undefined)
    return `InterfaceInUse: ${nic} is the uplink of ProviderNetwork ${holder.provider}: name another NIC, or take it out of that one`;
  if (holder || dependents.underlays.includes(nic))
    return `InterfaceInUse: ${nic} is in bridge ${holder?.name ?? `br-${nic}`}: name another NIC`;
  if (device.master !== undefined && device.master !== 'ovs-system')
    return `InterfaceInUse: ${nic} is a port of ${device.master}: name that one, or another NIC`;
  if (device.kind === 'bridge' && bondMode !== undefined)
    return `InterfaceInUse: ${nic} is a Linux bridge and cannot be part of a bond: name NICs`;
  if (device.kind === 'bridge') return undefined;
  const upper = [...state.devices.values()].find(({ lower, kind }) => lower === nic && kind === 'vlan');
  if (upper)
    return `InterfaceInUse: VLAN device ${upper.name} is on ${nic} and would hear nothing any more: remove it, or name another NIC`;
  const own = new Set(device.addresses.map((address) => addressKey(address).split('/')[0] ?? ''));
  const tunnel = dependents.tunnels.find((address) => own.has(address));
  if (tunnel !== undefined)
    return `InterfaceInUse: ${nic} has ${tunnel}, which tunnels run over: name another NIC, or choose another tunnel interface`;
  const internal = dependents.internal.find((address) => own.has(address));
  if (internal !== undefined)
    return `InterfaceInUse: ${nic} has ${internal}, by which the cluster reaches this node: name another NIC`;
  return undefined;
}
