import type { Vpc, VpcStatus } from '../../kinds/vpc.ts';
import { type Finding, withCondition } from './condition.ts';

/**
 * Status of a VPC: the router, its subnets in order, the Ready condition.
 * @param standby the router is in the Northbound database
 */
export function vpcStatus(
  vpc: Vpc,
  subnets: readonly string[],
  standby: boolean,
  ready: Finding,
  now: string,
): VpcStatus {
  return {
    ...vpc.status,
    conditions: withCondition(vpc.status?.conditions as never, ready, now) as never,
    standby,
    default: false,
    router: vpc.metadata.name,
    subnets: subnets.toSorted(),
    enableExternal: false,
    enableBfd: false,
  };
}
