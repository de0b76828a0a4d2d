/** What a Vpc must be to be let in. */
import { formatCidr, parseInterface, parsePrefix, specialPurpose } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { formatIp, type Ip, parseIp } from '../../lib/netaddr/ip.ts';
import type { StaticRoute, Vpc, VpcSpec } from '../../kinds/vpc.ts';
import { type PoolSets, readUserMatch } from '../access/user-match.ts';
import { subnetOf } from '../compile/next-hops.ts';
import { poolSetsAmong } from '../compile/pool-sets.ts';
import { untracked } from '../compile/reads.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import { equal } from '../ovn/equal.ts';
import { DNS_SEARCH_ANNOTATION, DNS_SERVERS_ANNOTATION } from '../dhcp/guest-options.ts';
import { policyPriority } from '../compile/vpc-policies.ts';
import { noMachine } from '../compile/vpc-routes.ts';
import { subnetCovering, subnetsOf, viewSubnet } from '../compile/vpc-subnets.ts';
import { listed } from '../text/listed.ts';
import { parseOptions } from '../dhcp/option-text.ts';
import { hasNoneOf, ofFamily } from '../ovn/match/family.ts';
import type { Match } from '../ovn/match/match.ts';
import { printMatch } from '../ovn/match/print.ts';
import { Findings, type Review, type Verdict, withFinalizer } from './verdict.ts';
import { checkPeerings } from './vpc-peerings.ts';

export function admitVpc({ object, old, neighbours }: Review<Vpc>): Verdict<Vpc> {
  const findings = new Findings();
  const spec = object.spec ?? {};
  const { name } = object.metadata;
  if (neighbours.get('Subnet', name))
    findings.invalid('metadata.name', name, 'is the name of a subnet: a subnet and a VPC must not share a name');
  if (spec.namespace !== undefined)
    findings.warn(
      'spec.namespace',
      "is not part of a VPC's API and has no effect (spec.namespaces lists namespaces that may use the VPC)",
    );
  checkNamespaces(object, old, neighbours, findings);
  checkDnsAnnotations(object, findings);
  const staticRoutes = spec.staticRoutes?.map((route, index) =>
    admitRoute(route, `spec.staticRoutes[${index}]`, findings),
  );
  checkRouting(object, neighbours, findings);
  checkDuplicates(staticRoutes ?? [], findings);
  warnOfOwnPrefixes(name, staticRoutes ?? [], neighbours, findings);
  checkPolicyRoutes(spec, poolSetsAmong(neighbours), findings);
  checkPeerings(object, neighbours, findings);
  const admitted: VpcSpec = { ...spec, ...(staticRoutes ? { staticRoutes } : {}) };
  return { object: withFinalizer({ ...object, spec: admitted }), warnings: findings.warnings, errors: findings.errors };
}

/** Who is in and no longer listed stays in until it starts anew; the default must be there for whom it is for. */
function checkNamespaces(
  { metadata: { name }, spec }: Vpc,
  old: Vpc | undefined,
  neighbours: ReadonlyWorld,
  findings: Findings,
): void {
  const { namespaces = [], defaultSubnet = '' } = spec ?? {};
  if (namespaces.length > 0 && !equal(old?.spec?.namespaces, namespaces)) {
    const outside = neighbours
      .keys('Subnet', 'vpc', name)
      .flatMap((subnet) => neighbours.keys('IP', 'subnet', subnet))
      .flatMap((ip) => neighbours.get('IP', ip)?.spec ?? [])
      .filter(({ namespace = '' }) => namespace !== '' && !namespaces.includes(namespace))
      .map(({ namespace, podName }) => `${namespace}/${podName}`);
    if (outside.length > 0)
      findings.warn(
        'spec.namespaces',
        `leaves out ${listed(outside)}: they keep their addresses, others of their namespaces get none`,
      );
  }
  if (defaultSubnet === '') return;
  const subnet = neighbours.get('Subnet', defaultSubnet);
  if (subnet && subnet.spec?.vpc !== name)
    findings.invalid('spec.defaultSubnet', defaultSubnet, `is a subnet of VPC ${subnet.spec?.vpc}, not of this one`);
  else if (!subnet) findings.warn('spec.defaultSubnet', `there is no subnet ${defaultSubnet} yet`);
  if (namespaces.length === 0)
    findings.warn('spec.defaultSubnet', 'has no effect without spec.namespaces: it is the default of those namespaces');
}

