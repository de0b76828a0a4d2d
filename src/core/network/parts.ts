/** What a VirtualNetwork says of its parts: exactly the fields that it owns there, in the form in which they are stored. */
import { type Cidr, cidrContains, formatCidr, parseInterface, usableBounds } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { formatIp, type Ip, parseIp } from '../../lib/netaddr/ip.ts';
import { parseRange } from '../../lib/netaddr/range.ts';
import { CLUSTER_NETWORK_LABEL, MANAGEMENT_NETWORK } from '../../kinds/cluster-network.ts';
import type { Subnet, SubnetSpec } from '../../kinds/subnet.ts';
import type { VirtualNetwork, VirtualNetworkSpec } from '../../kinds/virtual-network.ts';
import type { StaticRoute } from '../../kinds/vpc.ts';
import { networkProvider, vpcOf } from './names.ts';
import { optionFields } from './options.ts';

/** Values of fields of a spec; null is a field that must not be set. */
export type Fields = Readonly<Record<string, unknown>>;

/** labels that Harvester and its UI look for at a network of virtual machines */
const HARVESTER = 'network.harvesterhci.io';

/** Prefixes that can be read, IPv4 first. */
export function networkCidrs(spec: VirtualNetworkSpec | undefined): readonly Cidr[] {
  return (spec?.cidrs ?? [])
    .flatMap((text) => attempt(() => parseInterface(text).cidr) ?? [])
    .toSorted((a, b) => a.family - b.family);
}

/**
 * Fields of the Subnet.
 * @param live the Subnet as it is: what it has and the network leaves open, such as its gateway, stays
 * @param provider of a Subnet that its attachment names: then it need not name the attachment
 */
export function subnetFields(
  network: VirtualNetwork,
  live: Subnet | undefined,
  provider = networkProvider(network.metadata),
): Fields {
  const spec: VirtualNetworkSpec = network.spec ?? { cidrs: [] };
  const cidrs = networkCidrs(spec);
  return {
    vpc: vpcOf(network).name,
    cidrBlock: cidrs.map(formatCidr).join(','),
    gateway: gatewaysOf(cidrs, spec.gateways ?? [], addressesOf(live?.spec?.gateway)).join(','),
    provider,
    enableDHCP: spec.dhcp?.enabled ?? true,
    private: spec.isolation === 'subnet' ? true : null,
    ...natOutgoing(spec.internet),
    ...(spec.mtu ? { mtu: spec.mtu } : {}),
    // as a label mgmt means that nothing is chosen, and so it does here
    ...(spec.clusterNetwork && spec.clusterNetwork !== MANAGEMENT_NETWORK ? { nodeNetwork: spec.clusterNetwork } : {}),
    ...optionFields(spec.dhcp ?? {}, cidrs),
  };
}

/** of a network that says nothing of the internet it is its users' */
function natOutgoing(internet: VirtualNetworkSpec['internet']): Fields {
  if (internet === undefined || internet === 'routed') return {};
  return { natOutgoing: internet === 'nat' ? true : null };
}

/** of each prefix: the address that the network says, else the one that the subnet has, else the first usable one */
function gatewaysOf(cidrs: readonly Cidr[], said: readonly string[], had: readonly string[]): readonly string[] {
  const known = [...said, ...had].flatMap((text) => attempt(() => parseIp(text)) ?? []);
  return cidrs.map((cidr) => {
    const first: Ip = { family: cidr.family, value: usableBounds(cidr).first };
    return formatIp(known.find((ip) => cidrContains(cidr, ip)) ?? first);
  });
}

/**
 * Excluded addresses of a Subnet whose prefixes or gateway change: the old gateway is no longer one, and what would be outside of the new prefixes
 * goes. Undefined when they can stay as they are.
 */
export function excludesAfter(live: SubnetSpec, fields: Fields): readonly string[] | undefined {
  const { cidrBlock, gateway } = fields as { readonly cidrBlock: string; readonly gateway: string };
  if (!live.excludeIps || (live.cidrBlock === cidrBlock && live.gateway === gateway)) return undefined;
  const cidrs = cidrBlock.split(',').map((text) => parseInterface(text).cidr);
  const left = addressesOf(live.gateway).filter((text) => !addressesOf(gateway).includes(text));
  const kept = live.excludeIps.filter((text) => !left.includes(text) && isInside(text, cidrs));
  return kept.length === live.excludeIps.length ? undefined : kept;
}

function isInside(text: string, cidrs: readonly Cidr[]): boolean {
  const range = attempt(() => parseRange(text));
  if (!range) return false;
  const { family, first, last } = range;
  return cidrs.some(
    (cidr) => cidrContains(cidr, { family, value: first }) && cidrContains(cidr, { family, value: last }),
  );
}

function addressesOf(text: string | undefined): readonly string[] {
  return (text ?? '').split(',').filter((part) => part !== '');
}

/** Routes of its own VPC, one for each next hop. */
export function networkRoutes({ spec }: VirtualNetwork): readonly StaticRoute[] {
  return (spec?.routes ?? []).flatMap(({ destination, nextHops }) => {
    const prefix = attempt(() => formatCidr(parseInterface(destination).cidr)) ?? destination;
    return nextHops.map((hop): StaticRoute => ({ policy: 'policyDst', cidr: prefix, nextHopIP: hop }));
  });
}

/** the same for routes that say the same, however they are spelled */
export function routeKey({ policy = 'policyDst', cidr = '', nextHopIP = '', routeTable = '' }: StaticRoute): string {
  const prefix = attempt(() => formatCidr(parseInterface(cidr).cidr)) ?? attempt(() => formatIp(parseIp(cidr))) ?? cidr;
  return [policy, prefix, attempt(() => formatIp(parseIp(nextHopIP))) ?? nextHopIP, routeTable].join(' ');
}

/** CNI configuration of the NetworkAttachmentDefinition, as Harvester's UI builds it. */
export function attachmentFields({ metadata }: VirtualNetwork): Fields {
  return {
    cniVersion: '0.3.1',
    name: metadata.name,
    type: 'kube-ovn',
    server_socket: '/run/openvswitch/kube-ovn-daemon.sock',
    provider: networkProvider(metadata),
  };
}

/**
 * Labels of which the network says the value.
 * @param before the cluster network that it said when it was last written
 */
export function attachmentLabels({ spec }: VirtualNetwork, before?: unknown): Readonly<Record<string, string>> {
  const clusterNetwork = spec?.clusterNetwork || (before === undefined ? undefined : MANAGEMENT_NETWORK);
  return {
    [`${HARVESTER}/type`]: 'OverlayNetwork',
    ...(clusterNetwork === undefined ? {} : { [CLUSTER_NETWORK_LABEL]: clusterNetwork }),
  };
}

/** Labels that must be there; their values may become others: on Harvester its own controller follows the underlay with them. */
export const ATTACHMENT_LABEL_DEFAULTS: Readonly<Record<string, string>> = {
  [CLUSTER_NETWORK_LABEL]: MANAGEMENT_NETWORK,
  [`${HARVESTER}/ready`]: 'true',
};
