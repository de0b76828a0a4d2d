/** Statuses of OvnEip, OvnFip, OvnSnatRule and OvnDnatRule, as Kube-OVN spells them. */
import { formatIp, type Ip } from '../../lib/netaddr/ip.ts';
import type { OvnDnatRule, OvnDnatRuleStatus } from '../../kinds/ovn-dnat-rule.ts';
import type { OvnEip, OvnEipStatus } from '../../kinds/ovn-eip.ts';
import type { OvnFip, OvnFipStatus } from '../../kinds/ovn-fip.ts';
import type { OvnSnatRule, OvnSnatRuleStatus } from '../../kinds/ovn-snat-rule.ts';
import type { Translation } from '../compile/translation.ts';
import { type Finding, withFindings } from './condition.ts';

export interface NatFindings {
  readonly ready: Finding;
  readonly warning: Finding | undefined;
  /** RFC 3339 */
  readonly now: string;
}

function common(object: { readonly status?: { readonly conditions?: unknown } }, { ready, warning, now }: NatFindings) {
  return {
    conditions: withFindings(object.status?.conditions as never, ready, warning, now) as never,
    ready: ready.status === 'True',
  };
}

/** @param uses kinds of translation: dnat, fip, snat */
export function ovnEipStatus(eip: OvnEip, uses: readonly string[], findings: NatFindings): OvnEipStatus {
  const { v4Ip = '', v6Ip = '', macAddress = '', type = '' } = eip.spec ?? {};
  return { ...common(eip, findings), type: type || 'nat', v4Ip, v6Ip, macAddress, nat: uses.join(',') };
}

export function ovnFipStatus(fip: OvnFip, translation: Translation, findings: NatFindings): OvnFipStatus {
  return { ...common(fip, findings), ...addresses(translation), macAddress: translation.mac };
}

export function ovnSnatRuleStatus(
  snat: OvnSnatRule,
  translation: Translation,
  findings: NatFindings,
): OvnSnatRuleStatus {
  const { vpc, v4Eip, v6Eip } = addresses(translation);
  const [v4IpCidr, v6IpCidr] = ([4, 6] as const).map((family) =>
    translation.prefixes.filter((text) => text.includes(':') === (family === 6)).join(','),
  );
  return { ...common(snat, findings), vpc, v4Eip, v6Eip, v4IpCidr: v4IpCidr!, v6IpCidr: v6IpCidr! };
}

export function ovnDnatRuleStatus(
  dnat: OvnDnatRule,
  translation: Translation,
  findings: NatFindings,
): OvnDnatRuleStatus {
  const { externalPort = '', internalPort = '', protocol = '', ipName = '' } = dnat.spec ?? {};
  return {
    ...common(dnat, findings),
    ...addresses(translation),
    externalPort,
    internalPort: internalPort || externalPort,
    protocol: protocol || 'tcp',
    ipName,
  };
}

function addresses({ vpc, outside, inside }: Translation) {
  const text = (ips: readonly Ip[], family: 4 | 6) =>
    ips
      .filter((ip) => ip.family === family)
      .map(formatIp)
      .join(',');
  return { vpc, v4Eip: text(outside, 4), v6Eip: text(outside, 6), v4Ip: text(inside, 4), v6Ip: text(inside, 6) };
}
