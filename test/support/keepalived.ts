/** keepalived(8) inside of a machine. */
import type { InternetLab } from './internet-lab.ts';
import { DEVICE } from './vip-guests.ts';

/** milliseconds between two advertisements */
export const ADVERTISEMENT = 40;

/** VRRP version 3 (RFC 9568), advertisements: a backup takes over after three of them and its skew */
const config = (priority: number, addresses: readonly string[]) => `
global_defs {
  vrrp_version 3
}
vrrp_instance front {
  state BACKUP
  interface ${DEVICE}
  virtual_router_id 51
  priority ${priority}
  advert_int ${ADVERTISEMENT / 1000}
  virtual_ipaddress {
    ${addresses.map((address) => `${address} dev ${DEVICE}`).join('\n    ')}
  }
}
`;

/** @param priority 1 to 254, the highest that lives has the addresses @param addresses with prefix lengths, of one family */
export async function keepalived(
  at: InternetLab,
  machine: string,
  priority: number,
  addresses: readonly string[],
): Promise<void> {
  const start =
    'printf %s "$0" > /run/keepalived.conf && chmod 600 /run/keepalived.conf && exec keepalived -f /run/keepalived.conf -p /run/keepalived.pid -r /run/vrrp.pid -c /run/checkers.pid -l -G';
  const { code, stderr } = await at.run(
    machine,
    'sh',
    '-c',
    `${start} >/dev/null 2>&1 </dev/null`,
    config(priority, addresses),
  );
  if (code !== 0) throw new Error(`keepalived in ${machine}: ${stderr}`);
}

/** It gives its addresses up, and is gone. */
export async function endKeepalived(at: InternetLab, machine: string): Promise<void> {
  const end = 'pid=$(cat /run/keepalived.pid) && kill $pid && while kill -0 $pid 2>/dev/null; do sleep 0.05; done';
  await at.run(machine, 'sh', '-c', end);
}
