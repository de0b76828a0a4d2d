/** What a Subnet must be to be let in. */
import {
  type Cidr,
  cidrContains,
  cidrsOverlap,
  formatCidr,
  parseInterface,
  specialPurpose,
  usableBounds,
} from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { parseIp, width } from '../../lib/netaddr/ip.ts';
import { parseRange } from '../../lib/netaddr/range.ts';
import type { Subnet, SubnetSpec } from '../../kinds/subnet.ts';
import { checkGuestOptions } from './guest-options.ts';
import { subnetsOverlapping } from '../compile/vpc-subnets.ts';
import { LINK_RANGES } from '../compile/link-prefixes.ts';
import { isMacOnly, isOfRouter, isOnVlan, isRouted, prefixScopes } from '../vlan/vlan-subnet.ts';
import { checkInterconnectionIp, checkVlan } from './subnet-vlan.ts';
import { holders } from '../network/users.ts';
import { listed } from '../text/listed.ts';
import { logicalRouterPortName, RESERVED_SUBNETS, switchRouterPortName } from '../ovn/names.ts';
import { checkNodeNetwork } from './node-network.ts';
import { checkReserved } from './reserved-ranges.ts';
import { checkAccess } from './subnet-access.ts';
import { checkSubnetVips } from './subnet-vips.ts';
import { subnetDefaults } from './subnet-defaults.ts';
import { Findings, type Review, type Verdict, withFinalizer } from './verdict.ts';
import { peerOverlap } from './vpc-peerings.ts';

/** IPv6 requires every link to carry 1280 bytes (RFC 8200 section 5) */
const IPV6_MIN_MTU = 1280;
/** every IPv4 host must take packets of this size (RFC 791) */
const IPV4_MIN_MTU = 576;
/** object names: DNS-1123 subdomains */
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
/** `ovn`, or network attachments: `<nad>.<namespace>` with or without `.ovn` */
const PROVIDER = /^[a-z0-9]([a-z0-9.-]{0,315}[a-z0-9])?$/;

export function admitSubnet(review: Review<Subnet>): Verdict<Subnet> {
  const findings = new Findings();
  const subnet = withFinalizer(subnetDefaults(review.object, findings));
  const spec = subnet.spec!;
  checkName(subnet, review, findings);
  for (const [index, namespace] of (spec.namespaces ?? []).entries()) {
    const other = review.neighbours.keys('Subnet', 'namespace', namespace).find((key) => key !== subnet.metadata.name);
    if (other)
      findings.invalid(
        `spec.namespaces[${index}]`,
        namespace,
        `has subnet ${other} as its default: a namespace has one`,
      );
  }
  checkVlan(subnet, review, findings);
  const cidrs = isMacOnly(spec) ? undefined : checkCidrs(spec, findings);
  if (cidrs) {
    checkGateways(spec, cidrs, findings);
    checkExcludes(spec, cidrs, findings);
    checkOverlap(subnet, cidrs, review, findings);
    if (isRouted(spec) && (review.old?.spec?.cidrBlock !== spec.cidrBlock || !isRouted(review.old?.spec)))
      checkReserved(spec.vpc ?? '', spec.cidrBlock, cidrs, review.neighbours, findings);
    checkMtu(spec.mtu, cidrs, findings);
    checkGuestOptions(spec, cidrs, findings);
    checkSubnetVips(subnet, cidrs, review, findings);
    checkInterconnectionIp(subnet, cidrs, review, findings);
    if (review.old) checkUpdate(subnet, review.old, cidrs, review, findings);
  }
  if (isOnVlan(spec) && !review.neighbours.get('Vlan', spec.vlan!))
    findings.warn('spec.vlan', `there is no Vlan ${spec.vlan} yet: the subnet waits for it`);
  checkRouteTable(subnet, review, findings);
  checkAccess(subnet, cidrs ?? [], review.neighbours, findings);
  checkNodeNetwork(subnet, review.neighbours, findings);
  return { object: subnet, warnings: findings.warnings, errors: findings.errors };
}

/** a table without a route is not the main table: what the VPC's other routes lead to is out of reach */
function checkRouteTable({ spec }: Subnet, { old, neighbours }: Review<Subnet>, findings: Findings): void {
  const { routeTable = '', vpc = '' } = spec!;
  const found = neighbours.get('Vpc', vpc);
  if (routeTable === '' || routeTable === old?.spec?.routeTable || !found) return;
  if (!found.spec?.staticRoutes?.some((route) => route.routeTable === routeTable))
    findings.warn(
      'spec.routeTable',
      `no static route of VPC ${vpc} is in table ${routeTable} (yet): until one is, none of its static routes counts for this subnet`,
    );
}

