/**
 * What connects the router of a VPC with external subnets: subnets on a VLAN that some physical router serves.
 *
 *   router of the VPC ── port <vpc>-<subnet>, carried by one gateway node ── <subnet>-<vpc> ── switch of the subnet ── localnet.<subnet> ── VLAN
 *
 * Only what was translated passes: nothing leaves with an address of the VPC, and nothing that is addressed to one comes in.
 */
import { type Cidr, cidrContains, type InterfaceAddress } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { type Family, formatIp, type Ip, parseIp } from '../../lib/netaddr/ip.ts';
import { MAX_PRIORITY } from '../access/rules.ts';
import { routerEipName } from '../external/names.ts';
import type { VpcSpec } from '../../kinds/vpc.ts';
import { isOnVlan, isRouted } from '../vlan/vlan-subnet.ts';
import { logicalRouterPortName, privateAddressSetName, switchRouterPortName } from '../ovn/names.ts';
import { gatewayGroupOf, type GatewayGroup, noGatewayNode } from './gateway-group.ts';
import { type AskedExternal, askedExternals } from './asked-externals.ts';
import { emitGroup } from './provider-network-rule.ts';
import { emitAddressSet } from './address-sets.ts';
import type { Emit, IssueReason, Read } from './rule.ts';
import { viewSubnet } from './vpc-subnets.ts';

/** The external subnet that an address is in. */
export function externalHolding(address: Ip, externals: readonly External[]): External | undefined {
  return externals.find(({ own }) => own.some(({ cidr }) => cidrContains(cidr, address)));
}

/** The router's port in an external subnet. */
export interface External extends GatewayGroup {
  readonly subnet: string;
  readonly port: string;
  readonly mac: string;
  /** the router's own addresses */
  readonly own: readonly InterfaceAddress[];
  /** physical routers */
  readonly gateways: readonly Ip[];
  readonly provider: string;
}

/** Those that work, in the order of preference; of the others it is said why not. */
export function externalsOf(
  vpc: string,
  spec: VpcSpec | undefined,
  read: Read,
  emit: Pick<Emit, 'issue'>,
): readonly External[] {
  return askedExternals(vpc, read).flatMap((asked) => externalOf(vpc, asked, fieldOf(spec, asked), read, emit) ?? []);
}

function fieldOf(spec: VpcSpec | undefined, { subnet, own, gateways }: AskedExternal): string {
  if (!own) return `VpcNatGateway ${gateways[0]}`;
  const index = spec?.extraExternalSubnets?.indexOf(subnet) ?? -1;
  return index < 0 ? 'spec.enableExternal' : `spec.extraExternalSubnets[${index}]`;
}

/** @param field what asks for it, for messages */
export function externalOf(
  vpc: string,
  asked: AskedExternal,
  field: string,
  read: Read,
  emit: Pick<Emit, 'issue'>,
): External | undefined {
  const { subnet } = asked;
  const say = (reason: IssueReason, why: string) => {
    emit.issue({ reason, field, message: `${field}: external subnet ${subnet} is not connected: ${why}` });
    return undefined;
  };
  const seen = read.get('Subnet', subnet, ({ spec }) => ({
    vlan: spec?.vlan ?? '',
    usable: isOnVlan(spec) && !isRouted(spec),
  }));
  if (!seen) return say('ExternalSubnetNotReady', 'there is no such Subnet: create it, on a VLAN');
  if (!seen.usable)
    return say(
      'ExternalSubnetNotReady',
      'it is no subnet of a VLAN with a physical gateway: set its spec.vlan, without logicalGateway and u2oInterconnection, or name another one',
    );
  const network = read.fact('VlanNetwork', seen.vlan);
  if (!network)
    return say(
      'ExternalSubnetNotReady',
      `its Vlan ${seen.vlan} is missing or not in force (its Ready condition says why)`,
    );
  const eip = routerEipName(vpc, subnet);
  const { cidrs, gateways: routers } = viewSubnet(subnet, read);
  const { own, mac } = addressesOf(eip, cidrs, read);
  if (own.length === 0 || mac === '')
    return say('ExternalAddressMissing', `the router has no address there yet (OvnEip ${eip} says why)`);
  const gateways = gatewayGroupOf(vpc, subnet, network.provider, subnet, asked.gateways, read, emit);
  if (gateways === undefined) return say('NoGatewayNode', noGatewayNode(network.provider));
  return {
    subnet,
    port: logicalRouterPortName(vpc, subnet),
    mac,
    own,
    gateways: routers.filter(({ family }) => own.some(({ ip }) => ip.family === family)),
    provider: network.provider,
    ...gateways,
  };
}

