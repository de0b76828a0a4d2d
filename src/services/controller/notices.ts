/** Events about changes whose effect a person would otherwise have to guess: what guests that run learn when, what a copy did not keep. */
import { NOT_COPIED } from '../../core/admit/machine-copy.ts';
import { DNS_SEARCH_ANNOTATION, DNS_SERVERS_ANNOTATION } from '../../core/dhcp/guest-options.ts';
import { equal } from '../../core/ovn/equal.ts';
import type { Subnet, SubnetSpec } from '../../kinds/subnet.ts';
import type { Vpc } from '../../kinds/vpc.ts';
import type { VirtualMachine } from '../../kinds/virtual-machine.ts';

export interface Notice {
  readonly reason: string;
  readonly message: string;
}

/** fields of a subnet that guests learn by DHCP or router advertisement */
const TOLD_TO_GUESTS = [
  'enableDHCP',
  'dhcpV4Options',
  'dhcpV6Options',
  'enableIPv6RA',
  'ipv6RAConfigs',
  'mtu',
] as const;

/** @param users number of interfaces in the subnet */
export function subnetNotice(old: Subnet | undefined, now: Subnet | undefined, users: number): Notice | undefined {
  if (!old || !now || users === 0) return undefined;
  const changed = TOLD_TO_GUESTS.filter((field) => !equal(old.spec?.[field], now.spec?.[field]));
  if (changed.length === 0) return undefined;
  return {
    reason: 'GuestSettingsChanged',
    message: `${changed.map((field) => `spec.${field}`).join(', ')} changed for ${users} interfaces: in force in OVN at once, addresses stay; ${whenLearned(now.spec ?? {}, changed)}`,
  };
}

/** What a change of a VPC means for guests that run. */
export function vpcNotice(old: Vpc | undefined, now: Vpc | undefined): Notice | undefined {
  if (!old || !now) return undefined;
  const changed = [
    ...(equal(old.spec?.staticRoutes, now.spec?.staticRoutes) ? [] : ['spec.staticRoutes']),
    ...[DNS_SERVERS_ANNOTATION, DNS_SEARCH_ANNOTATION]
      .filter((key) => old.metadata.annotations?.[key] !== now.metadata.annotations?.[key])
      .map((key) => `annotation ${key}`),
  ];
  if (changed.length === 0) return undefined;
  return {
    reason: 'GuestSettingsChanged',
    message: `${changed.join(', ')} changed: in force in OVN at once; guests of subnets with DHCP learn it when they renew their lease, others when they start anew`,
  };
}

function whenLearned({ enableDHCP }: SubnetSpec, changed: readonly string[]): string {
  if (changed.includes('enableDHCP'))
    return enableDHCP === true
      ? 'guests that run keep the configuration they have, those that start ask for it by DHCP'
      : 'guests that run keep their addresses until their leases end and are not renewed: give them a configuration of their own, or start them anew';
  if (enableDHCP !== true) return 'guests that run keep what they have until they start anew';
  return 'guests learn the new values when they renew their lease (half of lease_time, at most), or when their client is started anew';
}

/** A machine that was just made as a copy. */
export function copyNotice(vm: VirtualMachine): Notice | undefined {
  const lost = vm.metadata.annotations?.[NOT_COPIED];
  if (lost === undefined) return undefined;
  return {
    reason: 'AddressesNotCopied',
    message: `this machine is a copy and gets addresses of its own: it did not keep ${lost}`,
  };
}
