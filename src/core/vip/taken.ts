/** A Vip whose address an interface has for its own. */
import type { Vip } from '../../kinds/vip.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { type Ip, parseIp } from '../../lib/netaddr/ip.ts';

export interface TakenAddress {
  readonly ips: readonly Ip[];
  readonly mac: string;
}

/** @returns the addresses, or the tail of a sentence that says why an interface in the subnet cannot have them */
export function takenAddress(name: string, vip: Vip | undefined, subnet: string): TakenAddress | string {
  if (!vip || vip.metadata.deletionTimestamp !== undefined) return `names Vip ${name}, which does not exist: create it`;
  const { subnet: of = '', type = '', v4ip, v6ip, macAddress } = vip.spec ?? {};
  if (of !== subnet)
    return `names Vip ${name} of subnet ${of}, the interface is in ${subnet}: choose one of its subnet`;
  if (type !== '') return `names Vip ${name}, which is of type ${type}: choose one without a type`;
  const ips = [v4ip, v6ip].flatMap((text) => attempt(() => parseIp(text ?? '')) ?? []);
  if (ips.length === 0 || !macAddress) return `names Vip ${name}, which has no address yet (its condition says why)`;
  return { ips, mac: macAddress };
}