function addressesOf(
  eip: string,
  cidrs: readonly Cidr[],
  read: Read,
): { readonly own: readonly InterfaceAddress[]; readonly mac: string } {
  const { v4Ip = '', v6Ip = '', macAddress = '' } = read.get('OvnEip', eip, ({ spec }) => spec ?? {}) ?? {};
  const own = [v4Ip, v6Ip].flatMap((text): readonly InterfaceAddress[] => {
    const ip = text === '' ? undefined : attempt(() => parseIp(text));
    const cidr = ip && cidrs.find((each) => cidrContains(each, ip));
    return ip && cidr ? [{ ip, cidr }] : [];
  });
  return { own, mac: macAddress };
}

export interface Surroundings {
  /** prefixes of the VPC, with those behind its links and machines */
  readonly inside: readonly Cidr[];
  /** the router has more than one port on physical networks */
  readonly several: boolean;
}

export function emitExternals(
  vpc: string,
  externals: readonly External[],
  { inside, several }: Surroundings,
  emit: Emit,
): void {
  if (externals.length === 0) return;
  for (const family of [4, 6] as const)
    emitAddressSet(
      insideSetName(vpc, family),
      inside.filter((cidr) => cidr.family === family),
      emit,
    );
  for (const [index, external] of externals.entries()) {
    if (external.order) emitGroup(external.group, external.order, emit);
    emitPorts(vpc, external, emit);
    emitBorder(vpc, external, emit);
    const { subnet, port, provider, own } = external;
    emit.fact('VpcExternal', `${vpc}|${subnet}`, {
      port,
      provider,
      addresses: own.map(({ ip }) => formatIp(ip)),
      several,
      main: index === 0,
    });
  }
}

function emitPorts(vpc: string, { subnet, port, mac, own, group }: External, emit: Emit): void {
  emit.child({ table: 'Logical_Router', key: vpc, column: 'ports' }, 'Logical_Router_Port', port, {
    mac,
    networks: own.map(({ ip, cidr }) => `${formatIp(ip)}/${cidr.bits}`),
    ha_chassis_group: { table: 'HA_Chassis_Group', key: group },
    ipv6_ra_configs: {},
    options: {},
    external_ids: { vendor: 'kube-ovn', lr: vpc, ls: subnet },
  });
  emit.child(
    { table: 'Logical_Switch', key: subnet, column: 'ports' },
    'Logical_Switch_Port',
    switchRouterPortName(vpc, subnet),
    {
      type: 'router',
      addresses: ['router'],
      // whoever has the gateway says so to the VLAN, also of addresses that are translated
      options: { 'router-port': port, 'nat-addresses': 'router' },
      external_ids: { vendor: 'kube-ovn', ls: subnet },
    },
  );
}

/** At the switch, so that it holds for whatever the router does. */
function emitBorder(vpc: string, { subnet }: External, emit: Emit): void {
  const port = JSON.stringify(switchRouterPortName(vpc, subnet));
  for (const family of [4, 6] as const) {
    const set = `$${insideSetName(vpc, family)}`;
    for (const [direction, match] of [
      ['from-lport', `inport == ${port} && ip${family}.src == ${set}`],
      ['to-lport', `outport == ${port} && ip${family}.dst == ${set}`],
    ] as const)
      emit.child(
        { table: 'Logical_Switch', key: subnet, column: 'acls' },
        'ACL',
        `${subnet}/${vpc}/${direction}/${family}`,
        {
          name: `untranslated`,
          direction,
          tier: 0,
          priority: MAX_PRIORITY,
          match,
          action: 'drop',
          log: false,
          options: {},
          external_ids: { vendor: 'kube-ovn', parent: subnet },
        },
      );
  }
}

/** Prefixes of a VPC, with those behind it: what the outside must not see. */
function insideSetName(vpc: string, family: Family): string {
  return privateAddressSetName(`inside${family}`, vpc);
}

/** What leaves by one of several external subnets. @param single addresses, which count before prefixes */
export function viaSetName(vpc: string, subnet: string, family: Family, single: boolean): string {
  return privateAddressSetName(`${single ? 'one_via' : 'via'}${family}`, vpc, subnet);
}
