/** The strings of DHCP and router advertisement options, of a subnet or of one interface. */
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
    const problem = optionsProblem(set, spec[field] ?? '', cidrs, spec.cidrBlock ?? '');
    if (problem !== undefined) findings.invalid(`spec.${field}`, spec[field] ?? '', problem);
  }
}

/** What is wrong with a string of options in a subnet of these prefixes. */
export function optionsProblem(
  set: OptionSet,
  text: string,
  cidrs: readonly Cidr[],
  block: string,
): string | undefined {
  const parsed = parseOptions(set, text);
  if ('problem' in parsed) return parsed.problem;
  const { router } = parsed.options;
  const routers = router?.kind === 'addresses' ? router.addresses : [];
  const outside = routers.find((address) => !cidrs.some((cidr) => cidrContains(cidr, parseIp(address))));
  if (outside !== undefined) return `option router ${outside} is outside of ${block}: guests could not reach it`;
  const prefix = cidrs.find(({ family }) => family === 6);
  if (isSlaac(parsed.options) && prefix && prefix.bits !== 64)
    return `option address_mode: guests make their own addresses in prefixes of 64 bits only (RFC 4862), ${formatCidr(prefix)} is none`;
  return undefined;
}
