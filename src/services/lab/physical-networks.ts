/** What a lab's API holds of the network outside: ProviderNetwork `phys` on eth1, its VLANs, and Subnet `external` with addresses to give. */
import type { KubeObjectLike } from '../../lib/kube/client.ts';
import type { Resource } from '../../lib/kube/resource.ts';
import { type Families, TOR_LINK_LOCAL, VLAN_IDS, vlanPrefixes } from './topology.ts';

const GROUP = { group: 'kubeovn.io', version: 'v1', namespaced: false } as const;
const PROVIDER_NETWORKS: Resource = { ...GROUP, plural: 'provider-networks' };
const VLANS: Resource = { ...GROUP, plural: 'vlans' };
const SUBNETS: Resource = { ...GROUP, plural: 'subnets' };
const PROVIDER = 'phys';
/** upstream routers that nodes watch by BFD */
const BFD_PEERS_ANNOTATION = 'network.harvesterhci.io/bfd-peers';
const GATEWAY = '1';
/** last parts of addresses, the digits of which are the same in both families: .20 to .250 and ::20 to ::250 are there to give */
const BEFORE_FIRST = { 4: '19', 6: '1f' } as const;
const AFTER_LAST = '251';

export function physicalNetworks(families: Families): readonly (readonly [Resource, KubeObjectLike])[] {
  const annotations = { [BFD_PEERS_ANNOTATION]: TOR_LINK_LOCAL };
  return [
    [PROVIDER_NETWORKS, object('ProviderNetwork', PROVIDER, { defaultInterface: 'eth1' }, annotations)],
    ...VLAN_IDS.map((id): [Resource, KubeObjectLike] => [
      VLANS,
      object('Vlan', vlanName(id), { id, provider: PROVIDER }),
    ]),
    [SUBNETS, object('Subnet', 'external', externalSpec(VLAN_IDS[0]!, families))],
  ];
}

function externalSpec(vlan: number, families: Families): object {
  const prefixes = vlanPrefixes(vlan, families);
  return {
    protocol: families === 'dual' ? 'Dual' : `IPv${families}`,
    vlan: vlanName(vlan),
    cidrBlock: prefixes.map(({ cidr }) => cidr).join(','),
    gateway: prefixes.map(({ host }) => host(GATEWAY)).join(','),
    excludeIps: prefixes.flatMap(({ family, host, last }) => [
      `${host(GATEWAY)}..${host(BEFORE_FIRST[family])}`,
      `${host(AFTER_LAST)}..${last}`,
    ]),
  };
}

function vlanName(id: number): string {
  return `vlan${id}`;
}

function object(
  kind: string,
  name: string,
  spec: object,
  annotations?: Readonly<Record<string, string>>,
): KubeObjectLike {
  return {
    apiVersion: `${GROUP.group}/${GROUP.version}`,
    kind,
    metadata: { name, ...(annotations ? { annotations } : {}) },
    spec,
  } as KubeObjectLike;
}
