/** Subnet -> Logical_Switch with its rules of who may talk, the VLAN that it is on, and the pair of ports that connects it with the router of its VPC. */
import { cidrContains } from '../../lib/netaddr/cidr.ts';
import { formatIp } from '../../lib/netaddr/ip.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import { isOnVlan } from '../vlan/vlan-subnet.ts';
import { logicalRouterPortName, switchRouterPortName } from '../ovn/names.ts';
import { emitAccess } from './access-rows.ts';
import { advertisements, dhcpFamilies, emitSubnetDhcp, type SubnetOptions, subnetOptions } from './dhcp-rows.ts';
import { notImplemented } from './not-implemented.ts';
import { overlaySite } from './overlay-subnet.ts';
import { emitGroup } from './provider-network-rule.ts';
import { type Emit, type Read, rule } from './rule.ts';
import { emitSubnetNat } from './subnet-nat.ts';
import { addressPlan, hasPlace, type Site } from './subnet-site.ts';
import { emitSubnetVips, subnetVips } from './virtual-port.ts';
import { emitLocalnet, vlanSite } from './vlan-subnet.ts';
import { checkMatches, checkPorts, datapathFits } from './vxlan-issues.ts';

export const subnetRule = rule({
  kind: 'Subnet',
  reads: {
    kinds: [
      'Settings',
      'Node',
      'Subnet',
      'NetworkAttachmentDefinition',
      'IP',
      'IPPool',
      'Vpc',
      'OvnSnatRule',
      'VpcNatGateway',
      'IptablesEIP',
      'IptablesSnatRule',
    ],
    facts: [
      'VpcRouter',
      'VpcGuests',
      'GuestMtus',
      'VxlanMode',
      'DatapathRank',
      'VlanNetwork',
      'VpcExternal',
      'GatewayNodes',
      'GatewayStates',
    ],
  },
  emits: ['SubnetSwitch', 'SubnetGuests', 'PortBeyondLimit'],
  run(subnet, name, read, emit) {
    for (const issue of notImplemented('Subnet', subnet)) emit.issue(issue);
    const plan = addressPlan(subnet, emit);
    if (!plan) return;
    checkMatches(subnet, read, emit);
    if (!hasPlace(subnet, plan, read, emit) || !datapathFits('Subnet', name, read, emit)) return;
    checkPorts(name, read, emit);
    const { spec } = subnet;
    const site = isOnVlan(spec)
      ? vlanSite(subnet, plan, read.fact('VlanNetwork', spec!.vlan!)!, read, emit)
      : overlaySite(subnet, plan, read, emit);
    const { networks, guests = '', settings, vlan } = site;
    const options = subnetOptions(subnet, emit);
    const families = dhcpFamilies(subnet, networks, options.raOptions);
    const { v4Options, v6Options } = options;
    const vips = subnetVips(subnet, plan.cidrs);
    emit.fact('SubnetSwitch', name, {
      switch: name,
      cidrs: plan.cidrs,
      dhcp: families,
      vips,
      ...(vlan ? { provider: vlan.provider } : {}),
    });
    emitSubnetVips(name, vips, read, emit);
    emit.fact('SubnetGuests', name, {
      vpc: guests,
      ...(settings ? { settings } : {}),
      networks,
      v4Options,
      v6Options,
    });
    const told = () => settings ?? read.fact('VpcGuests', guests)!;
    if (families.length > 0) emitSubnetDhcp(name, networks, families, told(), options, emit);
    emitAccess(subnet, networks, [site.outside], read, emit);
    if (site.isGateway) emitSubnetNat(subnet, plan.cidrs, read, emit);
    emit.row('Logical_Switch', name, { external_ids: { vendor: 'kube-ovn' } });
    if (vlan) emitLocalnet(name, vlan, emit);
    emitRouterPorts(subnet, site, told, options, read, emit);
  },
});

function emitRouterPorts(
  subnet: Subnet,
  { router, networks, isGateway }: Site,
  told: () => Parameters<typeof emitSubnetDhcp>[3],
  options: SubnetOptions,
  read: Read,
  emit: Emit,
): void {
  if (!router) return;
  const { name } = subnet.metadata;
  const { vpc = '', routeTable = '' } = subnet.spec ?? {};
  const { mac, addresses, carriers } = router;
  const port = logicalRouterPortName(vpc, name);
  const mtu = networks[0]?.mtu ?? 0;
  if (carriers?.order) emitGroup(carriers.group, carriers.order, emit);
  emit.child(
    { table: 'Logical_Router', key: read.fact('VpcRouter', vpc)!.router, column: 'ports' },
    'Logical_Router_Port',
    port,
    {
      mac,
      networks: addresses.map(
        (ip) => `${formatIp(ip)}/${networks.find(({ cidr }) => cidrContains(cidr, ip))!.cidr.bits}`,
      ),
      ...(carriers ? { ha_chassis_group: { table: 'HA_Chassis_Group', key: carriers.group } } : {}),
      ipv6_ra_configs: isGateway ? advertisements(subnet, networks, told, options, emit) : {},
      options: {
        ...(mtu > 0 ? { gateway_mtu: String(mtu) } : {}),
        ...(routeTable === '' ? {} : { route_table: routeTable }),
      },
      external_ids: { vendor: 'kube-ovn', lr: vpc, ls: name },
    },
  );
  emit.child(
    { table: 'Logical_Switch', key: name, column: 'ports' },
    'Logical_Switch_Port',
    switchRouterPortName(vpc, name),
    {
      type: 'router',
      addresses: ['router'],
      // whoever carries it says so to the VLAN
      options: { 'router-port': port, ...(carriers ? { 'nat-addresses': 'router' } : {}) },
      external_ids: { vendor: 'kube-ovn', ls: name },
    },
  );
}
