/**
 * Kube-OVN has two families of kinds for translation: OvnEip with its rules, and IptablesEIP with its rules, whose VPC is that of a VpcNatGateway.
 * They say the same in other words; here the second is put into the words of the first.
 */
import type { IptablesDnatRule, IptablesEip, IptablesFipRule, IptablesSnatRule } from '../../kinds/iptables-nat.ts';
import type { OvnDnatRule, OvnDnatRuleSpec } from '../../kinds/ovn-dnat-rule.ts';
import type { OvnEip } from '../../kinds/ovn-eip.ts';
import type { OvnFip, OvnFipSpec } from '../../kinds/ovn-fip.ts';
import type { OvnSnatRule, OvnSnatRuleSpec } from '../../kinds/ovn-snat-rule.ts';

export const FAMILIES = {
  OvnEip: {
    fip: 'OvnFip',
    snat: 'OvnSnatRule',
    dnat: 'OvnDnatRule',
    /** field of a rule that names the address */
    eip: 'spec.ovnEip',
    /** field of a rule that names where it leads */
    target: 'spec.ipName',
    /** fields of an address */
    addresses: ['v4Ip', 'v6Ip'],
  },
  IptablesEIP: {
    fip: 'IptablesFIPRule',
    snat: 'IptablesSnatRule',
    dnat: 'IptablesDnatRule',
    eip: 'spec.eip',
    target: 'spec.internalIp',
    addresses: ['v4ip', 'v6ip'],
  },
} as const;

export type EipKind = keyof typeof FAMILIES;
type Family = (typeof FAMILIES)[EipKind];
export type FipKind = Family['fip'];
export type SnatKind = Family['snat'];
export type DnatKind = Family['dnat'];
export type NatKind = FipKind | SnatKind | DnatKind;

export const EIP_KINDS = Object.keys(FAMILIES) as readonly EipKind[];

export type AnyEip = OvnEip | IptablesEip;
export type AnyFip = OvnFip | IptablesFipRule;
export type AnySnatRule = OvnSnatRule | IptablesSnatRule;
export type AnyDnatRule = OvnDnatRule | IptablesDnatRule;
export type AnyNatRule = AnyFip | AnySnatRule | AnyDnatRule;

/** kind of the addresses that a kind of rules is about */
export function eipKindOf(rule: string): EipKind {
  return rule.startsWith('Iptables') ? 'IptablesEIP' : 'OvnEip';
}

/** the address that a rule names; "" when it names none */
export function eipNameOf({ spec = {} }: AnyNatRule): string {
  return ('eip' in spec ? spec.eip : 'ovnEip' in spec ? spec.ovnEip : '') ?? '';
}

/** IPv4, IPv6; "" where there is none */
export function eipTexts({ spec = {} }: AnyEip): readonly [v4: string, v6: string] {
  const all: { readonly v4Ip?: string; readonly v6Ip?: string; readonly v4ip?: string; readonly v6ip?: string } = spec;
  return [all.v4Ip || all.v4ip || '', all.v6Ip || all.v6ip || ''];
}

/** @param vpc that of the VpcNatGateway of its address */
export function fipWords(rule: AnyFip, vpc: string): OvnFipSpec {
  if (!isIptables<IptablesFipRule>(rule)) return (rule as OvnFip).spec ?? { ovnEip: '' };
  return { ovnEip: rule.spec?.eip ?? '', vpc, ...byFamily('Ip', rule.spec?.internalIp ?? '') };
}

export function snatWords(rule: AnySnatRule, vpc: string): OvnSnatRuleSpec {
  if (!isIptables<IptablesSnatRule>(rule)) return (rule as OvnSnatRule).spec ?? { ovnEip: '' };
  return { ovnEip: rule.spec?.eip ?? '', vpc, ...byFamily('IpCidr', rule.spec?.internalCIDR ?? '') };
}

export function dnatWords(rule: AnyDnatRule, vpc: string): OvnDnatRuleSpec {
  if (!isIptables<IptablesDnatRule>(rule)) return (rule as OvnDnatRule).spec ?? { ovnEip: '', externalPort: '' };
  const { eip = '', externalPort = '', internalPort = '', internalIp = '' } = rule.spec ?? {};
  const protocol = protocolOf(rule);
  return { ovnEip: eip, vpc, externalPort, internalPort, protocol, ...byFamily('Ip', internalIp) } as OvnDnatRuleSpec;
}

/** "" stands for tcp */
export function protocolOf({ spec }: AnyDnatRule): string {
  return (spec?.protocol ?? '').toLowerCase();
}

/** Several rules with this type may forward one port: they share its connections. */
export function isShared({ spec = {} }: AnyDnatRule): boolean {
  return 'type' in spec && spec.type === 'share';
}

function isIptables<T extends AnyNatRule>(rule: AnyNatRule): rule is T {
  return eipKindOf(rule.kind) === 'IptablesEIP';
}

/** texts that are separated by comma, by the family of the address that they begin with */
function byFamily(suffix: 'Ip' | 'IpCidr', text: string): Readonly<Record<string, string>> {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const [v6, v4] = [true, false].map((wanted) => parts.filter((part) => part.includes(':') === wanted).join(','));
  return { ...(v4 ? { [`v4${suffix}`]: v4 } : {}), ...(v6 ? { [`v6${suffix}`]: v6 } : {}) };
}