function checkName(subnet: Subnet, { old, neighbours }: Review<Subnet>, findings: Findings): void {
  const { name } = subnet.metadata;
  const { vpc = '', provider = '' } = subnet.spec!;
  if (!NAME.test(vpc)) return findings.invalid('spec.vpc', vpc, 'is not the name of an object');
  if (!PROVIDER.test(provider))
    return findings.invalid('spec.provider', provider, 'must be "ovn" or <nad>.<namespace>.ovn');
  if (old?.spec?.vpc !== vpc && neighbours.get('Vpc', vpc)?.metadata.deletionTimestamp !== undefined)
    findings.forbidden('spec.vpc', `VPC ${vpc} is being deleted: wait until it is gone, or choose another one`);
  if (RESERVED_SUBNETS.has(name)) findings.invalid('metadata.name', name, 'is reserved: choose another name');
  if (name === vpc || neighbours.get('Vpc', name))
    findings.invalid('metadata.name', name, 'is the name of a VPC: a subnet and a VPC must not share a name');
  for (const portName of [logicalRouterPortName(vpc, name), switchRouterPortName(vpc, name)]) {
    const link = neighbours.keys('Vpc', 'portName', portName)[0];
    if (link !== undefined)
      findings.invalid(
        'metadata.name',
        name,
        `collides with a link of VPC ${link}: both would name a port ${portName}`,
      );
    const other = neighbours.keys('Subnet', 'portName', portName).find((key) => key !== name);
    if (other)
      findings.invalid(
        'metadata.name',
        name,
        `collides with subnet ${other} of VPC ${neighbours.get('Subnet', other)?.spec?.vpc}: both would name a port ${portName}`,
      );
  }
  const sharing =
    provider === 'ovn' ? undefined : neighbours.keys('Subnet', 'provider', provider).find((key) => key !== name);
  if (sharing)
    findings.duplicate('spec.provider', provider, `subnet ${sharing} already serves this network attachment`);
}

function checkCidrs(spec: SubnetSpec, findings: Findings): readonly Cidr[] | undefined {
  const block = spec.cidrBlock ?? '';
  if (block.trim() === '') {
    findings.required('spec.cidrBlock', 'a prefix such as 10.0.0.0/16, or "v4,v6" for dual stack');
    return undefined;
  }
  const cidrs = block
    .split(',')
    .map((text) => findings.parsed('spec.cidrBlock', block, () => parseInterface(text.trim()).cidr));
  if (cidrs.includes(undefined)) return undefined;
  const known = cidrs as Cidr[];
  if (known.length > 2 || (known.length === 2 && known[0]!.family === known[1]!.family)) {
    findings.invalid('spec.cidrBlock', block, 'must be one prefix, or one IPv4 and one IPv6 prefix');
    return undefined;
  }
  for (const cidr of known) {
    const special = specialPurpose(cidr);
    if (special)
      findings.invalid('spec.cidrBlock', block, `${formatCidr(cidr)} overlaps ${special}: choose another prefix`);
    else if (LINK_RANGES.some((range) => cidrsOverlap(range, cidr)))
      findings.invalid(
        'spec.cidrBlock',
        block,
        `${formatCidr(cidr)} overlaps addresses that Weft uses for links between VPCs: choose another prefix`,
      );
    if (cidr.bits === width(cidr.family))
      findings.invalid(
        'spec.cidrBlock',
        block,
        `${formatCidr(cidr)} holds a single address: a subnet needs one for the gateway and one for a guest`,
      );
  }
  return known;
}

function checkGateways(spec: SubnetSpec, cidrs: readonly Cidr[], findings: Findings): void {
  const texts = (spec.gateway ?? '').split(',').map((text) => text.trim());
  for (const text of texts) {
    const ip = findings.parsed('spec.gateway', spec.gateway, () => parseIp(text));
    if (!ip) continue;
    const cidr = cidrs.find((candidate) => cidrContains(candidate, ip));
    if (!cidr) {
      findings.invalid(
        'spec.gateway',
        spec.gateway,
        `${text} is outside of ${spec.cidrBlock}: choose an address inside it`,
      );
      continue;
    }
    const { first, last } = usableBounds(cidr);
    if (ip.value < first || ip.value > last)
      findings.invalid(
        'spec.gateway',
        spec.gateway,
        `${text} is the network or broadcast address of ${formatCidr(cidr)}`,
      );
  }
  if (texts.length > cidrs.length)
    findings.invalid('spec.gateway', spec.gateway, 'has more addresses than the subnet has families');
}

