/** What a subnet is in: the overlay, or a VLAN. The rest of a subnet follows from this in one way. */
import { type Cidr, cidrContains, formatCidr, parseInterface } from '../../lib/netaddr/cidr.ts';
import { AddressError } from '../../lib/netaddr/error.ts';
import { formatIp, type Ip, parseIp } from '../../lib/netaddr/ip.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { GuestNetwork, VpcGuestSettings } from '../dhcp/guest-options.ts';
import { isMacOnly, isOnVlan, isRouted, prefixScopes } from '../vlan/vlan-subnet.ts';
import type { Outside } from './access-rows.ts';
import type { GatewayGroup } from './gateway-group.ts';
import type { Emit, Read } from './rule.ts';
import { olderOverlap } from './vpc-subnets.ts';

export interface Site {
  readonly networks: readonly GuestNetwork[];
  readonly outside: Outside;
  /** what guests are told of a VPC; absent where no router of one is */
  readonly guests?: string;
  /** instead of that */
  readonly settings?: VpcGuestSettings;
  readonly router?: RouterPort;
  /** the router is where guests leave by */
  readonly isGateway: boolean;
  readonly vlan?: { readonly provider: string; readonly tag: number };
}

/** the port of a VPC's router in the subnet */
export interface RouterPort {
  readonly mac: string;
  readonly addresses: readonly Ip[];
  /** on a physical network: who carries it */
  readonly carriers?: GatewayGroup;
}

export interface AddressPlan {
  readonly cidrs: readonly Cidr[];
  /** spec.gateway in each */
  readonly gateways: readonly string[];
}

export function addressPlan({ spec }: Subnet, emit: Emit): AddressPlan | undefined {
  if (isMacOnly(spec)) return { cidrs: [], gateways: [] };
  try {
    const cidrs = (spec?.cidrBlock ?? '').split(',').map((text) => parseInterface(text).cidr);
    const gateways = (spec?.gateway ?? '').split(',').map((text) => parseIp(text));
    return { cidrs, gateways: cidrs.map((cidr) => gatewayText(cidr, gateways)) };
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    emit.issue({
      reason: 'InvalidSpec',
      field: 'spec.cidrBlock',
      message: `spec.cidrBlock, spec.gateway: ${error.message}: correct it`,
    });
    return undefined;
  }
}

function gatewayText(cidr: Cidr, gateways: readonly Ip[]): string {
  const gateway = gateways.find((ip) => cidrContains(cidr, ip));
  if (!gateway) throw new AddressError(formatCidr(cidr), 'has no gateway inside it');
  return formatIp(gateway);
}

/** What has to be there first, said where it is not: the VPC whose router is in the subnet, the VLAN that it is on, prefixes of its own. */
export function hasPlace(subnet: Subnet, { cidrs }: AddressPlan, read: Read, emit: Emit): boolean {
  const { spec } = subnet;
  const { vpc = '', vlan = '' } = spec ?? {};
  if (isRouted(spec) && !read.fact('VpcRouter', vpc)) {
    emit.issue({
      reason: 'VpcNotFound',
      field: 'spec.vpc',
      message: `spec.vpc: there is no VPC ${JSON.stringify(vpc)}: create it, or name another one`,
    });
    return false;
  }
  if (isOnVlan(spec) && !read.fact('VlanNetwork', vlan)) {
    emit.issue({
      reason: 'VlanNotFound',
      field: 'spec.vlan',
      message: `spec.vlan: there is no Vlan ${JSON.stringify(vlan)}, or it is not in force (its Ready condition says why): create it, or name another one`,
    });
    return false;
  }
  for (const scope of prefixScopes(spec)) {
    const older = olderOverlap(subnet, scope, cidrs, read);
    if (older === undefined) continue;
    emit.issue({
      reason: 'CidrOverlap',
      field: 'spec.cidrBlock',
      message: `spec.cidrBlock: ${spec?.cidrBlock} overlaps subnet ${older} of the same ${scope === vpc ? 'VPC' : 'VLAN'}: choose another prefix`,
    });
    return false;
  }
  return true;
}
