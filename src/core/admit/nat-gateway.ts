/** What a VpcNatGateway must be to be let in: of a VPC that is there, to external subnets that are there, with a lanIp that nobody has. */
import type { VpcNatGateway } from '../../kinds/vpc-nat-gateway.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import { notImplemented } from '../compile/not-implemented.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import { gatewaySubnetsOf, lanIpsOf } from '../external/nat-gateway.ts';
import { isOnVlan, isRouted } from '../vlan/vlan-subnet.ts';
import { parseLabel } from '../select/labels.ts';
import { addressHolder, placeProblem } from './address-holders.ts';
import { Findings, type Review, type Verdict, withFinalizer } from './verdict.ts';

const IMMUTABLE = ['namespace', 'vpc', 'subnet'] as const;

export function admitVpcNatGateway({ object, old, neighbours }: Review<VpcNatGateway>): Verdict<VpcNatGateway> {
  const findings = new Findings();
  const { vpc = '', selector = [] } = object.spec ?? {};
  for (const field of IMMUTABLE) {
    const [before, now] = [old?.spec?.[field] ?? '', object.spec?.[field] ?? ''];
    if (before !== '' && before !== now)
      findings.forbidden(`spec.${field}`, `cannot change from ${before} to ${now || 'nothing'}: make a new gateway`);
  }
  if (vpc === '') findings.required('spec.vpc', 'the VPC that the gateway serves');
  else if (!old && !neighbours.get('Vpc', vpc))
    findings.notFound('spec.vpc', vpc, 'there is no such VPC: create it first');
  else if (!old && neighbours.get('Vpc', vpc)?.metadata.deletionTimestamp !== undefined)
    findings.forbidden('spec.vpc', `VPC ${vpc} is being deleted: use another one`);
  checkLanIp(object, old, neighbours, findings);
  checkExternals(object, old, neighbours, findings);
  for (const [index, text] of selector.entries())
    if (!parseLabel(text)) findings.invalid(`spec.selector[${index}]`, text, 'must be key:value, as labels are');
  for (const { message } of notImplemented('VpcNatGateway', object)) findings.warnings.push(message);
  return { object: withFinalizer(object), warnings: findings.warnings, errors: findings.errors };
}

/** Users route to it, so nobody else may have it. */
function checkLanIp(
  { metadata, spec }: VpcNatGateway,
  old: VpcNatGateway | undefined,
  neighbours: ReadonlyWorld,
  findings: Findings,
): void {
  const { lanIp = '', subnet = '', vpc = '' } = spec ?? {};
  const found = neighbours.get('Subnet', subnet);
  if (!old && subnet !== '' && !found)
    return findings.notFound('spec.subnet', subnet, 'there is no such subnet: create it first');
  if (!old && found && found.spec?.vpc !== vpc)
    findings.invalid('spec.subnet', subnet, `is a subnet of VPC ${found.spec?.vpc}, not of ${vpc}`);
  if (lanIp === '') return;
  if (subnet === '') return findings.required('spec.subnet', 'the subnet of spec.lanIp');
  const before = old ? lanIpsOf(old).map(formatIp) : [];
  for (const text of lanIp.split(',').map((part) => part.trim())) {
    const ip = findings.parsed('spec.lanIp', lanIp, () => parseIp(text));
    if (!ip || before.includes(formatIp(ip))) continue;
    // those that follow Kube-OVN exclude it, so that no machine gets it
    const problem = found && placeProblem(ip, { ...found, spec: { ...found.spec, excludeIps: [] } });
    const holder = addressHolder(subnet, formatIp(ip), `VpcNatGateway ${metadata.name}`, neighbours);
    if (problem !== undefined) findings.invalid('spec.lanIp', lanIp, problem);
    if (holder !== undefined)
      findings.duplicate('spec.lanIp', lanIp, `${text} is in use by ${holder}: choose another one`);
  }
}

function checkExternals(
  object: VpcNatGateway,
  old: VpcNatGateway | undefined,
  neighbours: ReadonlyWorld,
  findings: Findings,
): void {
  const before = old ? gatewaySubnetsOf(old) : [];
  for (const [index, name] of gatewaySubnetsOf(object).entries()) {
    if (before.includes(name)) continue;
    const subnet = neighbours.get('Subnet', name);
    const path =
      (object.spec?.externalSubnets ?? []).length > 0 ? `spec.externalSubnets[${index}]` : 'spec.externalSubnets';
    if (!subnet) findings.notFound(path, name, 'there is no such subnet: create it first, on a VLAN');
    else if (!isOnVlan(subnet.spec) || isRouted(subnet.spec))
      findings.invalid(path, name, 'is no subnet of a VLAN with a physical gateway: name one that has spec.vlan');
  }
}
