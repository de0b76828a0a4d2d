/** Subnet -> Logical_Switch with its rules of who may talk, and the pair of ports that connects it with the router of its VPC. */
import { type Cidr, cidrContains, formatCidr, parseInterface } from '../../lib/netaddr/cidr.ts';
import { AddressError } from '../../lib/netaddr/error.ts';
import { formatIp, type Ip, parseIp } from '../../lib/netaddr/ip.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { GuestNetwork } from '../dhcp/guest-options.ts';
import { isOnVlan } from '../network/vlan-subnet.ts';
import { macFor } from '../ovn/mac.ts';
import { logicalRouterPortName, switchRouterPortName } from '../ovn/names.ts';
import { emitAccess } from './access-rows.ts';
import { advertisements, dhcpFamilies, emitSubnetDhcp, subnetOptions } from './dhcp-rows.ts';
import { notImplemented } from './not-implemented.ts';
import { emitSubnetNat } from './subnet-nat.ts';
import { mtuOf } from './subnet-mtu.ts';
import { vlanSubnet } from './vlan-subnet.ts';
import { olderOverlap } from './vpc-subnets.ts';
import { emitSubnetVips, subnetVips } from './virtual-port.ts';
import { checkMatches, checkPorts, datapathFits } from './vxlan-issues.ts';
import { type Emit, rule } from './rule.ts';

export const subnetRule = rule({
  kind: 'Subnet',
  reads: {
    kinds: ['Settings', 'Subnet', 'NetworkAttachmentDefinition', 'IP', 'IPPool', 'Vpc', 'OvnSnatRule'],
    facts: ['VpcRouter', 'VpcGuests', 'GuestMtus', 'VxlanMode', 'DatapathRank', 'VlanNetwork', 'VpcExternal'],
  },
  emits: ['SubnetSwitch', 'SubnetGuests', 'PortBeyondLimit'],
  run(subnet, name, read, emit) {
    const unbuilt = notImplemented('Subnet', subnet);
    for (const issue of unbuilt.issues) emit.issue(issue);
    const plan = addressPlan(subnet, emit);
    if (!plan || unbuilt.restricts) return;
    if (isOnVlan(subnet.spec)) return vlanSubnet(subnet, plan, read, emit);
    checkMatches(subnet, read, emit);
    const vpc = subnet.spec?.vpc ?? '';
    const router = read.fact('VpcRouter', vpc)?.router;
    if (router === undefined) {
      emit.issue({
        reason: 'VpcNotFound',
        field: 'spec.vpc',
        message: `spec.vpc: there is no VPC ${JSON.stringify(vpc)}: create it, or name another one`,
      });
      return;
    }
    const older = olderOverlap(subnet, vpc, plan.cidrs, read);
    if (older) {
      emit.issue({
        reason: 'CidrOverlap',
        field: 'spec.cidrBlock',
        message: `spec.cidrBlock: ${subnet.spec?.cidrBlock} overlaps subnet ${older} of the same VPC: choose another prefix`,
      });
      return;
    }
    if (!datapathFits('Subnet', name, read, emit)) return;
    checkPorts(name, read, emit);
    const mtu = mtuOf(subnet, read, emit);
    const routerMac = macFor(logicalRouterPortName(vpc, name));
    const networks = plan.cidrs.map(
      (cidr, index): GuestNetwork => ({ cidr, gateway: plan.gateways[index]!, routerMac, mtu }),
    );
    const options = subnetOptions(subnet, emit);
    const families = dhcpFamilies(subnet, networks, options.raOptions);
    const { v4Options, v6Options } = options;
    const vips = subnetVips(subnet, plan.cidrs);
    emit.fact('SubnetSwitch', name, { switch: name, cidrs: plan.cidrs, dhcp: families, vips });
    emitSubnetVips(name, vips, read, emit);
    const routeTable = subnet.spec?.routeTable ?? '';
    const guests = `${vpc}|${routeTable}`;
    emit.fact('SubnetGuests', name, { vpc: guests, networks, v4Options, v6Options });
    const guestsOf = () => read.fact('VpcGuests', guests)!;
    if (families.length > 0) emitSubnetDhcp(name, networks, families, guestsOf(), options, emit);
    const ra = advertisements(subnet, networks, guestsOf, options, emit);
    emitAccess(subnet, networks, [{ ports: [switchRouterPortName(vpc, name)], routerMac }], read, emit);
    emitSubnetNat(subnet, plan.cidrs, read, emit);
    rows(name, vpc, router, networks, ra, routeTable, emit);
  },
});

export interface AddressPlan {
  readonly cidrs: readonly Cidr[];
  /** the router's address in each */
  readonly gateways: readonly string[];
}

function addressPlan(subnet: Subnet, emit: Emit): AddressPlan | undefined {
  try {
    const cidrs = (subnet.spec?.cidrBlock ?? '').split(',').map((text) => parseInterface(text).cidr);
    const gateways = (subnet.spec?.gateway ?? '').split(',').map((text) => parseIp(text));
    return { cidrs, gateways: cidrs.map((cidr) => gatewayText(cidr, gateways)) };
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    emit.issue({
      reason: 'InvalidSpec',
      field: 'spec.cidrBlock',
      message: `spec.cidrBlock, spec.gateway: ${error.message}: correct it`,
    });
    return undefined;
  }
}

function gatewayText(cidr: Cidr, gateways: readonly Ip[]): string {
  const gateway = gateways.find((ip) => cidrContains(cidr, ip));
  if (!gateway) throw new AddressError(formatCidr(cidr), 'has no gateway inside it');
  return formatIp(gateway);
}

function rows(
  name: string,
  vpc: string,
  router: string,
  networks: readonly GuestNetwork[],
  raConfigs: Readonly<Record<string, string>>,
  routeTable: string,
  emit: Emit,
): void {
  const routerPort = logicalRouterPortName(vpc, name);
  const { routerMac, mtu } = networks[0]!;
  emit.row('Logical_Switch', name, { external_ids: { vendor: 'kube-ovn' } });
  emit.child({ table: 'Logical_Router', key: router, column: 'ports' }, 'Logical_Router_Port', routerPort, {
    mac: routerMac,
    networks: networks.map(({ gateway, cidr }) => `${gateway}/${cidr.bits}`),
    ipv6_ra_configs: raConfigs,
    options: {
      ...(mtu > 0 ? { gateway_mtu: String(mtu) } : {}),
      ...(routeTable === '' ? {} : { route_table: routeTable }),
    },
    external_ids: { vendor: 'kube-ovn', lr: vpc, ls: name },
  });
  emit.child(
    { table: 'Logical_Switch', key: name, column: 'ports' },
    'Logical_Switch_Port',
    switchRouterPortName(vpc, name),
    {
      type: 'router',
      addresses: ['router'],
      options: { 'router-port': routerPort },
      external_ids: { vendor: 'kube-ovn', ls: name },
    },
  );
}
