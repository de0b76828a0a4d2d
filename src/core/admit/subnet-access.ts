/** What a Subnet may say of who may talk: spec.private, spec.allowSubnets, spec.acls, spec.allowEWTraffic, and the annotations of their log. */
import {
  type Cidr,
  cidrCovers,
  cidrsOverlap,
  formatCidr,
  parseInterface,
  parsePrefix,
} from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import { alwaysPasses } from '../access/always.ts';
import { accessLogging } from '../access/log.ts';
import { accessOf, type AccessRule, certain } from '../access/rules.ts';
import { poolSetsAmong } from '../compile/pool-sets.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import { isOnVlan } from '../vlan/vlan-subnet.ts';
import { macFor } from '../ovn/mac.ts';
import { lintAcls } from '../ovn/match/lint.ts';
import { mapComparisons } from '../ovn/match/map.ts';
import type { Match } from '../ovn/match/match.ts';
import { logicalRouterPortName } from '../ovn/names.ts';
import type { Findings } from './verdict.ts';

/** fields that OVN uses for itself */
const INTERNAL = /^(x{0,2}reg[0-9]+|flags|flags\..*|ct_mark.*|ct_label.*|ct\..*|ct_state)$/;

export function checkAccess(
  { metadata, spec }: Subnet,
  cidrs: readonly Cidr[],
  neighbours: ReadonlyWorld,
  findings: Findings,
): void {
  const { name, annotations } = metadata;
  checkAllowSubnets(spec!, cidrs, neighbours, findings);
  if (spec?.allowEWTraffic === true && !spec.acls?.length)
    findings.warn('spec.allowEWTraffic', 'has no effect without spec.acls: traffic inside of the subnet passes anyway');
  const access = accessOf(name, spec, cidrs, poolSetsAmong(neighbours));
  for (const { path, value, detail, type } of [...access.problems, ...accessLogging(annotations).problems]) {
    if (type === 'duplicate') findings.duplicate(path, value, detail);
    // prefixes have their own words
    else if (!path.startsWith('spec.allowSubnets')) findings.invalid(path, value, detail);
  }
  for (const { path, set } of access.missing)
    findings.warn(path, `no IPPool makes the address set $${set} (yet): until one does, it counts as empty`);
  const { rules } = access;
  for (const rule of rules.filter(isUsers)) checkFields(rule, findings);
  checkStateless(rules.filter(isUsers), findings);
  lint({ metadata, spec: spec! }, rules, new Set(access.missing.map(({ path }) => path)), findings);
}

function isUsers({ path }: AccessRule): boolean {
  return path.startsWith('spec.acls');
}

function lint(
  { metadata, spec }: Required<Pick<Subnet, 'metadata' | 'spec'>>,
  rules: readonly AccessRule[],
  incomplete: ReadonlySet<string>,
  findings: Findings,
): void {
  const gateways = (spec.gateway ?? '').split(',').flatMap((text) => attempt(() => parseIp(text.trim())) ?? []);
  const always = alwaysPasses({
    mac: isOnVlan(spec) ? undefined : macFor(logicalRouterPortName(spec.vpc ?? '', metadata.name)),
    gateways: gateways.map((ip) => ({ family: ip.family, address: formatIp(ip) })),
  }).map(({ what, direction, match }) => ({ what, direction, match: certain(match) }));
  for (const { index, message } of lintAcls(rules, { always }, (at) => rules[at]!.path))
    if (isUsers(rules[index]!) && !incomplete.has(`${rules[index]!.path}.match`))
      findings.warn(rules[index]!.path, message);
}

function checkFields({ direction, match, path }: AccessRule, findings: Findings): void {
  const fields = fieldsOf(match);
  if (direction === 'from-lport' && fields.has('outport'))
    findings.warn(
      `${path}.match`,
      'outport never matches in a rule from-lport: by which port a packet leaves is not known when it enters',
    );
  for (const field of fields)
    if (INTERNAL.test(field))
      findings.warn(`${path}.match`, `${field} is OVN's own: what it holds differs between versions of OVN`);
}

