/** Links between VPCs, at the door: those in a VPC's own spec, and VpcPeerings. */
import {
  type Cidr,
  cidrsOverlap,
  formatCidr,
  type InterfaceAddress,
  lastValue,
  parseCidr,
  parseInterface,
} from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { formatIp, width } from '../../lib/netaddr/ip.ts';
import type { Vpc } from '../../kinds/vpc.ts';
import type { VpcPeering } from '../../kinds/vpc-peering.ts';
import { linkOf, peeringOverlap } from '../compile/vpc-peerings.ts';
import { subnetsOverlapping } from '../compile/vpc-subnets.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import { linkPortName } from '../ovn/names.ts';
import { Findings, type Review, type Verdict } from './verdict.ts';

export function checkPeerings({ metadata, spec }: Vpc, neighbours: ReadonlyWorld, findings: Findings): void {
  const { name } = metadata;
  const links: { readonly remote: string; readonly cidrs: readonly Cidr[] }[] = [];
  for (const [index, { remoteVpc: remote = '', localConnectIP = '' }] of (spec?.vpcPeerings ?? []).entries()) {
    const path = `spec.vpcPeerings[${index}]`;
    if (remote === '') findings.required(`${path}.remoteVpc`, 'the name of the other VPC');
    if (remote === name) findings.invalid(`${path}.remoteVpc`, remote, 'is this VPC itself');
    if (links.some((link) => link.remote === remote))
      findings.duplicate(
        `${path}.remoteVpc`,
        remote,
        'two VPCs have one link: put both families into one localConnectIP',
      );
    const addresses = linkAddresses(`${path}.localConnectIP`, localConnectIP, findings);
    const cidrs = addresses.map(({ cidr }) => cidr);
    for (const cidr of cidrs) {
      const subnet = subnetsOverlapping(name, cidr, neighbours)[0];
      if (subnet !== undefined)
        findings.invalid(
          `${path}.localConnectIP`,
          localConnectIP,
          `overlaps subnet ${subnet} of this VPC: choose a prefix for the link alone`,
        );
      const other = links.find((link) => link.cidrs.some((taken) => cidrsOverlap(taken, cidr)));
      if (other)
        findings.invalid(
          `${path}.localConnectIP`,
          localConnectIP,
          `overlaps the link to VPC ${other.remote}: choose another prefix`,
        );
    }
    links.push({ remote, cidrs });
    checkPortName(name, remote, `${path}.remoteVpc`, neighbours, findings);
    warnOfMismatch(name, remote, addresses, `${path}.localConnectIP`, neighbours, findings);
  }
}

function linkAddresses(path: string, text: string, findings: Findings): readonly InterfaceAddress[] {
  const addresses: InterfaceAddress[] = [];
  for (const part of text.split(',')) {
    const address = findings.parsed(path, text, () => parseInterface(part.trim()));
    if (!address) continue;
    const { ip, cidr } = address;
    if (addresses.some(({ ip: other }) => other.family === ip.family))
      findings.invalid(path, text, `has two IPv${ip.family} addresses: one of each family at most`);
    if (cidr.bits === width(ip.family))
      findings.invalid(
        path,
        text,
        `${formatCidr(cidr)} has room for one end only: a link needs a prefix of two or more`,
      );
    else if (
      cidr.bits < width(ip.family) - 1 &&
      (ip.value === cidr.base || (ip.family === 4 && ip.value === lastValue(cidr)))
    )
      findings.invalid(path, text, `${formatIp(ip)} is the network or broadcast address of ${formatCidr(cidr)}`);
    warnOfPointToPoint(path, cidr, findings);
    addresses.push(address);
  }
  return addresses;
}

/** OVN takes the second address of a /31 for its broadcast address, and drops what comes from there */
function warnOfPointToPoint(path: string, cidr: Cidr, findings: Findings): void {
  if (cidr.family === 4 && cidr.bits === 31)
    findings.warn(
      path,
      `${formatCidr(cidr)} carries packets, but not the errors that one of the two routers reports ("time exceeded", "fragmentation needed"): a /30 does`,
    );
}

/** `a-b` + `c` and `a` + `b-c` would be one name */
function checkPortName(
  name: string,
  remote: string,
  path: string,
  neighbours: ReadonlyWorld,
  findings: Findings,
): void {
  const port = linkPortName(name, remote);
  const subnet = neighbours.keys('Subnet', 'portName', port)[0];
  const vpc = neighbours.keys('Vpc', 'portName', port).find((other) => other !== name);
  const holder = subnet === undefined ? vpc && `a link of VPC ${vpc}` : `subnet ${subnet}`;
  if (holder !== undefined)
    findings.invalid(
      path,
      remote,
      `collides with ${holder}: both would name a router port ${port}; rename one of them`,
    );
}

/** both sides cannot be edited at once, so what does not fit yet is said, not refused */
function warnOfMismatch(
  name: string,
  remote: string,
  addresses: readonly InterfaceAddress[],
  path: string,
  neighbours: ReadonlyWorld,
  findings: Findings,
): void {
  const other = neighbours.get('Vpc', remote);
  const back = other?.spec?.vpcPeerings?.find(({ remoteVpc }) => remoteVpc === name);
  if (!back) {
    findings.warn(
      path,
      `VPC ${remote} ${other ? 'does not name this one in its spec.vpcPeerings' : 'does not exist'} yet: they are connected when it does`,
    );
    return;
  }
  const theirs = (back.localConnectIP ?? '')
    .split(',')
    .flatMap((text) => attempt(() => parseInterface(text.trim())) ?? []);
  const fits = addresses.every(({ ip, cidr }) =>
    theirs.some((their) => formatCidr(their.cidr) === formatCidr(cidr) && their.ip.value !== ip.value),
  );
  if (!fits || theirs.length !== addresses.length)
    findings.warn(
      path,
      `does not fit the other end, ${back.localConnectIP} in VPC ${remote}: give both ends different addresses of the same prefix`,
    );
}

