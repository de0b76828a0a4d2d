/**
 * Subnet on a VLAN -> a switch whose port localnet.<subnet> is the VLAN. Its gateway is a physical router, or the router of its VPC; one node carries the port of a router
 * on a VLAN, so that hosts and switches there see its MAC address in one place.
 */
import { cidrContains } from '../../lib/netaddr/cidr.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import { type GuestNetwork, prefixesToTell, type VpcGuestSettings } from '../dhcp/guest-options.ts';
import { hasLogicalGateway, interconnectionName, isOverlayOnly, isRouted } from '../vlan/vlan-subnet.ts';
import { macFor } from '../ovn/mac.ts';
import { localnetPortName, logicalRouterPortName, switchRouterPortName } from '../ovn/names.ts';
import { askedExternals, vpcsAsking } from './asked-externals.ts';
import { vlanMtu } from '../underlay/mtu.ts';
import type { Facts } from './facts.ts';
import { type GatewayGroup, gatewayGroupOf, noGatewayNode } from './gateway-group.ts';
import type { Emit, Read } from './rule.ts';
import type { AddressPlan, RouterPort, Site } from './subnet-site.ts';
import { interconnection } from './vpc-subnets.ts';
import { SETTINGS_KEY } from './world.ts';

export function vlanSite(
  subnet: Subnet,
  plan: AddressPlan,
  network: Facts['VlanNetwork'],
  read: Read,
  emit: Emit,
): Site {
  const { spec, metadata } = subnet;
  const { name } = metadata;
  const { vpc = '', routeTable = '', mtu: own = 0 } = spec ?? {};
  if (own > network.mtu)
    emit.issue({
      reason: 'InvalidSpec',
      field: 'spec.mtu',
      message: `spec.mtu: ${own} bytes do not fit ProviderNetwork ${network.provider}, ${network.mtu} do and are used: lower it, or raise the MTU of the uplinks`,
    });
  const router = isRouted(spec) ? routerOf(subnet, plan, read, emit) : undefined;
  const carriers = router && carriersOf(subnet, network.provider, read, emit);
  const routers = router ? [vpc] : vpcsAsking(name, read);
  return {
    networks: plan.cidrs.map((cidr, index): GuestNetwork => {
      const address = router?.addresses.find((ip) => cidrContains(cidr, ip));
      const inner = address && formatIp(address);
      const gateway = plan.gateways[index]!;
      return {
        cidr,
        gateway: inner === undefined || isOverlayOnly(spec) ? gateway : inner,
        ...(inner !== undefined && isOverlayOnly(spec) ? { inner } : {}),
        // where nobody of ours is, nobody else answers for DHCP
        routerMac: router?.mac ?? macFor(localnetPortName(name)),
        mtu: vlanMtu(own, network.mtu),
      };
    }),
    // the VLAN, and routers there: also of VPCs whose external subnet it is; what their machines may is up to the rules of their own subnets
    outside: { ports: [localnetPortName(name), ...routers.map((each) => switchRouterPortName(each, name))] },
    ...(router && carriers ? { router: { ...router, carriers } } : {}),
    // what guests are told does not change when nobody can carry the router for a while
    ...(router ? { guests: `${vpc}|${routeTable}` } : { settings: nothingBehind(read) }),
    isGateway: hasLogicalGateway(spec),
    vlan: network,
  };
}

/** What the VPC's router has on the VLAN; undefined, and said why, while that is not known. */
function routerOf(
  subnet: Subnet,
  { cidrs, gateways }: AddressPlan,
  read: Read,
  emit: Emit,
): Omit<RouterPort, 'carriers'> | undefined {
  const { spec, metadata } = subnet;
  const vpc = spec?.vpc ?? '';
  if (hasLogicalGateway(spec))
    return { addresses: gateways.map(parseIp), mac: macFor(logicalRouterPortName(vpc, metadata.name)) };
  const found = interconnection(interconnectionName(subnet), cidrs, read);
  if (found.addresses.length > 0 && found.mac !== '') return found;
  emit.issue({
    reason: 'AddressUnavailable',
    field: 'spec.u2oInterconnection',
    message: `spec.u2oInterconnection: the VLAN is not connected with VPC ${vpc}: the router has no address in it yet (events of this Subnet say why)`,
  });
  return undefined;
}

function carriersOf({ spec, metadata }: Subnet, provider: string, read: Read, emit: Emit): GatewayGroup | undefined {
  const { name } = metadata;
  const vpc = spec?.vpc ?? '';
  // hosts of the VLAN leave by the VPC's way out
  const way = hasLogicalGateway(spec) ? askedExternals(vpc, read)[0] : undefined;
  // what is wrong with the named ones is said of the VPC
  const carriers = gatewayGroupOf(vpc, name, provider, way?.subnet ?? name, way?.gateways ?? [], read, {
    issue: () => undefined,
  });
  if (!carriers)
    emit.issue({
      reason: 'NoGatewayNode',
      field: 'spec.vlan',
      message: `spec.vlan: the router of VPC ${vpc} is not on it: ${noGatewayNode(provider)}`,
    });
  return carriers;
}

export function emitLocalnet(
  name: string,
  { provider, tag }: { readonly provider: string; readonly tag: number },
  emit: Emit,
): void {
  emit.child({ table: 'Logical_Switch', key: name, column: 'ports' }, 'Logical_Switch_Port', localnetPortName(name), {
    type: 'localnet',
    addresses: ['unknown'],
    ...(tag > 0 ? { tag } : {}),
    options: { network_name: provider },
    external_ids: { vendor: 'kube-ovn', ls: name },
  });
}

/** no router of ours is there, so nothing is behind it */
function nothingBehind(read: Read): VpcGuestSettings {
  const known = read.get('Settings', SETTINGS_KEY, ({ dnsServers = [], searchDomains = [] }) => ({
    dnsServers,
    searchDomains,
  }));
  return {
    prefixes: prefixesToTell([]),
    dnsServers: known?.dnsServers ?? [],
    searchDomains: known?.searchDomains ?? [],
  };
}
