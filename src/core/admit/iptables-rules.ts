/** What IptablesFIPRule, IptablesSnatRule and IptablesDnatRule must be to be let in: one meaning each, and nobody's address or port taken. */
import type { IptablesDnatRule, IptablesFipRule, IptablesSnatRule } from '../../kinds/iptables-nat.ts';
import { parsePrefix } from '../../lib/netaddr/cidr.ts';
import { type Family, parseIp } from '../../lib/netaddr/ip.ts';
import { vpcOfEip } from '../compile/eip.ts';
import { subnetOf } from '../compile/next-hops.ts';
import { untracked } from '../compile/reads.ts';
import { noMachine } from '../compile/vpc-routes.ts';
import { viewSubnet } from '../compile/vpc-subnets.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import { eipNameOf, fipWords, protocolOf } from '../external/families.ts';
import { checkEip, checkPorts, floatingRival, snatRival } from './nat-conflicts.ts';
import { Findings, type Review, type Verdict } from './verdict.ts';

export function admitIptablesFipRule({ object, old, neighbours }: Review<IptablesFipRule>): Verdict<IptablesFipRule> {
  const findings = new Findings();
  const { name } = object.metadata;
  const { internalIp = '' } = object.spec ?? {};
  checkEip('IptablesFIPRule', object, old, neighbours, findings);
  const vpc = vpcOfEip(eipNameOf(object), untracked(neighbours)) ?? '';
  checkInternalIp(internalIp, vpc, neighbours, findings);
  const rival =
    old?.spec?.internalIp === internalIp
      ? undefined
      : floatingRival('IptablesFIPRule', name, fipWords(object, vpc), neighbours);
  if (rival !== undefined)
    findings.duplicate(
      'spec.internalIp',
      internalIp,
      `has a floating IP already, ${rival}: a machine leaves by one address`,
    );
  return { object, warnings: findings.warnings, errors: findings.errors };
}

export function admitIptablesSnatRule({
  object,
  old,
  neighbours,
}: Review<IptablesSnatRule>): Verdict<IptablesSnatRule> {
  const findings = new Findings();
  const { internalCIDR = '' } = object.spec ?? {};
  checkEip('IptablesSnatRule', object, old, neighbours, findings);
  if (internalCIDR === '') findings.required('spec.internalCIDR', 'the prefix or address that leaves by it');
  else oneOfEach('spec.internalCIDR', internalCIDR, parsePrefix, findings);
  const vpc = vpcOfEip(eipNameOf(object), untracked(neighbours)) ?? '';
  const rival = snatRival('IptablesSnatRule', object, old, vpc, neighbours);
  if (rival !== undefined)
    findings.duplicate(
      'spec.internalCIDR',
      internalCIDR,
      `${rival} says by which address the same leaves: edit that one`,
    );
  return { object, warnings: findings.warnings, errors: findings.errors };
}

export function admitIptablesDnatRule({
  object,
  old,
  neighbours,
}: Review<IptablesDnatRule>): Verdict<IptablesDnatRule> {
  const findings = new Findings();
  const { internalIp = '', protocol = '' } = object.spec ?? {};
  checkEip('IptablesDnatRule', object, old, neighbours, findings);
  checkInternalIp(internalIp, vpcOfEip(eipNameOf(object), untracked(neighbours)) ?? '', neighbours, findings);
  if (!['', 'tcp', 'udp'].includes(protocolOf(object)))
    findings.invalid('spec.protocol', protocol, 'must be tcp or udp');
  checkPorts('IptablesDnatRule', object, neighbours, findings);
  return { object, warnings: findings.warnings, errors: findings.errors };
}

/** An address of the gateway's VPC. Where it is, is no business of the door: subnets and machines may come later. */
function checkInternalIp(text: string, vpc: string, neighbours: ReadonlyWorld, findings: Findings): void {
  const path = 'spec.internalIp';
  if (text === '') return findings.required(path, 'the address of a machine of the VPC');
  const read = untracked(neighbours);
  for (const ip of oneOfEach(path, text, parseIp, findings)) {
    const subnet = subnetOf(vpc, ip, read);
    const why = subnet === undefined ? undefined : noMachine(viewSubnet(subnet, read), ip);
    if (why !== undefined) findings.invalid(path, text, why);
    else if (subnet === undefined && vpc !== '') findings.warn(path, `${text} is in no subnet of VPC ${vpc} yet`);
  }
}

/** values that are separated by comma: at most one of each family */
function oneOfEach<T extends { readonly family: Family }>(
  path: string,
  texts: string,
  parse: (text: string) => T,
  findings: Findings,
): readonly T[] {
  const all = texts.split(',').flatMap((text) => findings.parsed(path, texts, () => parse(text.trim())) ?? []);
  if (new Set(all.map(({ family }) => family)).size < all.length)
    findings.invalid(path, texts, 'names several of one family: make a rule for each');
  return all;
}