/** VPCs that a VPC is connected with. Those that merely ask to be cannot keep it from having a prefix. */
export function peersOf(vpc: string, neighbours: ReadonlyWorld): readonly string[] {
  const declared = (neighbours.get('Vpc', vpc)?.spec?.vpcPeerings ?? [])
    .map(({ remoteVpc = '' }) => remoteVpc)
    .filter((remote) => neighbours.keys('Vpc', 'peer', vpc).includes(remote));
  const managed = neighbours.keys('VpcPeering', 'vpc', vpc).flatMap((key) => {
    const peering = neighbours.get('VpcPeering', key);
    const { localVpc, remoteVpc, localSubnets, remoteSubnets } = peering?.spec ?? {};
    // where subnets are chosen, the others may overlap
    if (!peering || localSubnets || remoteSubnets || !linkOf(peering, neighbours)) return [];
    return [localVpc === vpc ? remoteVpc : localVpc];
  });
  return [...new Set([...declared, ...managed])].filter((name) => name !== undefined);
}

/** Prefixes of connected VPCs must differ: each router would know its own only. @returns what is in the way */
export function peerOverlap(vpc: string, cidr: Cidr, neighbours: ReadonlyWorld): string | undefined {
  for (const peer of peersOf(vpc, neighbours)) {
    const subnet = subnetsOverlapping(peer, cidr, neighbours)[0];
    if (subnet !== undefined)
      return `subnet ${subnet} (${neighbours.get('Subnet', subnet)?.spec?.cidrBlock}) of VPC ${peer}, which VPC ${vpc} is connected with`;
  }
  const links = (neighbours.get('Vpc', vpc)?.spec?.vpcPeerings ?? []).flatMap(({ remoteVpc, localConnectIP = '' }) =>
    localConnectIP.split(',').flatMap((text) => {
      const link = attempt(() => parseInterface(text.trim()).cidr);
      return link ? [{ link, remoteVpc }] : [];
    }),
  );
  const taken = links.find(({ link }) => cidrsOverlap(link, cidr));
  return taken && `the link ${formatCidr(taken.link)} of VPC ${vpc} to VPC ${taken.remoteVpc}`;
}

export function admitVpcPeering({ object, neighbours }: Review<VpcPeering>): Verdict<VpcPeering> {
  const findings = new Findings();
  const { localVpc = '', remoteVpc = '', localSubnets, remoteSubnets, linkCIDR = '' } = object.spec ?? {};
  for (const [field, name] of [
    ['localVpc', localVpc],
    ['remoteVpc', remoteVpc],
  ] as const) {
    if (name === '') findings.required(`spec.${field}`, 'the name of a VPC');
    else if (!neighbours.get('Vpc', name)) findings.warn(`spec.${field}`, `there is no VPC ${name} yet`);
  }
  if (localVpc !== '' && localVpc === remoteVpc)
    findings.invalid('spec.remoteVpc', remoteVpc, 'is the VPC on this side: a VPC reaches itself');
  for (const [field, vpc, subnets] of [
    ['localSubnets', localVpc, localSubnets],
    ['remoteSubnets', remoteVpc, remoteSubnets],
  ] as const)
    for (const [index, name] of (subnets ?? []).entries()) {
      const found = neighbours.get('Subnet', name);
      if (found && found.spec?.vpc !== vpc)
        findings.invalid(`spec.${field}[${index}]`, name, `is a subnet of VPC ${found.spec?.vpc}, not of ${vpc}`);
      else if (!found) findings.warn(`spec.${field}[${index}]`, `there is no subnet ${name} yet`);
    }
  const overlap = localVpc === remoteVpc ? undefined : peeringOverlap(object, neighbours);
  if (overlap !== undefined) findings.invalid('spec.remoteVpc', remoteVpc, overlap);
  if (linkCIDR !== '') {
    const cidr = findings.parsed('spec.linkCIDR', linkCIDR, () => parseCidr(linkCIDR));
    if (cidr && (cidr.family !== 4 || cidr.bits > 31))
      findings.invalid(
        'spec.linkCIDR',
        linkCIDR,
        'must be an IPv4 prefix with two or more addresses, such as 169.254.7.0/30',
      );
    if (cidr) warnOfPointToPoint('spec.linkCIDR', cidr, findings);
    for (const vpc of [localVpc, remoteVpc]) {
      const subnet = cidr && subnetsOverlapping(vpc, cidr, neighbours)[0];
      if (subnet !== undefined)
        findings.invalid(
          'spec.linkCIDR',
          linkCIDR,
          `overlaps subnet ${subnet} of VPC ${vpc}: choose a prefix for the link alone`,
        );
    }
  }
  for (const [near, far] of [
    [localVpc, remoteVpc],
    [remoteVpc, localVpc],
  ] as const)
    checkPortName(near, far, 'spec.remoteVpc', neighbours, findings);
  return { object, warnings: findings.warnings, errors: findings.errors };
}
