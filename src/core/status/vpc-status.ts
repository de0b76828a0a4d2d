import type { Vpc, VpcStatus } from '../../kinds/vpc.ts';
import { DEFAULT_VPC } from '../ovn/names.ts';
import { type Finding, withFindings } from './condition.ts';

/** What is seen of a VPC's router. */
export interface RouterView {
  /** VPCs that it is linked to */
  readonly peers: readonly string[];
  /** external subnets that it is connected to */
  readonly externals: readonly string[];
  /** it is in the Northbound database */
  readonly standby: boolean;
}

interface Findings {
  readonly ready: Finding;
  readonly warning: Finding | undefined;
  /** RFC 3339 */
  readonly now: string;
}

/** Status of a VPC: the router, its subnets in order, the Ready condition. */
export function vpcStatus(
  vpc: Vpc,
  subnets: readonly string[],
  { peers, externals, standby }: RouterView,
  { ready, warning, now }: Findings,
): VpcStatus {
  return {
    ...vpc.status,
    conditions: withFindings(vpc.status?.conditions as never, ready, warning, now) as never,
    standby,
    default: vpc.metadata.name === DEFAULT_VPC,
    router: vpc.metadata.name,
    subnets: subnets.toSorted(),
    vpcPeerings: [...peers],
    enableExternal: vpc.spec?.enableExternal === true && externals.length > 0,
    extraExternalSubnets: externals.filter((subnet) => vpc.spec?.extraExternalSubnets?.includes(subnet)),
    enableBfd: vpc.spec?.enableBfd === true,
  };
}
