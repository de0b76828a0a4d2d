/** What a VirtualNetwork must be to be let in: everything that its parts would be refused for, in the network's own words. */
import { cidrContains, coveringCidrs, formatCidr, parseInterface } from '../../lib/netaddr/cidr.ts';
import { parseIp } from '../../lib/netaddr/ip.ts';
import { keyOf } from '../../kinds/object.ts';
import type { VirtualNetwork, VirtualNetworkSpec } from '../../kinds/virtual-network.ts';
import { parseOptions } from '../dhcp/option-text.ts';
import { networkOf, networkOfVpcName, vpcOf } from '../network/names.ts';
import { networkCidrs } from '../network/parts.ts';
import { DEFAULT_VPC } from '../ovn/names.ts';
import { checkParts } from './network-parts.ts';
import { Findings, type Review, type Verdict, withFinalizer } from './verdict.ts';

/** also the name of its NetworkAttachmentDefinition, which Harvester wants without dots, and the value of a label */
const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export function admitVirtualNetwork(review: Review<VirtualNetwork>): Verdict<VirtualNetwork> {
  const findings = new Findings();
  const object = withFinalizer(normalised(review.object, findings));
  const spec = object.spec!;
  const { name } = object.metadata;
  if (!NAME.test(name))
    findings.invalid('metadata.name', name, 'must be at most 63 of a-z 0-9 and -, without dots: choose another name');
  if (spec.cidrs.length === 0)
    findings.required('spec.cidrs', 'a prefix such as 10.0.0.0/16, and one of the other family for dual stack');
  checkGateways(spec, findings);
  checkDns(spec, findings);
  checkVpc(object, review, findings);
  checkRoutes(object, findings);
  if (findings.errors.length === 0) checkParts({ ...review, object }, findings);
  if (findings.errors.length === 0) checkOverlap({ ...review, object }, findings);
  if (spec.internet === 'routed')
    findings.warn('spec.internet', `${spec.internet} is not built yet and has no effect: machines have no way out`);
  return { object, warnings: findings.warnings, errors: findings.errors };
}

/** Prefixes as they are meant; what cannot be read stays as it is and is an error. */
function normalised(network: VirtualNetwork, findings: Findings): VirtualNetwork {
  const spec: VirtualNetworkSpec = network.spec ?? { cidrs: [] };
  const cidrs = (spec.cidrs ?? []).map((text, index) => {
    const path = `spec.cidrs[${index}]`;
    const parsed = findings.parsed(path, text, () => parseInterface(text.trim()));
    if (!parsed) return text;
    if (parsed.ip.value !== parsed.cidr.base)
      findings.warn(path, `host bits of ${text} are cleared: the prefix is ${formatCidr(parsed.cidr)}`);
    return formatCidr(parsed.cidr);
  });
  return { ...network, spec: { ...spec, cidrs } };
}

function checkGateways({ gateways = [], cidrs }: VirtualNetworkSpec, findings: Findings): void {
  const known = networkCidrs({ cidrs });
  const families = gateways.map((text, index) => {
    const path = `spec.gateways[${index}]`;
    const ip = findings.parsed(path, text, () => parseIp(text));
    if (ip && known.length === cidrs.length && !known.some((cidr) => cidrContains(cidr, ip)))
      findings.invalid(path, text, `is in none of spec.cidrs (${known.map(formatCidr).join(', ')})`);
    return ip?.family;
  });
  const twice = families.findIndex((family, index) => family !== undefined && families.indexOf(family) !== index);
  if (twice >= 0)
    findings.duplicate(`spec.gateways[${twice}]`, gateways[twice], 'a network has one gateway of each family');
}

function checkDns({ dhcp = {}, cidrs }: VirtualNetworkSpec, findings: Findings): void {
  const families = new Set(networkCidrs({ cidrs }).map(({ family }) => family));
  for (const [index, text] of (dhcp.dnsServers ?? []).entries()) {
    const path = `spec.dhcp.dnsServers[${index}]`;
    const ip = findings.parsed(path, text, () => parseIp(text));
    if (ip && families.size > 0 && !families.has(ip.family))
      findings.invalid(
        path,
        text,
        `is IPv${ip.family}, the network has no prefix of that family: guests could not ask it`,
      );
  }
  for (const [index, text] of (dhcp.searchDomains ?? []).entries()) {
    const parsed = parseOptions('dhcpv6', `domain_search={${text}}`);
    if ('problem' in parsed || text.includes(','))
      findings.invalid(`spec.dhcp.searchDomains[${index}]`, text, 'must be the name of a domain');
  }
}

function checkVpc(network: VirtualNetwork, { old, neighbours }: Review<VirtualNetwork>, findings: Findings): void {
  const { isolation, vpc = '' } = network.spec!;
  const { namespace = '' } = network.metadata;
  if (isolation === 'none' && vpc !== '' && vpc !== DEFAULT_VPC)
    findings.invalid(
      'spec.isolation',
      isolation,
      `none puts the network into the default VPC ${DEFAULT_VPC}, but spec.vpc is ${vpc}: leave one of the two out`,
    );
  const { name, own } = vpcOf(network);
  if (own || (old && vpcOf(old).name === name)) return;
  const found = neighbours.get('Vpc', name);
  // who will own it is known before it is there
  const owner = found ? networkOf(found.metadata) : networkOfVpcName(name);
  const home = owner?.slice(0, owner.indexOf('/'));
  const allowed = new Set([...(home === undefined ? [] : [home]), ...(found?.spec?.namespaces ?? [])]);
  if (allowed.size > 0 && !allowed.has(namespace))
    return findings.forbidden(
      'spec.vpc',
      `VPC ${name} is for namespaces ${[...allowed].join(', ')}: choose another one, or have ${namespace} added to its spec.namespaces`,
    );
  // the default VPC comes with its first subnet
  if (!found && name !== DEFAULT_VPC)
    findings.warn('spec.vpc', `there is no VPC ${name} yet: machines on this network wait for it`);
}

function checkRoutes(network: VirtualNetwork, findings: Findings): void {
  const { routes = [] } = network.spec!;
  const { name, own } = vpcOf(network);
  if (routes.length > 0 && !own)
    findings.forbidden(
      'spec.routes',
      `VPC ${name} is not this network's own: put the routes into its spec.staticRoutes, or leave spec.vpc out`,
    );
  for (const [index, { nextHops }] of routes.entries())
    if (nextHops.length === 0) findings.required(`spec.routes[${index}].nextHops`, 'the address of a router');
}

/** other networks whose Subnet is not there yet */
function checkOverlap({ object, neighbours }: Review<VirtualNetwork>, findings: Findings): void {
  const vpc = vpcOf(object).name;
  const own = keyOf(object.metadata);
  for (const [index, text] of object.spec!.cidrs.entries()) {
    const { cidr } = parseInterface(text);
    const others = [
      ...neighbours.keys('VirtualNetwork', 'inside', `${vpc}|${formatCidr(cidr)}`),
      ...[...coveringCidrs(cidr)].flatMap((outer) =>
        neighbours.keys('VirtualNetwork', 'prefix', `${vpc}|${formatCidr(outer)}`),
      ),
    ];
    const other = others.find((key) => key !== own);
    if (other !== undefined)
      findings.invalid(
        `spec.cidrs[${index}]`,
        text,
        `overlaps VirtualNetwork ${other} (${neighbours.get('VirtualNetwork', other)?.spec?.cidrs.join(', ')}) of the same VPC ${vpc}: choose another prefix, or another VPC`,
      );
  }
}
