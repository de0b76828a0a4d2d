/**
 * Routes by source address, for a guest with several interfaces: what is sent from an interface's address leaves by that interface. Otherwise
 * the answer to a packet that came by one would leave by another, where port security drops it.
 */
import { formatCidr, parseInterface } from '../../lib/netaddr/cidr.ts';
import type { Family } from '../../lib/netaddr/ip.ts';

/** tables of their own, apart from those that distributions name (rt_tables of iproute2: 253 to 255) */
const FIRST_TABLE = 100;
/** before the main table (32766) */
const FIRST_PRIORITY = 1000;

export interface FamilyCommands {
  /** rules are of one family each: `ip -4` or `ip -6` */
  readonly family: Family;
  /** for `ip -batch` */
  readonly commands: readonly string[];
}

/**
 * @param addresses `10.0.0.5/16`
 * @param gateways of either family
 * @param routes of the interface; those by another router than the gateway count here too
 */
export function sourceRoutes(
  device: string,
  index: number,
  addresses: readonly string[],
  gateways: readonly string[],
  routes: readonly { readonly dst: string; readonly gw?: string | undefined }[] = [],
): readonly FamilyCommands[] {
  const table = FIRST_TABLE + index;
  return addresses.map((text) => {
    const { cidr } = parseInterface(text);
    const gateway = gateways.find((address) => address.includes(':') === (cidr.family === 6));
    const commands = [
      `route replace ${formatCidr(cidr)} dev ${device} table ${table}`,
      ...(gateway === undefined ? [] : [`route replace default via ${gateway} dev ${device} table ${table}`]),
      ...routes
        .filter(({ dst, gw }) => gw !== undefined && gw !== gateway && dst.includes(':') === (cidr.family === 6))
        .map(({ dst, gw }) => `route replace ${dst} via ${gw} dev ${device} table ${table}`),
      `rule add from ${text.slice(0, text.indexOf('/'))} lookup ${table} priority ${FIRST_PRIORITY + index}`,
    ];
    return { family: cidr.family, commands };
  });
}
