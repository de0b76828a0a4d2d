/** natOutgoing and the annotation nat-gw of a Subnet: what leaves it is translated to the router's own address outside. */
import { type Cidr, formatCidr } from '../../lib/netaddr/cidr.ts';
import { parseIp } from '../../lib/netaddr/ip.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import { NAT_GATEWAY_ANNOTATION } from '../external/names.ts';
import { askedExternals } from './asked-externals.ts';
import { emitSnat } from './nat-rows.ts';
import type { Emit, Read } from './rule.ts';
import { snatRulesOf } from './snat-rivals.ts';

export function emitSubnetNat({ metadata, spec }: Subnet, cidrs: readonly Cidr[], read: Read, emit: Emit): void {
  const named = metadata.annotations?.[NAT_GATEWAY_ANNOTATION] ?? '';
  if (named === '' && spec?.natOutgoing !== true) return;
  const vpc = spec?.vpc ?? '';
  // a rule of the subnet's own says by which address
  if (read.keys('OvnSnatRule', 'subnet', metadata.name).length > 0) return;
  const untold = cidrs.filter((cidr) => snatRulesOf(vpc, cidr, read).length === 0);
  const field = named === '' ? 'spec.natOutgoing' : `metadata.annotations[${NAT_GATEWAY_ANNOTATION}]`;
  const asked = named !== '' ? [named] : askedExternals(vpc, read).map(({ subnet }) => subnet);
  // by whichever it leaves
  const links = asked.flatMap((external) => {
    const link = read.fact('VpcExternal', `${vpc}|${external}`);
    return link ? [{ external, link }] : [];
  });
  if (links.length === 0) {
    const [first] = asked;
    emit.issue({
      reason: 'ExternalNotConnected',
      field,
      message: `${field}: VPC ${vpc} is not connected to ${first === undefined ? 'an external subnet' : `external subnet ${first}`}, so nothing leaves: ${
        first === undefined
          ? 'set spec.enableExternal of the VPC'
          : `name it in spec.extraExternalSubnets of the VPC, or see its Ready condition`
      }`,
    });
    return;
  }
  for (const { external, link } of links)
    for (const cidr of untold) {
      const address = link.addresses.find((text) => parseIp(text).family === cidr.family);
      if (address === undefined) {
        emit.issue({
          reason: 'FamilyMismatch',
          severity: 'warning',
          field,
          message: `${field}: external subnet ${external} has no IPv${cidr.family} prefix, so ${formatCidr(cidr)} does not leave: give it one, or use IPv${cidr.family === 4 ? 6 : 4} outside`,
        });
        continue;
      }
      emitSnat({ vpc, subnet: external, external: address, logical: cidr, link, anyWay: named === '' }, emit);
    }
}
