import type { IpObject } from '../../kinds/ip.ts';
import type { Subnet, SubnetStatus } from '../../kinds/subnet.ts';
import type { PoolUsage } from '../ipam/pool.ts';
import { type Finding, withFindings } from './condition.ts';

export const NO_USAGE: PoolUsage = { available: 0n, availableRange: '', using: 0n, usingRange: '' };

/** UUIDs of the subnet's DHCP_Options rows, where there are any */
export interface DhcpRows {
  readonly v4: string | undefined;
  readonly v6: string | undefined;
}

/**
 * Status of a subnet: counters and ranges of both families, the Ready condition. Counters beyond 2^53 stay exact (bigint).
 * @param router what holds the address of the VPC's router beside a physical gateway
 */
export function subnetStatus(
  subnet: Subnet,
  v4: PoolUsage | undefined,
  v6: PoolUsage | undefined,
  ready: Finding,
  warning: Finding | undefined,
  { dhcp, router }: { readonly dhcp: DhcpRows; readonly router: IpObject | undefined },
  now: string,
): SubnetStatus {
  return {
    ...subnet.status,
    conditions: withFindings(subnet.status?.conditions as never, ready, warning, now) as never,
    ...family('v4', v4 ?? NO_USAGE),
    ...family('v6', v6 ?? NO_USAGE),
    activateGateway: '',
    dhcpV4OptionsUUID: dhcp.v4 ?? '',
    dhcpV6OptionsUUID: dhcp.v6 ?? '',
    u2oInterconnectionIP: router?.spec?.ipAddress ?? '',
    u2oInterconnectionMAC: router?.spec?.macAddress ?? '',
    u2oInterconnectionVPC: router ? (subnet.spec?.vpc ?? '') : '',
  };
}

function family(name: 'v4' | 'v6', usage: PoolUsage): Partial<SubnetStatus> {
  return {
    [`${name}availableIPs`]: counter(usage.available),
    [`${name}availableIPrange`]: usage.availableRange,
    [`${name}usingIPs`]: counter(usage.using),
    [`${name}usingIPrange`]: usage.usingRange,
  };
}

/** exact beyond 2^53 */
export function counter(value: bigint): number | bigint {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}
