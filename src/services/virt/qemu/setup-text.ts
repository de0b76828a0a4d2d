/** What a guest is, as its own script `guest-setup` reads it. Pure. */
import type { MachineNic } from '../machine/machine.ts';
import { nicCommands } from '../machine/nic-commands.ts';

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

function nicLine(nic: MachineNic): string {
  const { device, mac, mtu, dhcp } = nic;
  if (dhcp) return `nic ${device} ${mac} ${mtu} dhcp`;
  const { required, optional } = nicCommands(nic);
  const strange = [...required, ...optional].find((command) => !/^[\w.:/ -]+$/.test(command));
  if (strange !== undefined)
    throw new Error(`${device} cannot be configured: ${JSON.stringify(strange)} is no command`);
  return `nic ${device} ${mac} ${mtu} static ${required.join(';')}|${optional.join(';')}`;
}
