/**
 * Next hops that are the lanIp of a VpcNatGateway. Where a pod of Kube-OVN would be there is nobody: what is sent there goes on to the physical router
 * of the gateway's external subnet at once.
 */
import type { VpcSpec } from '../../kinds/vpc.ts';
import { parsePrefix } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { formatIp, type Ip, parseIp } from '../../lib/netaddr/ip.ts';
import { gatewaySubnetsOf, lanIpsOf } from '../external/nat-gateway.ts';
import { natGatewaysOf } from './asked-externals.ts';
import type { Read } from './rule.ts';
import { type External, externalHolding } from './vpc-external.ts';

export interface NatGateway {
  readonly name: string;
  readonly lanIps: readonly Ip[];
  /** external subnets that it leads to, in order */
  readonly subnets: readonly string[];
}

export function natGatewayHops(vpc: string, read: Read): readonly NatGateway[] {
  return natGatewaysOf(vpc, read).flatMap(
    (name) =>
      read.get('VpcNatGateway', name, (gateway) => ({
        name,
        lanIps: lanIpsOf(gateway),
        subnets: gatewaySubnetsOf(gateway),
      })) ?? [],
  );
}

/** @returns the physical router that packets for such an address go to, or why they go nowhere; undefined: it is no such address */
export function behindGateway(
  address: Ip,
  gateways: readonly NatGateway[],
  externals: readonly External[],
): Ip | string | undefined {
  const found = gateways.find(({ lanIps }) =>
    lanIps.some(({ family, value }) => family === address.family && value === address.value),
  );
  if (!found) return undefined;
  const routers = found.subnets.flatMap(
    (subnet) => externals.find((external) => external.subnet === subnet)?.gateways ?? [],
  );
  return (
    routers.find(({ family }) => family === address.family) ??
    `${formatIp(address)} is VpcNatGateway ${found.name}, which leads to no IPv${address.family} router now (its Ready condition says why)`
  );
}

/** The external subnet that the users' own default routes lead to is the first: what is translated elsewhere is sent there by policies. */
export function withDefaultFirst(
  spec: VpcSpec | undefined,
  gateways: readonly NatGateway[],
  externals: readonly External[],
): readonly External[] {
  const led = new Set(
    (spec?.staticRoutes ?? []).flatMap(({ cidr = '', nextHopIP = '', policy }) => {
      const hop = attempt(() => parseIp(nextHopIP));
      if (!hop || policy === 'policySrc' || attempt(() => parsePrefix(cidr))?.bits !== 0) return [];
      const router = behindGateway(hop, gateways, externals) ?? hop;
      return typeof router === 'string' ? [] : (externalHolding(router, externals)?.subnet ?? []);
    }),
  );
  if (led.size !== 1) return externals;
  return externals.toSorted((a, b) => Number(led.has(b.subnet)) - Number(led.has(a.subnet)));
}