function fieldsOf(match: Match): ReadonlySet<string> {
  const fields = new Set<string>();
  mapComparisons(match, (comparison) => {
    fields.add(comparison.field.name);
    return comparison;
  });
  return fields;
}

function checkStateless(rules: readonly AccessRule[], findings: Findings): void {
  const stateless = rules.filter(({ action }) => action === 'allow-stateless');
  if (new Set(stateless.map(({ direction }) => direction)).size === 1)
    for (const { path } of stateless)
      findings.warn(
        `${path}.action`,
        'allow-stateless lets no answers pass: a rule allow-stateless of the other direction has to',
      );
}

function checkAllowSubnets(
  spec: NonNullable<Subnet['spec']>,
  cidrs: readonly Cidr[],
  neighbours: ReadonlyWorld,
  findings: Findings,
): void {
  const { allowSubnets } = spec;
  if (allowSubnets === undefined) return;
  if (!Array.isArray(allowSubnets) || allowSubnets.some((item) => typeof item !== 'string'))
    return findings.invalid('spec.allowSubnets', allowSubnets, 'must be a list of prefixes');
  if (allowSubnets.length > 0 && spec.private !== true)
    findings.warn('spec.allowSubnets', 'has no effect unless spec.private is true');
  const known = knownNetworks(spec.vpc ?? '', neighbours);
  const seen: Cidr[] = [];
  for (const [index, text] of (allowSubnets as readonly string[]).entries()) {
    const path = `spec.allowSubnets[${index}]`;
    const cidr = findings.parsed(path, text, () => parseInterface(text).cidr);
    if (!cidr) continue;
    const doubt = doubtOf(cidr, cidrs, seen, known);
    if (doubt !== undefined) findings.warn(path, `${text} ${doubt}`);
    seen.push(cidr);
  }
}

function doubtOf(
  cidr: Cidr,
  own: readonly Cidr[],
  seen: readonly Cidr[],
  known: readonly Cidr[] | undefined,
): string | undefined {
  const wider = seen.find((other) => cidrCovers(other, cidr));
  if (wider) return `has no effect: ${formatCidr(wider)} ${wider.bits === cidr.bits ? 'stands before it' : 'holds it'}`;
  if (own.length > 0 && !own.some(({ family }) => family === cidr.family))
    return `has no effect: the subnet has no IPv${cidr.family}`;
  if (own.some((each) => cidrCovers(each, cidr))) return 'has no effect: it is inside of the subnet';
  if (known && cidr.bits > 0 && !known.some((each) => cidrsOverlap(each, cidr)))
    return 'is no network that the VPC knows (yet): no subnet of it or of its peers, no static route';
  return undefined;
}

/** Networks that guests of the VPC can reach; undefined while there is no such VPC. */
function knownNetworks(vpc: string, neighbours: ReadonlyWorld): readonly Cidr[] | undefined {
  const found = neighbours.get('Vpc', vpc);
  if (!found) return undefined;
  const peers = [
    ...(found.spec?.vpcPeerings ?? []).map(({ remoteVpc }) => remoteVpc ?? ''),
    ...neighbours
      .keys('VpcPeering', 'vpc', vpc)
      .map((key) => neighbours.get('VpcPeering', key)?.spec)
      .flatMap((spec) => [spec?.localVpc ?? '', spec?.remoteVpc ?? '']),
  ];
  const texts = [
    ...[...new Set([vpc, ...peers])]
      .flatMap((name) => neighbours.keys('Subnet', 'vpc', name))
      .flatMap((name) => (neighbours.get('Subnet', name)?.spec?.cidrBlock ?? '').split(',')),
    ...(found.spec?.staticRoutes ?? []).filter(({ policy }) => policy !== 'policySrc').map(({ cidr = '' }) => cidr),
  ];
  return texts.flatMap((text) => attempt(() => parsePrefix(text.trim())) ?? []);
}
