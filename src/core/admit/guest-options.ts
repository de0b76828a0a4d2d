/** The strings of DHCP and router advertisement options of a subnet. */
import { type Cidr, cidrContains, formatCidr } from '../../lib/netaddr/cidr.ts';
import { parseIp } from '../../lib/netaddr/ip.ts';
import type { SubnetSpec } from '../../kinds/subnet.ts';
import { isSlaac } from '../dhcp/guest-options.ts';
import { parseOptions } from '../dhcp/option-text.ts';
import type { OptionSet } from '../dhcp/option-types.ts';
import { OPTION_FIELDS } from '../dhcp/subnet-options.ts';
import type { Findings } from './verdict.ts';

export function checkGuestOptions(spec: SubnetSpec, cidrs: readonly Cidr[], findings: Findings): void {
  for (const [field, set] of Object.entries(OPTION_FIELDS) as [keyof typeof OPTION_FIELDS, OptionSet][]) {
    const path = `spec.${field}`;
    const text = spec[field] ?? '';
    const parsed = parseOptions(set, text);
    if ('problem' in parsed) {
      findings.invalid(path, text, parsed.problem);
      continue;
    }
    const { router } = parsed.options;
    const routers = router?.kind === 'addresses' ? router.addresses : [];
    const outside = routers.find((address) => !cidrs.some((cidr) => cidrContains(cidr, parseIp(address))));
    if (outside !== undefined)
      findings.invalid(
        path,
        text,
        `option router ${outside} is outside of ${spec.cidrBlock}: guests could not reach it`,
      );
    const prefix = cidrs.find(({ family }) => family === 6);
    if (isSlaac(parsed.options) && prefix && prefix.bits !== 64)
      findings.invalid(
        path,
        text,
        `option address_mode: guests make their own addresses in prefixes of 64 bits only (RFC 4862), ${formatCidr(prefix)} is none`,
      );
  }
}
