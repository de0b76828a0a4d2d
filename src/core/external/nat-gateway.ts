/** What a VpcNatGateway asks for. Kube-OVN runs pods for it; here it is the router of its VPC. */
import type { VpcNatGateway } from '../../kinds/vpc-nat-gateway.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { formatIp, type Ip, parseIp } from '../../lib/netaddr/ip.ts';
import { DEFAULT_EXTERNAL_SUBNET } from './names.ts';

/** in order */
export function gatewaySubnetsOf({ spec }: VpcNatGateway): readonly string[] {
  const named = [...new Set(spec?.externalSubnets ?? [])].filter((name) => name !== '');
  return named.length > 0 ? named : [DEFAULT_EXTERNAL_SUBNET];
}

/** spec.lanIp: one address, or one of each family, separated by comma */
export function lanIpsOf({ spec }: VpcNatGateway): readonly Ip[] {
  return (spec?.lanIp ?? '').split(',').flatMap((text) => attempt(() => parseIp(text.trim())) ?? []);
}

/** `<subnet>|<address>` of each, for an index */
export function lanIpKeys(gateway: VpcNatGateway): readonly string[] {
  return lanIpsOf(gateway).map((ip) => `${gateway.spec?.subnet ?? ''}|${formatIp(ip)}`);
}
