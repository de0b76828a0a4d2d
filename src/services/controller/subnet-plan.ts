/** What the allocator needs to know of a subnet. */
import { isSlaac } from '../../core/dhcp/guest-options.ts';
import { optionsOr, sendsAdvertisements } from '../../core/dhcp/subnet-options.ts';
import type { SubnetPlan } from '../../core/ipam/allocator.ts';
import { isMacOnly } from '../../core/vlan/vlan-subnet.ts';
import { macFor } from '../../core/ovn/mac.ts';
import { logicalRouterPortName } from '../../core/ovn/names.ts';
import { parseInterface } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { parseIp } from '../../lib/netaddr/ip.ts';
import { parseRange } from '../../lib/netaddr/range.ts';
import type { Subnet } from '../../kinds/subnet.ts';

/** undefined when its prefixes cannot be read */
export function subnetPlan({ metadata, spec }: Subnet): SubnetPlan | undefined {
  const texts = isMacOnly(spec) ? [] : (spec?.cidrBlock ?? '').split(',');
  const cidrs = texts.map((text) => attempt(() => parseInterface(text.trim()).cidr));
  if (cidrs.includes(undefined)) return undefined;
  return {
    cidrs: cidrs.filter((cidr) => cidr !== undefined),
    gateways: (spec?.gateway ?? '').split(',').flatMap((text) => attempt(() => parseIp(text.trim())) ?? []),
    // its own virtual addresses are for whoever takes them over
    excluded: [...(spec?.excludeIps ?? []), ...(spec?.vips ?? [])].flatMap(
      (text) => attempt(() => parseRange(text)) ?? [],
    ),
    slaac: isSlaac(optionsOr('ra', spec?.ipv6RAConfigs, () => undefined)) && sendsAdvertisements(spec ?? {}),
    routerMac: macFor(logicalRouterPortName(spec?.vpc ?? '', metadata.name)),
  };
}
