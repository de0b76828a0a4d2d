/** What OvnFip, OvnSnatRule and OvnDnatRule must be to be let in: one meaning each, and nobody's address or port taken. */
import type { OvnDnatRule } from '../../kinds/ovn-dnat-rule.ts';
import type { OvnFip, OvnFipSpec } from '../../kinds/ovn-fip.ts';
import type { OvnSnatRule } from '../../kinds/ovn-snat-rule.ts';
import { parsePrefix } from '../../lib/netaddr/cidr.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import { SNAT_NAMESPACE_ANNOTATION } from '../external/names.ts';
import { sourceKeys } from '../external/snat-source.ts';
import { checkEip, checkPorts, floatingRival, snatRival } from './nat-conflicts.ts';
import { Findings, type Review, type Verdict } from './verdict.ts';

export function admitOvnFip({ object, old, neighbours }: Review<OvnFip>): Verdict<OvnFip> {
  const findings = new Findings();
  const { ipName = '', ovnEip } = object.spec ?? {};
  checkEip('OvnFip', object, old, neighbours, findings);
  if (neighbours.get('OvnEip', ovnEip ?? '')?.spec?.type === 'lrp')
    findings.invalid('spec.ovnEip', ovnEip, 'is the address of a router itself: use one of type nat');
  checkTarget(object.spec ?? {}, false, neighbours, findings);
  const words = (spec: OvnFipSpec | undefined) => [spec?.ipName ?? '', spec?.v4Ip ?? '', spec?.v6Ip ?? ''].join();
  const other =
    object.spec && words(old?.spec) !== words(object.spec)
      ? floatingRival('OvnFip', object.metadata.name, object.spec, neighbours)
      : undefined;
  if (other !== undefined)
    findings.duplicate(
      ipName === '' ? 'spec.v4Ip' : 'spec.ipName',
      ipName || object.spec?.v4Ip,
      `has a floating IP already, ${other}: a machine leaves by one address`,
    );
  return answer(object, findings);
}

export function admitOvnSnatRule({ object, old, neighbours }: Review<OvnSnatRule>): Verdict<OvnSnatRule> {
  const findings = new Findings();
  const { name } = object.metadata;
  const { vpcSubnet = '', ipName = '', vpc = '', v4IpCidr = '', v6IpCidr = '' } = object.spec ?? {};
  const namespace = object.metadata.annotations?.[SNAT_NAMESPACE_ANNOTATION] ?? '';
  checkEip('OvnSnatRule', object, old, neighbours, findings);
  const says = [
    ...(vpcSubnet ? ['spec.vpcSubnet'] : []),
    ...(ipName ? ['spec.ipName'] : []),
    ...(v4IpCidr || v6IpCidr ? ['spec.v4IpCidr or spec.v6IpCidr'] : []),
    ...(namespace ? [`annotation ${SNAT_NAMESPACE_ANNOTATION}`] : []),
  ];
  if (says.length === 0)
    findings.required(
      'spec.vpcSubnet',
      'or spec.ipName, or spec.vpc with spec.v4IpCidr or spec.v6IpCidr: say what leaves',
    );
  if (says.length > 1)
    findings.forbidden('spec', `${says.join(' and ')} say different things of what leaves: keep one`);
  if ((v4IpCidr || v6IpCidr || namespace) && vpc === '') findings.required('spec.vpc', 'the VPC of what leaves');
  for (const [field, text] of [
    ['v4IpCidr', v4IpCidr],
    ['v6IpCidr', v6IpCidr],
  ] as const) {
    if (text === '') continue;
    const prefix = findings.parsed(`spec.${field}`, text, () => parsePrefix(text));
    if (prefix && (prefix.family === 4) !== (field === 'v4IpCidr'))
      findings.invalid(`spec.${field}`, text, `is IPv${prefix.family}`);
  }
  const [source] = sourceKeys(object);
  const same = source === sourceKeys(old)[0] ? [] : neighbours.keys('OvnSnatRule', 'source', source ?? '');
  const rival =
    same.filter((other) => other !== name).map((other) => `OvnSnatRule ${other}`)[0] ??
    snatRival('OvnSnatRule', object, old, '', neighbours);
  if (rival !== undefined)
    findings.duplicate('spec', says.join(''), `${rival} says by which address the same leaves: edit that one`);
  if (vpcSubnet !== '' && !neighbours.get('Subnet', vpcSubnet))
    findings.warn('spec.vpcSubnet', `there is no subnet ${vpcSubnet} yet`);
  if (ipName !== '' && !neighbours.get('IP', ipName))
    findings.warn('spec.ipName', `there is no IP object ${ipName} yet`);
  return answer(object, findings);
}

export function admitOvnDnatRule({ object, old, neighbours }: Review<OvnDnatRule>): Verdict<OvnDnatRule> {
  const findings = new Findings();
  checkEip('OvnDnatRule', object, old, neighbours, findings);
  checkTarget(object.spec ?? {}, true, neighbours, findings);
  checkPorts('OvnDnatRule', object, neighbours, findings);
  return answer(object, findings);
}

function answer<T>(object: T, { warnings, errors }: Findings): Verdict<T> {
  return { object, warnings, errors };
}

interface TargetSpec {
  readonly ipType?: string;
  readonly ipName?: string;
  readonly vpc?: string;
  readonly v4Ip?: string;
  readonly v6Ip?: string;
}

function checkTarget(spec: TargetSpec, several: boolean, neighbours: ReadonlyWorld, findings: Findings): void {
  const { ipName = '', ipType = '', vpc = '' } = spec;
  for (const name of ipName === '' ? [] : ipName.split(',').map((text) => text.trim())) {
    if (!several && ipName.includes(','))
      return findings.invalid('spec.ipName', ipName, 'names several: a floating IP leads to one');
    const kind = ipType === 'vip' ? 'Vip' : 'IP';
    if (!neighbours.get(kind, name))
      findings.warn('spec.ipName', `there is no ${kind === 'IP' ? 'IP object' : kind} ${name} yet`);
  }
  const given = (['v4Ip', 'v6Ip'] as const).filter((field) => (spec[field] ?? '') !== '');
  if (ipName !== '' && given.length > 0)
    findings.warn(`spec.${given[0]}`, 'has no effect beside spec.ipName, which says whose addresses are used');
  if (ipName !== '') return;
  if (given.length === 0)
    return findings.required('spec.ipName', 'or spec.vpc with spec.v4Ip or spec.v6Ip: say where it leads');
  if (vpc === '') findings.required('spec.vpc', 'the VPC of the addresses');
  else if (!neighbours.get('Vpc', vpc)) findings.warn('spec.vpc', `there is no VPC ${vpc} yet`);
  for (const field of given) {
    const texts = several ? spec[field]!.split(',') : [spec[field]!];
    for (const text of texts) {
      const ip = findings.parsed(`spec.${field}`, spec[field], () => parseIp(text.trim()));
      if (!ip) continue;
      if ((ip.family === 4) !== (field === 'v4Ip'))
        findings.invalid(`spec.${field}`, spec[field], `${formatIp(ip)} is IPv${ip.family}`);
    }
  }
}