/** Next hops that no machine can have, and tables that no subnet uses: both can be put right elsewhere, so they are said, not refused. */
function checkRouting({ metadata: { name }, spec }: Vpc, neighbours: ReadonlyWorld, findings: Findings): void {
  const read = untracked(neighbours);
  const tables = new Set(subnetsOf(name, read).map(({ routeTable }) => routeTable));
  for (const [index, { nextHopIP = '', routeTable = '' }] of (spec?.staticRoutes ?? []).entries()) {
    const path = `spec.staticRoutes[${index}]`;
    const nextHop = attempt(() => parseIp(nextHopIP));
    const subnet = nextHop && subnetOf(name, nextHop, read);
    const why = subnet === undefined ? undefined : noMachine(viewSubnet(subnet, read), nextHop!);
    if (why !== undefined) findings.warn(`${path}.nextHopIP`, `${why}: the route is left out`);
    if (routeTable !== '' && tables.size > 0 && !tables.has(routeTable))
      findings.warn(
        `${path}.routeTable`,
        `no subnet of this VPC says routeTable: ${routeTable} (yet), so the route counts for none`,
      );
  }
}

/** the same grammar as in a subnet's options: what would not fit there is told here */
function checkDnsAnnotations({ metadata }: Vpc, findings: Findings): void {
  const servers = metadata.annotations?.[DNS_SERVERS_ANNOTATION];
  for (const text of servers?.split(',') ?? [])
    findings.parsed(`metadata.annotations[${DNS_SERVERS_ANNOTATION}]`, servers, () => parseIp(text.trim()));
  const search = metadata.annotations?.[DNS_SEARCH_ANNOTATION];
  const parsed = search === undefined ? undefined : parseOptions('dhcpv6', `domain_search={${search}}`);
  if (parsed && 'problem' in parsed)
    findings.invalid(
      `metadata.annotations[${DNS_SEARCH_ANNOTATION}]`,
      search,
      'must be domain names, separated by comma',
    );
}

/** The route with its policy filled in and its prefix normalised. */
function admitRoute(route: StaticRoute, path: string, findings: Findings): StaticRoute {
  const cidr = route.cidr ?? '';
  const target = findings.parsed(`${path}.cidr`, cidr, () =>
    cidr.includes('/') ? parseInterface(cidr) : { ip: parseIp(cidr), cidr: undefined },
  );
  const nextHop = findings.parsed(`${path}.nextHopIP`, route.nextHopIP, () => parseIp(route.nextHopIP ?? ''));
  if (nextHop) checkNextHop(nextHop, target?.ip, path, findings);
  const policy = route.policy ?? 'policyDst';
  if (!target?.cidr) return { ...route, policy };
  const normal = formatCidr(target.cidr);
  if (target.ip.value !== target.cidr.base)
    findings.warn(`${path}.cidr`, `host bits of ${cidr} are cleared: the prefix is ${normal}`);
  return { ...route, policy, cidr: normal };
}

/** Routes to what is behind the router anyway. */
function warnOfOwnPrefixes(
  vpc: string,
  routes: readonly StaticRoute[],
  neighbours: ReadonlyWorld,
  findings: Findings,
): void {
  const read = untracked(neighbours);
  for (const [index, { cidr = '', policy }] of routes.entries()) {
    if (policy !== 'policyDst') continue;
    const prefix = attempt(() => parsePrefix(cidr));
    const subnet = prefix && subnetCovering(vpc, prefix, read);
    if (subnet === undefined) continue;
    const path = `spec.staticRoutes[${index}].cidr`;
    if (viewSubnet(subnet, read).cidrs.some((own) => formatCidr(own) === formatCidr(prefix!)))
      findings.warn(path, `has no effect: ${cidr} is subnet ${subnet}, which the router reaches by itself`);
    else
      findings.warn(
        path,
        `${cidr} is a part of subnet ${subnet}: what is routed there goes to the next hop instead, in a circle if that sends it back`,
      );
  }
}

