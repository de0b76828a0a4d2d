/** The DHCP client of guests: dhcpcd(8), which speaks DHCPv4, DHCPv6 and router advertisements, one for each NIC. */
import { chmod, copyFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { isRunning, type ProcessId } from '../../../lib/proc/process-id.ts';
import { run } from '../../../lib/proc/run.ts';

/** seconds until it is in the background; it goes on asking there */
const DEADLINE = 15;

/**
 * dhcpcd.conf(5). Addresses that the guest makes itself follow from its MAC, as port security wants it; nobody else can have the address that
 * OVN offers, so nobody is asked.
 */
export const DHCP_CONFIGURATION = `duid ll
hostname
option domain_name_servers, domain_name, domain_search, host_name, ntp_servers
option classless_static_routes, ms_classless_static_routes, interface_mtu
slaac hwaddr
nodelay
noarp
noipv4ll
nohook mtu, yp, ntp, timezone, wpa_supplicant
`;

export const DHCP_HOOK = fileURLToPath(new URL('dhcpcd-hook.sh', import.meta.url));
/** below the root of a machine, which need not see where Weft is installed */
const HOOK_FILE = '/run/dhcpcd-hook';
/** below the root of a machine; the client reads it again for each NIC */
const CONFIGURATION_FILE = '/run/dhcpcd.conf';

/** Starts the client in the namespaces of a machine; it ends with the machine. */
export async function startDhcpClient(pause: ProcessId, device: string): Promise<void> {
  const root = `/proc/${pause.pid}/root`;
  await writeFile(`${root}${CONFIGURATION_FILE}`, DHCP_CONFIGURATION);
  await copyFile(DHCP_HOOK, `${root}${HOOK_FILE}`);
  await chmod(`${root}${HOOK_FILE}`, 0o755);
  await dhcpcd(pause, ['--config', CONFIGURATION_FILE, '--script', HOOK_FILE, '--background', '--quiet', device]);
}

/** Ends the client of a NIC that goes; one that does not run is fine. */
export async function stopDhcpClient(pause: ProcessId, device: string): Promise<void> {
  if (isRunning(pause)) await dhcpcd(pause, ['--exit', device]).catch(() => undefined);
}

async function dhcpcd({ pid }: ProcessId, options: readonly string[]): Promise<void> {
  const inside = ['nsenter', '-t', String(pid), '--net', '--mount', '--uts', '--'];
  await run([...inside, 'dhcpcd', ...options], { deadline: DEADLINE });
}
