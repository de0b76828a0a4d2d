/** Under which values the world finds the objects of external networks: physical networks, EIPs and what is translated. */
import type { NodeUplink } from '../../kinds/node-underlay.ts';
import type { OvnDnatRule } from '../../kinds/ovn-dnat-rule.ts';
import type { OvnEip } from '../../kinds/ovn-eip.ts';
import type { OvnFip } from '../../kinds/ovn-fip.ts';
import type { OvnSnatRule } from '../../kinds/ovn-snat-rule.ts';
import type { Vlan } from '../../kinds/vlan.ts';
import { VPC_LABEL } from './labels.ts';
import { externalSubnetOf, SNAT_NAMESPACE_ANNOTATION } from './names.ts';
import { parsePorts, portCount, portKey } from './ports.ts';
import { sourceKeys } from './snat-source.ts';

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
    subnet: (eip: OvnEip) => [externalSubnetOf(eip)],
    /** `<subnet>|<address>` */
    address: (eip: OvnEip) =>
      [eip.spec?.v4Ip, eip.spec?.v6Ip]
        .filter((text) => text !== undefined && text !== '')
        .map((text) => `${externalSubnetOf(eip)}|${text}`),
    /** `<subnet>|<MAC>` */
    mac: (eip: OvnEip) =>
      eip.spec?.macAddress ? [`${externalSubnetOf(eip)}|${eip.spec.macAddress.toLowerCase()}`] : [],
  },
  OvnFip: {
    eip: ({ spec }: OvnFip) => [spec?.ovnEip ?? ''],
    /** IP object or Vip that it leads to */
    target: ({ spec }: OvnFip) => (spec?.ipName ? [spec.ipName] : []),
  },
  OvnSnatRule: {
    eip: ({ spec }: OvnSnatRule) => [spec?.ovnEip ?? ''],
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
    eip: ({ spec }: OvnDnatRule) => [spec?.ovnEip ?? ''],
    /** `<OvnEip>|<protocol>|<port>` for each external port */
    port: ({ spec }: OvnDnatRule) => {
      const range = parsePorts(spec?.externalPort ?? '');
      if (typeof range === 'string') return [];
      return Array.from({ length: portCount(range) }, (_, index) =>
        portKey(spec?.ovnEip ?? '', spec?.protocol ?? '', range.first + index),
      );
    },
    target: ({ spec }: OvnDnatRule) => (spec?.ipName ? spec.ipName.split(',').map((name) => name.trim()) : []),
  },
} as const;
