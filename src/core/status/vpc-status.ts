import type { Vpc, VpcStatus } from '../../kinds/vpc.ts';
import { DEFAULT_VPC } from '../ovn/names.ts';
import { type Finding, withFindings } from './condition.ts';

/**
 * Status of a VPC: the router, its subnets in order, the Ready condition.
 * @param peers VPCs that it is linked to
 * @param standby the router is in the Northbound database
 */
export function vpcStatus(
  vpc: Vpc,
  subnets: readonly string[],
  peers: readonly string[],
  standby: boolean,
  ready: Finding,
  warning: Finding | undefined,
  now: string,
): VpcStatus {
  return {
    ...vpc.status,
    conditions: withFindings(vpc.status?.conditions as never, ready, warning, now) as never,
    standby,
    default: vpc.metadata.name === DEFAULT_VPC,
    router: vpc.metadata.name,
    subnets: subnets.toSorted(),
    vpcPeerings: [...peers],
    enableExternal: false,
    enableBfd: false,
  };
}
