/** The option strings of a subnet or of an interface, each with the path where it stands. */
import type { SubnetSpec } from '../../kinds/subnet.ts';
import { type Options, parseOptions } from './option-text.ts';
import type { OptionSet } from './option-types.ts';

/** field of a subnet's spec -> the options that it holds */
export const OPTION_FIELDS = {
  dhcpV4Options: 'dhcpv4',
  dhcpV6Options: 'dhcpv6',
  ipv6RAConfigs: 'ra',
} as const satisfies Readonly<Record<string, OptionSet>>;

/** annotation of an interface (`<provider>.kubernetes.io/<key>`) -> the options that it holds */
export const OPTION_ANNOTATIONS = {
  'dhcp-v4-options': 'dhcpv4',
  'dhcp-v6-options': 'dhcpv6',
} as const satisfies Readonly<Record<string, OptionSet>>;

/** Options that can be read; a string that cannot (it came past the door) counts as none, `onProblem` hears why. */
export function optionsOr(set: OptionSet, text: string | undefined, onProblem: (problem: string) => void): Options {
  const parsed = parseOptions(set, text ?? '');
  if ('options' in parsed) return parsed.options;
  onProblem(parsed.problem);
  return {};
}

/**
 * Router advertisements are sent when the field says so, and, if it says nothing, when DHCP is on: without them no guest would ask for
 * DHCPv6, nor have a default route.
 */
export function sendsAdvertisements({ enableIPv6RA, enableDHCP }: SubnetSpec): boolean {
  return enableIPv6RA ?? enableDHCP ?? false;
}
