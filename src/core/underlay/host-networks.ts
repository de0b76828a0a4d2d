/**
 * What ClusterNetworks mean on one node.
 *
 *   VlanConfig          nodes, NICs, MTU  ─┐
 *   HostNetworkConfig   nodes, addresses  ─┴─> the networks of this node: device, address that it should have, MTU
 */
import type { HostNetworkConfig } from '../../kinds/host-network-config.ts';
import type { VlanConfig } from '../../kinds/vlan-config.ts';
import { formatIp } from '../../lib/netaddr/ip.ts';
import { parseInterface } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { isDeviceName } from './device-name.ts';
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
  /** what is said and cannot be read: it is left out */
  readonly problems: readonly string[];
}

/** bytes that a device can be told */
const MTU_RANGE = [576, 9216] as const;

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
    const text = ips !== undefined && Object.hasOwn(ips, node.name) ? ips[node.name] : undefined;
    const nics = uplink?.nics ?? [];
    const mtu = uplink?.linkAttributes?.mtu || undefined;
    const address = text === undefined ? undefined : addressOf(text);
    const network: HostNetwork = {
      name,
      config: metadata.name,
      vlanId: vlanID,
      mode,
      address,
      nics: nics.filter(isDeviceName),
      mtu: mtu !== undefined && isMtu(mtu) ? mtu : undefined,
      isUnderlay: underlay === true,
      problems: [
        ...nics.filter((nic) => !isDeviceName(nic)).map((nic) => `${JSON.stringify(nic)} is no name of a NIC`),
        ...(mtu === undefined || isMtu(mtu) ? [] : [`an MTU of ${mtu} is not from ${MTU_RANGE.join(' to ')}`]),
        ...(text === undefined || address !== undefined
          ? []
          : [`${JSON.stringify(text)} of ${node.name} is no address with prefix length`]),
      ],
    };
    const known = networks.get(name);
    if (!known || rank(network) < rank(known)) networks.set(name, network);
  }
  return [...networks.values()];
}

/** `192.168.1.11/24` in the form in which the kernel says it */
function addressOf(text: string): string | undefined {
  const parsed = typeof text === 'string' ? attempt(() => parseInterface(text)) : undefined;
  return parsed ? `${formatIp(parsed.ip)}/${parsed.cidr.bits}` : undefined;
}

function isMtu(mtu: number): boolean {
  return Number.isInteger(mtu) && mtu >= MTU_RANGE[0] && mtu <= MTU_RANGE[1];
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
