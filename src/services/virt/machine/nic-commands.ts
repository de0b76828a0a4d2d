/** What a guest does with a NIC whose addresses it is told, as arguments of ip(8). Pure. */
import { sourceRoutes } from '../../../core/ipam/source-routes.ts';
import type { MachineNic, MachineRoute } from './machine.ts';

/** above the metrics of connected routes (0, for IPv6 256): a network that the guest is on is reached by that NIC */
const FIRST_METRIC = 1024;

export interface NicCommands {
  /** may be given to `ip -batch` */
  readonly required: readonly string[];
  /** one by one; these may find that what they add is there already, by an earlier NIC (a default route) or an earlier life of this one */
  readonly optional: readonly string[];
}

export function nicCommands({ device, addresses, routes, index }: MachineNic): NicCommands {
  const metric = FIRST_METRIC + index;
  // of the default routes first
  const gateways = [...routes.filter(isDefault), ...routes].flatMap(({ gw }) => gw ?? []);
  return {
    required: [
      ...addresses.map((address) => `addr add ${address} dev ${device}${address.includes(':') ? ' nodad' : ''}`),
      `link set ${device} up`,
      ...routes
        .filter((route) => !isDefault(route))
        .map(({ dst, gw }) => `route replace ${dst}${via(gw)} dev ${device} metric ${metric}`),
    ],
    optional: [
      ...sourceRoutes(device, index, addresses, gateways, routes).flatMap(({ family, commands }) =>
        commands.map((command) => `-${family} ${command}`),
      ),
      ...routes.filter(isDefault).map(({ dst, gw }) => `route add ${dst}${via(gw)} dev ${device}`),
    ],
  };
}

function isDefault({ dst }: MachineRoute): boolean {
  return dst === '0.0.0.0/0' || dst === '::/0';
}

function via(gw: string | undefined): string {
  return gw === undefined ? '' : ` via ${gw}`;
}
