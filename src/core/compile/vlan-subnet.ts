/** Subnet on a VLAN -> a switch whose port localnet.<subnet> is the VLAN. Its gateway is a physical router. */
import type { Subnet } from '../../kinds/subnet.ts';
import type { GuestNetwork } from '../dhcp/guest-options.ts';
import { prefixesToTell } from '../dhcp/guest-options.ts';
import { vlanScope } from '../network/vlan-subnet.ts';
import { macFor } from '../ovn/mac.ts';
import { localnetPortName, switchRouterPortName } from '../ovn/names.ts';
import { emitAccess } from './access-rows.ts';
import { dhcpFamilies, emitSubnetDhcp, subnetOptions } from './dhcp-rows.ts';
import { vlanMtu } from '../underlay/mtu.ts';
import type { AddressPlan } from './subnet-rule.ts';
import type { Emit, Read } from './rule.ts';
import { olderOverlap } from './vpc-subnets.ts';
import { emitSubnetVips, subnetVips } from './virtual-port.ts';
import { checkMatches, checkPorts, datapathFits } from './vxlan-issues.ts';
import { SETTINGS_KEY } from './world.ts';

export function vlanSubnet(subnet: Subnet, plan: AddressPlan, read: Read, emit: Emit): void {
  const { name } = subnet.metadata;
  const vlan = subnet.spec!.vlan!;
  const network = read.fact('VlanNetwork', vlan);
  if (!network) {
    emit.issue({
      reason: 'VlanNotFound',
      field: 'spec.vlan',
      message: `spec.vlan: there is no Vlan ${JSON.stringify(vlan)}, or it is not in force (its Ready condition says why): create it, or name another one`,
    });
    return;
  }
  const older = olderOverlap(subnet, vlanScope(vlan), plan.cidrs, read);
  if (older !== undefined) {
    emit.issue({
      reason: 'CidrOverlap',
      field: 'spec.cidrBlock',
      message: `spec.cidrBlock: ${subnet.spec?.cidrBlock} overlaps subnet ${older} of the same VLAN: choose another prefix`,
    });
    return;
  }
  if (!datapathFits('Subnet', name, read, emit)) return;
  checkMatches(subnet, read, emit);
  checkPorts(name, read, emit);
  const own = subnet.spec?.mtu ?? 0;
  if (own > network.mtu)
    emit.issue({
      reason: 'InvalidSpec',
      field: 'spec.mtu',
      message: `spec.mtu: ${own} bytes do not fit ProviderNetwork ${network.provider}, ${network.mtu} do and are used: lower it, or raise the MTU of the uplinks`,
    });
  const networks = plan.cidrs.map(
    (cidr, index): GuestNetwork => ({
      cidr,
      gateway: plan.gateways[index]!,
      // nobody else answers for DHCP here
      routerMac: macFor(localnetPortName(name)),
      mtu: vlanMtu(own, network.mtu),
    }),
  );
  const options = subnetOptions(subnet, emit);
  const families = dhcpFamilies(subnet, networks, options.raOptions);
  const settings = guestSettings(read);
  const vips = subnetVips(subnet, plan.cidrs);
  emit.fact('SubnetSwitch', name, {
    switch: name,
    cidrs: plan.cidrs,
    dhcp: families,
    vips,
    provider: network.provider,
  });
  emitSubnetVips(name, vips, read, emit);
  emit.fact('SubnetGuests', name, {
    vpc: '',
    settings,
    networks,
    v4Options: options.v4Options,
    v6Options: options.v6Options,
  });
  if (families.length > 0) emitSubnetDhcp(name, networks, families, settings, options, emit);
  emitAccess(subnet, networks, [{ ports: outsidePorts(name, read) }], read, emit);
  emit.row('Logical_Switch', name, { external_ids: { vendor: 'kube-ovn' } });
  emitLocalnet(name, network, emit);
}

/** the VLAN, and routers of VPCs whose external subnet it is: what their machines may is up to the rules of their own subnets */
function outsidePorts(name: string, read: Read): readonly string[] {
  const vpcs = read.keys('Vpc', 'external', name).toSorted();
  return [localnetPortName(name), ...vpcs.map((vpc) => switchRouterPortName(vpc, name))];
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
function guestSettings(read: Read) {
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