function checkExcludes(spec: SubnetSpec, cidrs: readonly Cidr[], findings: Findings): void {
  for (const [index, text] of (spec.excludeIps ?? []).entries()) {
    const path = `spec.excludeIps[${index}]`;
    const range = findings.parsed(path, text, () => parseRange(text));
    if (!range) continue;
    const inside = cidrs.some(
      (cidr) =>
        cidrContains(cidr, { family: range.family, value: range.first }) &&
        cidrContains(cidr, { family: range.family, value: range.last }),
    );
    if (!inside) findings.invalid(path, text, `is outside of ${spec.cidrBlock}`);
  }
}

function checkOverlap(
  subnet: Subnet,
  cidrs: readonly Cidr[],
  { neighbours }: Review<Subnet>,
  findings: Findings,
): void {
  const { name } = subnet.metadata;
  const { vpc = '', cidrBlock } = subnet.spec!;
  for (const scope of prefixScopes(subnet.spec)) {
    const others = cidrs.flatMap((cidr) => subnetsOverlapping(scope, cidr, neighbours));
    const other = others.find((key) => key !== name);
    if (!other) continue;
    const [where, choice] = scope === vpc ? [`VPC ${vpc}`, 'VPC'] : [`Vlan ${subnet.spec!.vlan}`, 'VLAN'];
    findings.invalid(
      'spec.cidrBlock',
      cidrBlock,
      `overlaps subnet ${other} (${neighbours.get('Subnet', other)?.spec?.cidrBlock}) of the same ${where}: choose another prefix, or another ${choice}`,
    );
  }
  if (!isRouted(subnet.spec)) return;
  for (const cidr of cidrs) {
    const far = peerOverlap(vpc, cidr, neighbours);
    if (far !== undefined) findings.invalid('spec.cidrBlock', cidrBlock, `overlaps ${far}: choose another prefix`);
  }
}

/** addresses in use must stay inside, and guests keep the gateway that they were told */
function checkUpdate(
  subnet: Subnet,
  old: Subnet,
  cidrs: readonly Cidr[],
  { neighbours }: Review<Subnet>,
  findings: Findings,
): void {
  const users = neighbours
    .keys('IP', 'subnet', subnet.metadata.name)
    // a router's follows the subnet
    .filter((key) => !isOfRouter(key, neighbours.get('IP', key)?.spec));
  if (users.length === 0) return;
  const inUse = () =>
    `cannot change while it is used by ${listed(holders(users.flatMap((key) => neighbours.get('IP', key) ?? [])))}: take them off this network first`;
  if (old.spec?.vpc && old.spec.vpc !== subnet.spec!.vpc) findings.forbidden('spec.vpc', inUse());
  // a gateway of a family that is new is nobody's yet
  const gateways = addressesOf(subnet.spec!.gateway);
  if (!addressesOf(old.spec?.gateway).every((gateway) => gateways.includes(gateway)))
    findings.forbidden('spec.gateway', inUse());
  if (old.spec?.cidrBlock === subnet.spec!.cidrBlock) return;
  const lost = users.flatMap((user) => {
    const ip = neighbours.get('IP', user);
    const { v4IpAddress = '', v6IpAddress = '' } = ip?.spec ?? {};
    const text = [v4IpAddress, v6IpAddress].find((one) => one !== '' && !cidrs.some((cidr) => holds(cidr, one)));
    return ip && text !== undefined ? [`${text} of ${holders([ip])[0]}`] : [];
  });
  if (lost.length > 0)
    findings.forbidden(
      'spec.cidrBlock',
      `cannot become ${subnet.spec!.cidrBlock}: ${listed(lost)} would be outside: take them off this network first, or keep a prefix that holds them`,
    );
}

function addressesOf(text = ''): readonly string[] {
  return text.split(',').filter((part) => part !== '');
}

function holds(cidr: Cidr, text: string): boolean {
  const ip = attempt(() => parseIp(text));
  return ip !== undefined && cidrContains(cidr, ip);
}

function checkMtu(mtu: number | undefined, cidrs: readonly Cidr[], findings: Findings): void {
  if (!mtu) return;
  const least = cidrs.some(({ family }) => family === 6) ? IPV6_MIN_MTU : IPV4_MIN_MTU;
  if (mtu < least)
    findings.invalid(
      'spec.mtu',
      mtu,
      `must be at least ${least} in this subnet (${least === IPV6_MIN_MTU ? 'RFC 8200' : 'RFC 791'}), or 0 for what fits the tunnel`,
    );
}
