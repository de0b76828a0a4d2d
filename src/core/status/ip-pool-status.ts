import type { IpPool, IpPoolStatus } from '../../kinds/ip-pool.ts';
import type { PoolUsage } from '../ipam/pool.ts';
import { type Finding, withCondition } from './condition.ts';
import { counter, NO_USAGE } from './subnet-status.ts';

/** Status of a pool: counters and ranges of both families, the Ready condition. */
export function ipPoolStatus(
  pool: IpPool,
  usage: (family: 4 | 6) => PoolUsage | undefined,
  ready: Finding,
  now: string,
): IpPoolStatus {
  return {
    ...pool.status,
    conditions: withCondition(pool.status?.conditions as never, ready, now) as never,
    ...family('v4', usage(4) ?? NO_USAGE),
    ...family('v6', usage(6) ?? NO_USAGE),
  };
}

function family(name: 'v4' | 'v6', usage: PoolUsage): Partial<IpPoolStatus> {
  return {
    [`${name}AvailableIPs`]: counter(usage.available),
    [`${name}AvailableIPRange`]: usage.availableRange,
    [`${name}UsingIPs`]: counter(usage.using),
    [`${name}UsingIPRange`]: usage.usingRange,
  };
}
