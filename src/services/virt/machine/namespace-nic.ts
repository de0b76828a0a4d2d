/** A NIC as a namespace guest has it: what an operating system would do with it. */
import { sourceRoutes } from '../../../core/ipam/source-routes.ts';
import type { ProcessId } from '../../../lib/proc/process-id.ts';
import { CommandError } from '../../../lib/proc/run.ts';
import { batchIn, networkOf, runIn } from './in-namespace.ts';
import type { MachineNic, MachineRoute } from './machine.ts';
import { startDhcpClient } from './namespace-dhcp.ts';

/** above the metrics of connected routes (0, for IPv6 256): a network that the guest is on is reached by that NIC */
const FIRST_METRIC = 1024;

/** What the guest does with its NIC: it is brought up, and unless the guest asks by DHCP it is told its addresses and routes. */
export async function configureNic(
  pause: ProcessId,
  { device, addresses, routes, index, dhcp }: MachineNic,
): Promise<void> {
  const netns = networkOf(pause);
  if (dhcp) {
    // before the client asks: what is sent in the moment in which a link comes up is lost
    await batchIn(netns, 'ip', [`link set ${device} up`]);
    return startDhcpClient(pause, device);
  }
  const metric = FIRST_METRIC + index;
  await batchIn(netns, 'ip', [
    ...addresses.map((address) => `addr add ${address} dev ${device}${address.includes(':') ? ' nodad' : ''}`),
    `link set ${device} up`,
    ...routes
      .filter((route) => !isDefault(route))
      .map(({ dst, gw }) => `route replace ${dst}${via(gw)} dev ${device} metric ${metric}`),
  ]);
  const gateways = routes.flatMap(({ gw }) => gw ?? []);
  for (const { family, commands } of sourceRoutes(device, index, addresses, gateways))
    await runIn(netns, ['ip', `-${family}`, '-batch', '-'], `${commands.join('\n')}\n`);
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
