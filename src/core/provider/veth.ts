/** A Linux bridge as uplink: it stays what it is, and a pair of devices connects the two bridges. */
import type { Step } from './plan.ts';
import type { Device, NodeState } from './state.ts';

export function isLinuxBridge({ kind }: Device): boolean {
  return kind === 'bridge';
}

/** the end in Open vSwitch; a ProviderNetwork's name has at most 12 characters */
export function switchEnd(provider: string): string {
  return `s-${provider}`;
}

function bridgeEnd(provider: string): string {
  return `b-${provider}`;
}

export function vethStep(provider: string, linux: Device, { devices }: NodeState): Step | undefined {
  const [here, there] = [switchEnd(provider), bridgeEnd(provider)];
  const pair = devices.get(there);
  if (!pair)
    return { do: 'ip', lines: [`link add ${there} mtu ${linux.mtu} type veth peer name ${here} mtu ${linux.mtu}`] };
  const lines = [
    ...(pair.master === linux.name ? [] : [`link set ${there} master ${linux.name}`]),
    ...[there, here].flatMap((name) => (devices.get(name)?.up === false ? [`link set ${name} up`] : [])),
  ];
  return lines.length > 0 ? { do: 'ip', lines } : undefined;
}

export function vethUndoLines(provider: string, { devices }: NodeState): readonly string[] {
  const end = devices.get(bridgeEnd(provider));
  return end?.kind === 'veth' ? [`link del ${end.name}`] : [];
}
