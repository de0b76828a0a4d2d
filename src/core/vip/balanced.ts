/** What a SwitchLBRule says, read: its address and its ports. */
import type { SwitchLbRule, SwitchLbRuleSpec } from '../../kinds/switch-lb-rule.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { formatIp, type Ip, parseIp } from '../../lib/netaddr/ip.ts';

export const PROTOCOLS = ['tcp', 'udp', 'sctp'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

export interface BalancedPort {
  readonly protocol: Protocol;
  readonly port: number;
  readonly target: number;
}

export function balancedIp({ spec }: Pick<SwitchLbRule, 'spec'>): Ip | undefined {
  return attempt(() => parseIp(spec?.vip ?? ''));
}

/** for an index: one value or none */
export function balancedAddress(rule: Pick<SwitchLbRule, 'spec'>): readonly string[] {
  const ip = balancedIp(rule);
  return ip ? [formatIp(ip)] : [];
}

export function protocolOf(text: string | undefined): Protocol | undefined {
  const name = (text || 'tcp').toLowerCase();
  return PROTOCOLS.find((protocol) => protocol === name);
}

/** the ports that can be read, each once */
export function balancedPorts(spec: SwitchLbRuleSpec | undefined): readonly BalancedPort[] {
  const ports = (spec?.ports ?? []).flatMap(({ port, targetPort, protocol: text }) => {
    const protocol = protocolOf(text);
    return protocol ? [{ protocol, port, target: targetPort || port }] : [];
  });
  return [...new Map(ports.map((one) => [portText(one), one])).values()];
}

/** `80/TCP` */
export function portText({ port, protocol }: BalancedPort): string {
  return `${port}/${protocol.toUpperCase()}`;
}

/** an address and a port as OVN writes them */
export function socketText(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
