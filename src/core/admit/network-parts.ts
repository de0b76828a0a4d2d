/**
 * The parts that a VirtualNetwork would have, judged at their own doors before the network is let in:
 *
 *   network --core/network--> VPC, Subnet, attachment --admitVpc, admitSubnet--> errors of their fields --> the same, of the network's fields
 */
import { cidrContains, parseInterface } from '../../lib/netaddr/cidr.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { parseIp } from '../../lib/netaddr/ip.ts';
import type { FieldError } from '../../lib/schema/field-error.ts';
import { keyOf, type KubeObject } from '../../kinds/object.ts';
import type { Subnet } from '../../kinds/subnet.ts';
import type { VirtualNetwork } from '../../kinds/virtual-network.ts';
import type { Vpc } from '../../kinds/vpc.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import { type Existing, existingParts } from '../network/locate.ts';
import { vpcOf } from '../network/names.ts';
import { networkCidrs } from '../network/parts.ts';
import { planNetwork } from '../network/plan.ts';
import { afterStep } from '../network/steps.ts';
import { admitSubnet } from './subnet.ts';
import type { Findings, Review, Verdict } from './verdict.ts';
import { admitVpc } from './vpc.ts';

/** field of a Subnet -> the field of the network from which it follows */
const FIELDS: Readonly<Record<string, keyof typeof VALUES>> = {
  'metadata.name': 'metadata.name',
  'spec.provider': 'metadata.name',
  'spec.vpc': 'spec.vpc',
  'spec.cidrBlock': 'spec.cidrs',
  'spec.gateway': 'spec.gateways',
  'spec.mtu': 'spec.mtu',
  'spec.private': 'spec.isolation',
  'spec.nodeNetwork': 'spec.clusterNetwork',
  'spec.dhcpV4Options': 'spec.dhcp.v4Options',
  'spec.dhcpV6Options': 'spec.dhcp.v6Options',
  'spec.ipv6RAConfigs': 'spec.dhcp.raOptions',
};

const VALUES = {
  'metadata.name': ({ metadata }: VirtualNetwork) => metadata.name,
  'spec.vpc': ({ spec }: VirtualNetwork) => spec?.vpc,
  'spec.cidrs': ({ spec }: VirtualNetwork) => spec?.cidrs,
  'spec.gateways': ({ spec }: VirtualNetwork) => spec?.gateways,
  'spec.mtu': ({ spec }: VirtualNetwork) => spec?.mtu,
  'spec.isolation': ({ spec }: VirtualNetwork) => spec?.isolation,
  'spec.clusterNetwork': ({ spec }: VirtualNetwork) => spec?.clusterNetwork,
  'spec.dhcp.v4Options': ({ spec }: VirtualNetwork) => spec?.dhcp?.v4Options,
  'spec.dhcp.v6Options': ({ spec }: VirtualNetwork) => spec?.dhcp?.v6Options,
  'spec.dhcp.raOptions': ({ spec }: VirtualNetwork) => spec?.dhcp?.raOptions,
} as const;

export function checkParts({ object: network, neighbours }: Review<VirtualNetwork>, findings: Findings): void {
  const existing = partsAmong(network, neighbours);
  const { steps, issues } = planNetwork(network, existing);
  for (const { reason, message } of issues)
    if (reason === 'NameTaken') findings.invalid('metadata.name', network.metadata.name, `cannot be had: ${message}`);
  for (const step of steps) {
    if (step.verb === 'delete') continue;
    const after = afterStep(step);
    const old = step.verb === 'patch' ? step.object : undefined;
    const { errors, warnings } = judge(after, old, neighbours);
    // a gateway that nobody named follows its prefix: one answer is enough
    const isNamed = (network.spec?.gateways ?? []).length > 0;
    const follows = ({ path }: FieldError) => path === 'spec.gateway' && !isNamed;
    const told = errors.every(follows) ? errors : errors.filter((error) => !follows(error));
    for (const error of told) report(error, after, network, findings);
    if (after.kind === 'Subnet') for (const warning of warnings) passOn(warning, findings);
  }
  warnOfNextHops(network, neighbours, findings);
}

