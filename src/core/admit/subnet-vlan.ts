/** What a Subnet may say of the VLAN that it is on: who its gateway is, how it is connected with its VPC, and whether Weft gives addresses there. */
import { vpcsAsking } from '../compile/asked-externals.ts';
import { untracked } from '../compile/reads.ts';
import { EIP_KINDS } from '../external/families.ts';
import { type Cidr, cidrContains, formatCidr, usableBounds } from '../../lib/netaddr/cidr.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import type { Subnet, SubnetSpec } from '../../kinds/subnet.ts';
import {
  hasLogicalGateway,
  interconnectionName,
  isInterconnected,
  isMacOnly,
  isOnVlan,
  isRouted,
} from '../vlan/vlan-subnet.ts';
import { addressHolder } from './address-holders.ts';
import type { Findings, Review } from './verdict.ts';

export function checkVlan(subnet: Subnet, { old, neighbours }: Review<Subnet>, findings: Findings): void {
  const spec = subnet.spec!;
  const { name } = subnet.metadata;
  if (old && isMacOnly(old.spec) !== isMacOnly(spec))
    findings.forbidden(
      'spec.cidrBlock',
      `cannot ${isMacOnly(spec) ? 'go' : 'come'}: whether Weft gives addresses in a subnet does not change; make another Subnet`,
    );
  if (isMacOnly(spec)) return checkMacOnly(spec, findings);
  if (!isOnVlan(spec)) {
    for (const field of ['logicalGateway', 'u2oInterconnection'] as const)
      if (spec[field] === true)
        findings.warn(`spec.${field}`, 'has no effect without spec.vlan: the router is in every subnet of the overlay');
  } else {
    if (spec.logicalGateway === true && spec.u2oInterconnection === true)
      findings.invalid(
        'spec.u2oInterconnection',
        true,
        'contradicts spec.logicalGateway: either the router of the VPC is the gateway of the VLAN, or a physical one is kept',
      );
    if (!hasLogicalGateway(spec) && spec.natOutgoing === true)
      findings.warn('spec.natOutgoing', 'has no effect: machines on this VLAN leave by its physical gateway');
    if (spec.private === true && isRouted(spec))
      findings.warn(
        'spec.private',
        'is about machines of the cluster: hosts outside and the VPC reach each other by the router, unless rules of the other subnets of the VPC say otherwise',
      );
  }
  if (spec.u2oFeatures?.overlayOnlyRouting === true && !isInterconnected(spec))
    findings.invalid(
      'spec.u2oFeatures.overlayOnlyRouting',
      true,
      'is about a VLAN that is connected with a VPC: set spec.vlan and spec.u2oInterconnection, or leave it out',
    );
  const wasPart = old !== undefined && isOnVlan(old.spec) && isRouted(old.spec);
  if (isOnVlan(spec) && isRouted(spec) && !wasPart) {
    const external = vpcsAsking(name, untracked(neighbours))[0];
    const eip = EIP_KINDS.flatMap((kind) => neighbours.keys(kind, 'subnet', name).map((each) => `${kind} ${each}`))[0];
    if (external !== undefined || eip !== undefined)
      findings.forbidden(
        spec.logicalGateway === true ? 'spec.logicalGateway' : 'spec.u2oInterconnection',
        `${external === undefined ? `${eip} is in it` : `it is an external subnet of VPC ${external}`}: a VLAN is outside of VPCs, or a part of one`,
      );
  }
}

/** only MAC addresses are given there, so nothing that is about addresses has a meaning */
function checkMacOnly(spec: SubnetSpec, findings: Findings): void {
  const empty = 'must be empty without spec.cidrBlock: Weft gives only MAC addresses on such a VLAN';
  for (const field of ['gateway', 'u2oInterconnectionIP'] as const)
    if (spec[field]) findings.invalid(`spec.${field}`, spec[field], empty);
  for (const field of ['excludeIps', 'vips'] as const)
    if (spec[field]?.length) findings.invalid(`spec.${field}`, spec[field], empty);
  for (const field of ['logicalGateway', 'u2oInterconnection', 'private'] as const)
    if (spec[field] === true)
      findings.invalid(`spec.${field}`, true, 'needs spec.cidrBlock: set it, or leave this field out');
  for (const field of ['enableDHCP', 'enableIPv6RA', 'natOutgoing'] as const)
    if (spec[field] === true)
      findings.warn(
        `spec.${field}`,
        'has no effect without spec.cidrBlock: whoever is on the VLAN tells guests their addresses',
      );
}

/** The address that the router shall have beside the physical gateway. */
export function checkInterconnectionIp(
  subnet: Subnet,
  cidrs: readonly Cidr[],
  { old, neighbours }: Review<Subnet>,
  findings: Findings,
): void {
  const { u2oInterconnectionIP: text = '', gateway = '', vips = [] } = subnet.spec!;
  if (text === '') return;
  const path = 'spec.u2oInterconnectionIP';
  const families = new Set<number>();
  for (const part of text.split(',')) {
    const ip = findings.parsed(path, text, () => parseIp(part.trim()));
    if (!ip) continue;
    const address = formatIp(ip);
    if (families.has(ip.family)) findings.invalid(path, text, `has two IPv${ip.family} addresses: a router has one`);
    families.add(ip.family);
    const cidr = cidrs.find((each) => cidrContains(each, ip));
    if (!cidr) {
      findings.invalid(path, text, `${address} is outside of ${subnet.spec?.cidrBlock}: choose an address inside it`);
      continue;
    }
    const { first, last } = usableBounds(cidr);
    if (ip.value < first || ip.value > last)
      findings.invalid(path, text, `${address} is the network or broadcast address of ${formatCidr(cidr)}`);
    if (gateway.split(',').includes(address))
      findings.invalid(path, text, `${address} is the physical gateway (spec.gateway): choose another address`);
    if (vips.includes(address)) findings.invalid(path, text, `${address} is one of spec.vips: choose another address`);
    const holder =
      old?.spec?.u2oInterconnectionIP === text
        ? undefined
        : addressHolder(subnet.metadata.name, address, interconnectionName(subnet), neighbours);
    if (holder !== undefined)
      findings.duplicate(path, text, `${address} is in use by ${holder}: choose another address`);
  }
}
