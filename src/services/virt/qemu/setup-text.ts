/** What a guest is, as its own script `guest-setup` reads it. Pure. */
import type { MachineNic } from '../machine/machine.ts';

export interface GuestIdentity {
  readonly hostname: string;
  /** 32 hexadecimal digits (machine-id(5)) */
  readonly machineId: string;
  readonly nics: readonly MachineNic[];
}

/** @param clock seconds since 1970; a clone wakes up with the time at which it was saved */
export function setupText({ hostname, machineId, nics }: GuestIdentity, clock?: number): string {
  return [
    ...(clock === undefined ? [] : [`time ${Math.round(clock)}`]),
    `hostname ${hostname}`,
    `machine-id ${machineId}`,
    ...nics.map(nicLine),
    'end',
    '',
  ].join('\n');
}

function nicLine({ device, mac, mtu, dhcp, addresses, routes }: MachineNic): string {
  const list = (words: readonly string[]) => (dhcp || words.length === 0 ? '-' : words.join(','));
  const ways = routes.flatMap(({ dst, gw }) => (gw === undefined ? [] : [`${dst}>${gw}`]));
  return `nic ${device} ${mac} ${dhcp ? 'dhcp' : 'static'} ${mtu} ${list(addresses)} ${list(ways)}`;
}