export function partsAmong(network: VirtualNetwork, world: ReadonlyWorld): Existing {
  return existingParts(network, {
    vpc: (name) => world.get('Vpc', name),
    subnet: (name) => world.get('Subnet', name),
    attachment: (key) => world.get('NetworkAttachmentDefinition', key),
    subnetsOfNetwork: (key) => world.keys('Subnet', 'network', key),
    subnetsOfProvider: (provider) => world.keys('Subnet', 'provider', provider),
    attachmentsOfSubnet: (subnet) => world.keys('NetworkAttachmentDefinition', 'subnet', subnet),
    subnetsOfVpc: (vpc) => world.keys('Subnet', 'vpc', vpc),
  });
}

function judge(
  object: KubeObject,
  old: KubeObject | undefined,
  neighbours: ReadonlyWorld,
): Pick<Verdict<KubeObject>, 'errors' | 'warnings'> {
  if (object.kind === 'Subnet')
    return admitSubnet({ object: object as Subnet, old: old as Subnet | undefined, neighbours });
  if (object.kind === 'Vpc') return admitVpc({ object: object as Vpc, old: old as Vpc | undefined, neighbours });
  return { errors: [], warnings: [] };
}

/** A warning of its Subnet about a field that follows from one of the network's. */
function passOn(warning: string, findings: Findings): void {
  const path = warning.slice(0, warning.indexOf(': '));
  const own = FIELDS[path];
  if (own !== undefined) findings.warn(own, warning.slice(path.length + 2));
}

/** An error of a part, as one of the network. */
function report(
  { path, type, value, detail }: FieldError,
  part: KubeObject,
  network: VirtualNetwork,
  findings: Findings,
): void {
  const title = `${part.kind} ${keyOf(part.metadata)}`;
  const own = part.kind === 'Vpc' ? routePath(path, part as Vpc, network) : FIELDS[path];
  if (own === undefined) {
    findings.errors.push({ path: 'spec', type: 'Forbidden', detail: `${title} cannot follow: ${path}: ${detail}` });
    return;
  }
  const said = Object.hasOwn(VALUES, own) ? VALUES[own as keyof typeof VALUES](network) : value;
  const text = own === 'metadata.name' ? `its ${title} ${detail}` : detail;
  findings.errors.push({
    path: own,
    type,
    ...(type === 'Forbidden' || type === 'Required' ? {} : { value: said }),
    detail: text,
  });
}

/** `spec.staticRoutes[3].nextHopIP` of the VPC -> where the network says that route */
function routePath(path: string, { spec }: Vpc, { spec: network }: VirtualNetwork): string | undefined {
  if (path === 'metadata.name') return path;
  const [, index, field] = /^spec\.staticRoutes\[(\d+)\](?:\.(\w+))?$/.exec(path) ?? [];
  const route = index === undefined ? undefined : spec?.staticRoutes?.[Number(index)];
  if (!route) return undefined;
  for (const [place, { destination, nextHops }] of (network?.routes ?? []).entries()) {
    const hop = nextHops.indexOf(route.nextHopIP ?? '');
    if (hop < 0 || !isSame(destination, route.cidr ?? '')) continue;
    const name = `spec.routes[${place}]`;
    return field === 'cidr' ? `${name}.destination` : field === 'nextHopIP' ? `${name}.nextHops[${hop}]` : name;
  }
  return undefined;
}

function isSame(destination: string, cidr: string): boolean {
  const parse = (text: string) => attempt(() => parseInterface(text).cidr);
  const [a, b] = [parse(destination), parse(cidr)];
  return destination === cidr || (a !== undefined && b !== undefined && a.base === b.base && a.bits === b.bits);
}

/** A next hop in no subnet of the VPC: the route waits, the VPC's condition says so. */
function warnOfNextHops(network: VirtualNetwork, neighbours: ReadonlyWorld, findings: Findings): void {
  const cidrs = [
    ...networkCidrs(network.spec),
    ...neighbours
      .keys('Subnet', 'vpc', vpcOf(network).name)
      .flatMap((name) => (neighbours.get('Subnet', name)?.spec?.cidrBlock ?? '').split(','))
      .flatMap((text) => attempt(() => parseInterface(text).cidr) ?? []),
  ];
  for (const [index, { nextHops }] of (network.spec?.routes ?? []).entries())
    for (const [place, text] of nextHops.entries()) {
      const ip = attempt(() => parseIp(text));
      if (ip && !cidrs.some((cidr) => cidrContains(cidr, ip)))
        findings.warn(
          `spec.routes[${index}].nextHops[${place}]`,
          `${text} is in no network of the VPC: the route is left out until one holds it`,
        );
    }
}
