/** The address of a Vip that machines of one namespace and subnet take over from each other. */
import type { Label } from '../select/labels.ts';

export interface SharedAddress {
  readonly namespace: string;
  readonly subnet: string;
  /** one of each family at most */
  readonly ips: readonly string[];
  readonly labels: readonly Label[];
  /** the MAC that goes with the address, where VRRP has one for it (RFC 5798, 7.3); else each machine announces its own */
  readonly mac?: string;
}

/** 00-00-5E-00-01-{VRID} for IPv4, 00-00-5E-00-02-{VRID} for IPv6 (RFC 5798, 7.3) */
const VRRP_MAC = /^00:00:5e:00:0[12]:[0-9a-f]{2}$/;

export function virtualRouterMac(text: string | undefined): string | undefined {
  const mac = text?.toLowerCase() ?? '';
  return VRRP_MAC.test(mac) ? mac : undefined;
}
