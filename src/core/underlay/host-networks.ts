/**
 * What ClusterNetworks mean on one node.
 *
 *   VlanConfig          nodes, NICs, MTU  ─┐
 *   HostNetworkConfig   nodes, addresses  ─┴─> the networks of this node: device, address that it should have, MTU
 */
import type { HostNetworkConfig } from '../../kinds/host-network-config.ts';
import type { VlanConfig } from '../../kinds/vlan-config.ts';
import { hasLabels, isSelected } from './node-selection.ts';

export interface NodeFacts {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** One ClusterNetwork on one node, as it is declared. */
export interface HostNetwork {
  /** the ClusterNetwork */
  readonly name: string;
  /** the HostNetworkConfig */
  readonly config: string;
  readonly vlanId: number;
  readonly mode: 'static' | 'dhcp';
  /** `192.168.1.11/24`; undefined: not said, or not by this object */
  readonly address: string | undefined;
  /** uplinks by the VlanConfig; none when there is no VlanConfig for this node */
  readonly nics: readonly string[];
  /** bytes; undefined: as the NIC has it */
  readonly mtu: number | undefined;
  /** tunnels run over it by default */
  readonly isUnderlay: boolean;
}

/** One per ClusterNetwork: of several HostNetworkConfigs the one for tunnels counts, then the first by VLAN and name. */
export function hostNetworksOf(
  node: NodeFacts,
  configs: Iterable<HostNetworkConfig>,
  vlanConfigs: Iterable<VlanConfig>,
): readonly HostNetwork[] {
  const uplinks = new Map<string, VlanConfig>();
  for (const config of sorted(vlanConfigs))
    if (hasLabels(config.spec?.nodeSelector, node.labels) && !uplinks.has(config.spec?.clusterNetwork ?? ''))
      uplinks.set(config.spec?.clusterNetwork ?? '', config);
  const networks = new Map<string, HostNetwork>();
  for (const { metadata, spec } of sorted(configs)) {
    const { clusterNetwork: name = '', nodeSelector = {}, vlanID = 0, mode = 'static', ips, underlay } = spec ?? {};
    if (name === '' || !isSelected(nodeSelector, node.labels)) continue;
    const uplink = uplinks.get(name)?.spec?.uplink;
    const network: HostNetwork = {
      name,
      config: metadata.name,
      vlanId: vlanID,
      mode,
      address: ips !== undefined && Object.hasOwn(ips, node.name) ? ips[node.name] : undefined,
      nics: uplink?.nics ?? [],
      mtu: uplink?.linkAttributes?.mtu || undefined,
      isUnderlay: underlay === true,
    };
    const known = networks.get(name);
    if (!known || rank(network) < rank(known)) networks.set(name, network);
  }
  return [...networks.values()];
}

function rank({ isUnderlay, vlanId }: HostNetwork): number {
  return (isUnderlay ? 0 : 10_000) + vlanId;
}

function sorted<T extends { readonly metadata: { readonly name: string } }>(objects: Iterable<T>): readonly T[] {
  return [...objects].toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

/** Harvester's name of the device that has the address: an interface of its bridge for the VLAN. */
export function harvesterDevice({ name, vlanId }: Pick<HostNetwork, 'name' | 'vlanId'>): string {
  return vlanId === 0 ? `${name}-br` : `${name}-br.${vlanId}`;
}
