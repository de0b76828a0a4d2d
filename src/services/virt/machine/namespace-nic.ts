/** A NIC as a namespace guest has it: what an operating system would do with it. */
import type { ProcessId } from '../../../lib/proc/process-id.ts';
import { CommandError } from '../../../lib/proc/run.ts';
import { batchIn, networkOf, runIn } from './in-namespace.ts';
import type { MachineNic } from './machine.ts';
import { startDhcpClient } from './namespace-dhcp.ts';
import { nicCommands } from './nic-commands.ts';

/** What the guest does with its NIC: it is brought up, and unless the guest asks by DHCP it is told its addresses and routes. */
export async function configureNic(pause: ProcessId, nic: MachineNic): Promise<void> {
  const netns = networkOf(pause);
  const { device, dhcp } = nic;
  if (dhcp) {
    // before the client asks: what is sent in the moment in which a link comes up is lost
    await batchIn(netns, 'ip', [`link set ${device} up`]);
    return startDhcpClient(pause, device);
  }
  const { required, bySource, optional } = nicCommands(nic);
  await batchIn(netns, 'ip', required);
  // rules outlive their NICs, and an earlier NIC keeps its default route
  for (const command of [...bySource, ...optional])
    await runIn(netns, ['ip', ...command.split(' ')]).catch((error: unknown) => {
      if (!(error instanceof CommandError) || !error.stderr.includes('File exists')) throw error;
    });
}
