/** Virtual ports: addresses that interfaces of a switch take over from each other (ovn-nb(5), type virtual). */
import type { Subnet } from '../../kinds/subnet.ts';
import { type Cidr, cidrContains } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import { subnetVipPortName } from '../ovn/names.ts';
import type { Emit, Read } from './rule.ts';

/** @param parents names of ports of the same switch */
export function emitVirtualPort(
  logicalSwitch: string,
  port: string,
  ip: string,
  parents: readonly string[],
  ids: Readonly<Record<string, string>>,
  emit: Emit,
): void {
  emit.child({ table: 'Logical_Switch', key: logicalSwitch, column: 'ports' }, 'Logical_Switch_Port', port, {
    type: 'virtual',
    // without a MAC: it is that of whoever announces the address
    addresses: [],
    port_security: [],
    options: { 'virtual-ip': ip, ...(parents.length > 0 ? { 'virtual-parents': parents.join(',') } : {}) },
    external_ids: { vendor: 'kube-ovn', ls: logicalSwitch, ...ids },
  });
}

/** spec.vips of a subnet, spelled as usual */
export function subnetVips({ spec }: Pick<Subnet, 'spec'>, cidrs: readonly Cidr[]): readonly string[] {
  const ips = (spec?.vips ?? []).flatMap((text) => attempt(() => parseIp(text.trim())) ?? []);
  return [...new Set(ips.filter((ip) => cidrs.some((cidr) => cidrContains(cidr, ip))).map(formatIp))];
}

/** One virtual port for each of them; its parents are the interfaces that name the address. */
export function emitSubnetVips(subnet: string, vips: readonly string[], read: Read, emit: Emit): void {
  for (const ip of vips) {
    const parents = read.keys('IP', 'portVip', `${subnet}|${ip}`).toSorted();
    emitVirtualPort(subnet, subnetVipPortName(subnet, ip), ip, parents, {}, emit);
  }
}
