/** Labels that Kube-OVN gives to objects of translation, for people and their tools. */
import type { IptablesDnatRuleStatus } from '../../kinds/iptables-nat.ts';
import type { OvnDnatRuleStatus } from '../../kinds/ovn-dnat-rule.ts';
import { type AnyEip, eipTexts } from './families.ts';
import { externalSubnetOf } from './names.ts';

/** label of an OvnEip of type lrp: the VPC of its router */
export const VPC_LABEL = 'ovn.kubernetes.io/vpc';
/** of an IptablesEIP and its rules: the VpcNatGateway */
const NAT_GATEWAY_LABEL = 'ovn.kubernetes.io/vpc-nat-gw-name';
/** label values have at most 63 characters (Kubernetes, labels and selectors) */
const LABEL_MAX = 63;

export function eipLabels(eip: AnyEip): Readonly<Record<string, string>> {
  const { type = '', natGwDp = '' } = (eip.spec ?? {}) as { readonly type?: string; readonly natGwDp?: string };
  return fitting({
    'ovn.kubernetes.io/subnet': externalSubnetOf(eip),
    'ovn.kubernetes.io/ovn_eip_type': type,
    [NAT_GATEWAY_LABEL]: natGwDp,
    ...addressLabels(...eipTexts(eip)),
  });
}

/** of a rule, by its status: which address, which VPC, which port */
export function natLabels(status: object): Readonly<Record<string, string>> {
  const said = status as Partial<OvnDnatRuleStatus & IptablesDnatRuleStatus>;
  return fitting({
    ...addressLabels(said.v4Eip ?? said.v4ip ?? '', said.v6Eip ?? said.v6ip ?? ''),
    [VPC_LABEL]: said.vpc ?? '',
    [NAT_GATEWAY_LABEL]: said.natGwDp ?? '',
    'ovn.kubernetes.io/vpc_dnat_eport': said.externalPort ?? '',
  });
}

function addressLabels(v4: string, v6: string): Readonly<Record<string, string>> {
  return {
    'ovn.kubernetes.io/eip_v4_ip': v4,
    // a label value has no colon, and ends with a letter or digit
    'ovn.kubernetes.io/eip_v6_ip': v6.replaceAll(':', '.').replace(/^\./, '0.').replace(/\.$/, '.0'),
  };
}

function fitting(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== '' && value.length <= LABEL_MAX));
}