function checkNextHop(nextHop: Ip, target: Ip | undefined, path: string, findings: Findings): void {
  const text = formatIp(nextHop);
  if (target && target.family !== nextHop.family)
    findings.invalid(`${path}.nextHopIP`, text, `is IPv${nextHop.family}, the prefix is IPv${target.family}`);
  const special = specialPurpose({
    family: nextHop.family,
    base: nextHop.value,
    bits: nextHop.family === 4 ? 32 : 128,
  });
  // peering links may use IPv4 link-local addresses
  if (special && special !== 'link-local')
    findings.invalid(`${path}.nextHopIP`, text, `cannot be a next hop: it is ${special}`);
}

function checkDuplicates(routes: readonly StaticRoute[], findings: Findings): void {
  const seen = new Map<string, number>();
  for (const [index, { policy, cidr, nextHopIP, routeTable = '' }] of routes.entries()) {
    const key = [policy, cidr, nextHopIP, routeTable].join(' ');
    const first = seen.get(key);
    if (first === undefined) seen.set(key, index);
    else findings.duplicate(`spec.staticRoutes[${index}]`, cidr, `spec.staticRoutes[${first}] says the same`);
  }
}

function checkPolicyRoutes(
  { policyRoutes = [], staticRoutes = [] }: VpcSpec,
  pools: PoolSets,
  findings: Findings,
): void {
  const seen = new Map<string, number>();
  for (const [index, { priority, match, action, nextHopIP = '' }] of policyRoutes.entries()) {
    const path = `spec.policyRoutes[${index}]`;
    if (priority !== undefined && (priority < 0 || priority > 32767))
      findings.invalid(`${path}.priority`, priority, 'must be 0 to 32767');
    else if (priority !== undefined && policyPriority(priority) !== priority)
      findings.warn(
        `${path}.priority`,
        `is taken as ${policyPriority(priority)}: OVN and Weft need 0 and 32767 themselves`,
      );
    const taken = policyPriority(priority ?? 0);
    if (taken === 1 && staticRoutes.some(({ policy }) => policy === 'policySrc'))
      findings.warn(
        `${path}.priority`,
        'routes by source have priority 1 too: which of them counts is not said, use 2 or more',
      );
    const read = checkMatch(`${path}.match`, match, pools, findings);
    if (action === undefined) findings.required(`${path}.action`, 'allow, drop or reroute');
    const hops = action === 'reroute' ? parseHops(`${path}.nextHopIP`, nextHopIP, findings) : [];
    const key = `${taken} ${read ? printMatch(hops[0] ? ofFamily(read, hops[0].family) : read) : match?.trim()}`;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, index);
    else findings.duplicate(`${path}.match`, match, `spec.policyRoutes[${first}] has the same priority and match`);
    if (action !== 'reroute') {
      if (nextHopIP !== '') findings.warn(`${path}.nextHopIP`, `has no effect with action ${action}`);
      continue;
    }
    if (new Set(hops.map(({ family }) => family)).size > 1)
      findings.invalid(`${path}.nextHopIP`, nextHopIP, 'mixes IPv4 and IPv6: write one policy route for each');
    else if (read && hops[0] && hasNoneOf(hops[0].family, read))
      findings.invalid(`${path}.nextHopIP`, nextHopIP, `is IPv${hops[0].family}, and the match has no such packets`);
    if (new Set(hops.map(formatIp)).size < hops.length)
      findings.invalid(`${path}.nextHopIP`, nextHopIP, 'names an address twice');
  }
}

function parseHops(path: string, texts: string, findings: Findings): readonly Ip[] {
  return texts.split(',').flatMap((text) => findings.parsed(path, texts, () => parseIp(text.trim())) ?? []);
}

function checkMatch(path: string, text = '', pools: PoolSets, findings: Findings): Match | undefined {
  if (text.trim() === '') {
    findings.required(path, 'an OVN match expression such as ip4.src == 10.0.1.0/24');
    return undefined;
  }
  const read = readUserMatch(text, pools);
  if ('problem' in read) {
    findings.invalid(path, text, `column ${read.problem.column}: ${read.problem.message}`);
    return undefined;
  }
  for (const set of read.missing)
    findings.warn(path, `no IPPool makes the address set $${set} (yet): until one does, it counts as empty`);
  return read.match;
}
