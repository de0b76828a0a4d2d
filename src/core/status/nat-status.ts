/** Statuses of external addresses and of what is translated to them, as Kube-OVN spells them. */
import { formatIp, type Ip } from '../../lib/netaddr/ip.ts';
import type {
  IptablesDnatRule,
  IptablesDnatRuleStatus,
  IptablesEip,
  IptablesEipStatus,
  IptablesFipRule,
  IptablesFipRuleStatus,
  IptablesSnatRule,
  IptablesSnatRuleStatus,
} from '../../kinds/iptables-nat.ts';
import type { OvnDnatRule, OvnDnatRuleStatus } from '../../kinds/ovn-dnat-rule.ts';
import type { OvnEip, OvnEipStatus } from '../../kinds/ovn-eip.ts';
import type { OvnFip, OvnFipStatus } from '../../kinds/ovn-fip.ts';
import type { OvnSnatRule, OvnSnatRuleStatus } from '../../kinds/ovn-snat-rule.ts';
import type { VpcNatGateway, VpcNatGatewayStatus } from '../../kinds/vpc-nat-gateway.ts';
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

export function iptablesEipStatus(eip: IptablesEip, uses: readonly string[], findings: NatFindings): IptablesEipStatus {
  const { v4ip = '', v6ip = '', qosPolicy = '' } = eip.spec ?? {};
  return { ...common(eip, findings), ip: v4ip || v6ip, redo: '', nat: uses.join(','), qosPolicy };
}

export function iptablesFipRuleStatus(
  rule: IptablesFipRule,
  translation: Translation,
  findings: NatFindings,
): IptablesFipRuleStatus {
  return { ...iptablesCommon(rule, translation, findings), internalIp: rule.spec?.internalIp ?? '' };
}

export function iptablesSnatRuleStatus(
  rule: IptablesSnatRule,
  translation: Translation,
  findings: NatFindings,
): IptablesSnatRuleStatus {
  return { ...iptablesCommon(rule, translation, findings), internalCIDR: rule.spec?.internalCIDR ?? '' };
}

export function iptablesDnatRuleStatus(
  rule: IptablesDnatRule,
  translation: Translation,
  findings: NatFindings,
): IptablesDnatRuleStatus {
  const { externalPort = '', internalPort = '', internalIp = '', protocol = '' } = rule.spec ?? {};
  return {
    ...iptablesCommon(rule, translation, findings),
    externalPort,
    internalIp,
    internalPort: internalPort || externalPort,
    protocol: protocol || 'tcp',
  };
}

function iptablesCommon(
  rule: IptablesFipRule | IptablesSnatRule | IptablesDnatRule,
  translation: Translation,
  findings: NatFindings,
) {
  const { v4Eip, v6Eip } = addresses(translation);
  return { ...common(rule, findings), v4ip: v4Eip, v6ip: v6Eip, natGwDp: translation.natGateway, redo: '' };
}

/** @param externals external subnets that its VPC is connected to by it */
export function vpcNatGatewayStatus(
  gateway: VpcNatGateway,
  externals: readonly string[],
  findings: NatFindings,
): VpcNatGatewayStatus {
  const { lanIp = '', replicas = 1, selector = [], qosPolicy = '' } = gateway.spec ?? {};
  return { ...common(gateway, findings), lanIp, replicas, externalSubnets: externals, selector, qosPolicy };
}

function addresses({ vpc, outside, inside }: Translation) {
  const text = (ips: readonly Ip[], family: 4 | 6) =>
    ips
      .filter((ip) => ip.family === family)
      .map(formatIp)
      .join(',');
  return { vpc, v4Eip: text(outside, 4), v6Eip: text(outside, 6), v4Ip: text(inside, 4), v6Ip: text(inside, 6) };
}
