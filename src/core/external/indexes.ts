/** Under which values the world finds the objects of external networks: physical networks, EIPs and what is translated. */
import type { IptablesDnatRule, IptablesEip, IptablesFipRule, IptablesSnatRule } from '../../kinds/iptables-nat.ts';
import type { NodeUplink } from '../../kinds/node-underlay.ts';
import type { OvnDnatRule } from '../../kinds/ovn-dnat-rule.ts';
import type { OvnEip } from '../../kinds/ovn-eip.ts';
import type { OvnFip } from '../../kinds/ovn-fip.ts';
import type { OvnSnatRule } from '../../kinds/ovn-snat-rule.ts';
import type { Vlan } from '../../kinds/vlan.ts';
import type { VpcNatGateway } from '../../kinds/vpc-nat-gateway.ts';
import { formatCidr, parsePrefix } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import {
  type AnyDnatRule,
  type AnyEip,
  type AnyFip,
  dnatWords,
  eipNameOf,
  eipTexts,
  fipWords,
  protocolOf,
} from './families.ts';
import { VPC_LABEL } from './labels.ts';
import { externalSubnetOf, SNAT_NAMESPACE_ANNOTATION } from './names.ts';
import { gatewaySubnetsOf, lanIpKeys } from './nat-gateway.ts';
import { parsePorts, portCount, portKey } from './ports.ts';
import { sourceKeys } from './snat-source.ts';

/** of both kinds of external addresses */
const EIP = {
  subnet: (eip: AnyEip) => [externalSubnetOf(eip)],
  /** `<subnet>|<address>` */
  address: (eip: AnyEip) =>
    eipTexts(eip)
      .filter((text) => text !== '')
      .map((text) => `${externalSubnetOf(eip)}|${text}`),
  /** `<subnet>|<MAC>` */
  mac: (eip: AnyEip) => (eip.spec?.macAddress ? [`${externalSubnetOf(eip)}|${eip.spec.macAddress.toLowerCase()}`] : []),
} as const;

/** kind -> index name -> the values under which an object is found */
export const EXTERNAL_INDEXES = {
  ProviderNetwork: {},
  Vlan: {
    provider: ({ spec }: Vlan) => [spec?.provider ?? ''],
    /** `<provider network>|<VLAN ID>` */
    tag: ({ spec }: Vlan) => [`${spec?.provider}|${spec?.id ?? 0}`],
  },
  GatewayLoss: {},
  GatewayCarrier: {},
  Uplink: {
    provider: ({ name }: NodeUplink) => [name],
  },
  OvnEip: {
    /** VPC whose router has it */
    router: ({ metadata, spec }: OvnEip) => {
      const vpc = spec?.type === 'lrp' ? metadata.labels?.[VPC_LABEL] : undefined;
      return vpc ? [vpc] : [];
    },
    ...EIP,
  },
  OvnFip: {
    eip: (rule: OvnFip) => [eipNameOf(rule)],
    inside: insideOfFip,
    /** IP object or Vip that it leads to */
    target: ({ spec }: OvnFip) => (spec?.ipName ? [spec.ipName] : []),
  },
  OvnSnatRule: {
    eip: (rule: OvnSnatRule) => [eipNameOf(rule)],
    target: ({ spec }: OvnSnatRule) => (spec?.ipName ? [spec.ipName] : []),
    /** what it is about: no two rules are about the same */
    source: sourceKeys,
    subnet: ({ spec }: OvnSnatRule) => (spec?.vpcSubnet ? [spec.vpcSubnet] : []),
    /** namespaces whose machines leave by it */
    namespace: ({ metadata }: OvnSnatRule) => {
      const namespace = metadata.annotations?.[SNAT_NAMESPACE_ANNOTATION];
      return namespace ? [namespace] : [];
    },
  },
  OvnDnatRule: {
    eip: (rule: OvnDnatRule) => [eipNameOf(rule)],
    port: portsOf,
    inside: insideOfDnat,
    target: ({ spec }: OvnDnatRule) => (spec?.ipName ? spec.ipName.split(',').map((name) => name.trim()) : []),
  },
  VpcNatGateway: {
    vpc: ({ spec }: VpcNatGateway) => [spec?.vpc ?? ''],
    /** external subnets that it asks for */
    external: gatewaySubnetsOf,
    /** the subnet of its lanIp */
    subnet: ({ spec }: VpcNatGateway) => (spec?.subnet ? [spec.subnet] : []),
    /** `<subnet>|<lanIp>` */
    address: lanIpKeys,
  },
  IptablesEIP: {
    gateway: ({ spec }: IptablesEip) => [spec?.natGwDp ?? ''],
    ...EIP,
  },
  IptablesFIPRule: {
    eip: (rule: IptablesFipRule) => [eipNameOf(rule)],
    inside: insideOfFip,
  },
  IptablesSnatRule: {
    eip: (rule: IptablesSnatRule) => [eipNameOf(rule)],
    /** prefixes that leave by it */
    prefix: ({ spec }: IptablesSnatRule) =>
      (spec?.internalCIDR ?? '').split(',').flatMap((text) => {
        const prefix = attempt(() => parsePrefix(text.trim()));
        return prefix ? [formatCidr(prefix)] : [];
      }),
  },
  IptablesDnatRule: {
    eip: (rule: IptablesDnatRule) => [eipNameOf(rule)],
    port: portsOf,
    inside: insideOfDnat,
  },
} as const;

/** `<address object>|<protocol>|<port>` for each external port */
function portsOf(rule: AnyDnatRule): readonly string[] {
  const range = parsePorts(rule.spec?.externalPort ?? '');
  if (typeof range === 'string') return [];
  return Array.from({ length: portCount(range) }, (_, index) =>
    portKey(eipNameOf(rule), protocolOf(rule), range.first + index),
  );
}

/** addresses that a rule names itself, whichever VPC they are in */
function insideOfFip(rule: AnyFip): readonly string[] {
  return inside(fipWords(rule, ''));
}

function insideOfDnat(rule: AnyDnatRule): readonly string[] {
  return inside(dnatWords(rule, ''));
}

function inside(words: {
  readonly ipName?: string;
  readonly v4Ip?: string;
  readonly v6Ip?: string;
}): readonly string[] {
  if (words.ipName) return [];
  return [words.v4Ip, words.v6Ip].flatMap((texts) =>
    (texts ?? '').split(',').flatMap((text) => {
      const ip = attempt(() => parseIp(text.trim()));
      return ip ? [formatIp(ip)] : [];
    }),
  );
}
