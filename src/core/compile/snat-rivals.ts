/** Rules that say by which address a prefix of a VPC leaves. */
import { type Cidr, formatCidr } from '../../lib/netaddr/cidr.ts';
import { formatIp, width } from '../../lib/netaddr/ip.ts';
import { eipNameOf, type SnatKind } from '../external/families.ts';
import { vpcOfEip } from './eip.ts';
import type { Read } from './rule.ts';
import { subnetCovering } from './vpc-subnets.ts';

/** of a prefix that is one address */
function interfacesAt(vpc: string, prefix: Cidr, read: Pick<Read, 'keys'>): readonly string[] {
  if (prefix.bits < width(prefix.family)) return [];
  const subnet = subnetCovering(vpc, prefix, read);
  const text = formatIp({ family: prefix.family, value: prefix.base });
  return subnet === undefined ? [] : read.keys('IP', 'address', `${subnet}|${text}`);
}

/** exactly this prefix */
export function snatRulesOf(
  vpc: string,
  prefix: Cidr,
  read: Pick<Read, 'get' | 'keys'>,
): readonly { readonly kind: SnatKind; readonly name: string }[] {
  const text = formatCidr(prefix);
  const subnets = read.keys('Subnet', 'prefix', `${vpc}|${text}`);
  const ovn = [
    ...read.keys('OvnSnatRule', 'source', `${vpc}|${text}`),
    ...subnets.flatMap((subnet) => read.keys('OvnSnatRule', 'subnet', subnet)),
    ...interfacesAt(vpc, prefix, read).flatMap((ip) => read.keys('OvnSnatRule', 'target', ip)),
  ];
  const iptables = read
    .keys('IptablesSnatRule', 'prefix', text)
    .filter((name) => vpcOfEip(read.get('IptablesSnatRule', name, eipNameOf) ?? '', read) === vpc);
  return [
    ...ovn.map((name) => ({ kind: 'OvnSnatRule', name }) as const),
    ...iptables.map((name) => ({ kind: 'IptablesSnatRule', name }) as const),
  ];
}
