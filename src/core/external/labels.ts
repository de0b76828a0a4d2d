/** Labels that Kube-OVN gives to objects of translation, for people and their tools. */
import type { OvnDnatRuleStatus } from '../../kinds/ovn-dnat-rule.ts';
import type { OvnEipSpec } from '../../kinds/ovn-eip.ts';

/** label of an OvnEip of type lrp: the VPC of its router */
export const VPC_LABEL = 'ovn.kubernetes.io/vpc';
/** label values have at most 63 characters (Kubernetes, labels and selectors) */
const LABEL_MAX = 63;

export function eipLabels({
  externalSubnet = '',
  type = '',
  v4Ip = '',
  v6Ip = '',
}: OvnEipSpec): Readonly<Record<string, string>> {
  return fitting({
    'ovn.kubernetes.io/subnet': externalSubnet,
    'ovn.kubernetes.io/ovn_eip_type': type,
    ...addressLabels(v4Ip, v6Ip),
  });
}

/** of a rule, by its status: which address, which VPC, which port */
export function natLabels(status: object): Readonly<Record<string, string>> {
  const { vpc = '', v4Eip = '', v6Eip = '', externalPort = '' } = status as Partial<OvnDnatRuleStatus>;
  return fitting({
    ...addressLabels(v4Eip, v6Eip),
    [VPC_LABEL]: vpc,
    'ovn.kubernetes.io/vpc_dnat_eport': externalPort,
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
