/** What OvnFip, OvnSnatRule and OvnDnatRule must be to be let in: one meaning each, and nobody's address or port taken. */
import type { KubeObject } from '../../kinds/object.ts';
import type { OvnDnatRule } from '../../kinds/ovn-dnat-rule.ts';
import type { OvnFip } from '../../kinds/ovn-fip.ts';
import type { OvnSnatRule } from '../../kinds/ovn-snat-rule.ts';
import { parsePrefix } from '../../lib/netaddr/cidr.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import { SNAT_NAMESPACE_ANNOTATION } from '../external/names.ts';
import { sourceKeys } from '../external/snat-source.ts';
import { parsePorts, portKey, portPairs } from '../external/ports.ts';
import { listed } from '../text/listed.ts';
import { Findings, type Review, type Verdict } from './verdict.ts';

type NatKind = 'OvnFip' | 'OvnSnatRule' | 'OvnDnatRule';

export function admitOvnFip({ object, old, neighbours }: Review<OvnFip>): Verdict<OvnFip> {
  const findings = new Findings();
  const { ipName = '', ovnEip } = object.spec ?? {};
  checkEip('OvnFip', object, old, neighbours, findings);
  if (neighbours.get('OvnEip', ovnEip ?? '')?.spec?.type === 'lrp')
    findings.invalid('spec.ovnEip', ovnEip, 'is the address of a router itself: use one of type nat');
  checkTarget(object.spec ?? {}, false, neighbours, findings);
  const other = neighbours.keys('OvnFip', 'target', ipName).find((name) => name !== object.metadata.name);
  if (ipName !== '' && other !== undefined && old?.spec?.ipName !== ipName)
    findings.duplicate(
      'spec.ipName',
      ipName,
      `has a floating IP already, OvnFip ${other}: a machine leaves by one address`,
    );
  if (object.spec?.type === 'distributed' && ipName === '')
    findings.warn('spec.type', 'without spec.ipName it is not known where the machine is, so it is centralized');
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
  const rival = neighbours.keys('OvnSnatRule', 'source', sourceKeys(object)[0] ?? '').find((other) => other !== name);
  if (rival !== undefined && sourceKeys(object)[0] !== sourceKeys(old)[0])
    findings.duplicate(
      'spec',
      says.join(''),
      `OvnSnatRule ${rival} says by which address the same leaves: edit that one`,
    );
  if (vpcSubnet !== '' && !neighbours.get('Subnet', vpcSubnet))
    findings.warn('spec.vpcSubnet', `there is no subnet ${vpcSubnet} yet`);
  if (ipName !== '' && !neighbours.get('IP', ipName))
    findings.warn('spec.ipName', `there is no IP object ${ipName} yet`);
  return answer(object, findings);
}

export function admitOvnDnatRule({ object, old, neighbours }: Review<OvnDnatRule>): Verdict<OvnDnatRule> {
  const findings = new Findings();
  const { name } = object.metadata;
  const { ovnEip = '', protocol = '', externalPort = '', internalPort = '' } = object.spec ?? {};
  checkEip('OvnDnatRule', object, old, neighbours, findings);
  checkTarget(object.spec ?? {}, true, neighbours, findings);
  const ports = portPairs(externalPort, internalPort);
  const range = parsePorts(externalPort);
  if (typeof range === 'string') findings.invalid('spec.externalPort', externalPort, range);
  else if (typeof ports === 'string') findings.invalid('spec.internalPort', internalPort, ports);
  const taken = new Map<string, number[]>();
  for (const [port] of typeof ports === 'string' ? [] : ports)
    for (const other of neighbours.keys('OvnDnatRule', 'port', portKey(ovnEip, protocol, port)))
      if (other !== name) taken.set(other, [...(taken.get(other) ?? []), port]);
  for (const [other, those] of taken)
    findings.duplicate(
      'spec.externalPort',
      externalPort,
      `OvnDnatRule ${other} forwards ${protocol || 'tcp'} port ${listed(those.map(String), 5)} of OvnEip ${ovnEip} already: use other ports, or add to that rule`,
    );
  return answer(object, findings);
}

function answer<T>(object: T, { warnings, errors }: Findings): Verdict<T> {
  return { object, warnings, errors };
}

/** A floating IP has its OvnEip for itself. */
function checkEip(
  kind: NatKind,
  object: KubeObject<{ readonly ovnEip?: string }>,
  old: KubeObject<{ readonly ovnEip?: string }> | undefined,
  neighbours: ReadonlyWorld,
  findings: Findings,
): void {
  const name = object.spec?.ovnEip ?? '';
  if (name === '') return findings.required('spec.ovnEip', 'the OvnEip whose address is used');
  if (old?.spec?.ovnEip === name) return;
  const eip = neighbours.get('OvnEip', name);
  if (!eip) findings.warn('spec.ovnEip', `there is no OvnEip ${name} yet`);
  if (eip?.metadata.deletionTimestamp !== undefined)
    findings.forbidden('spec.ovnEip', `OvnEip ${name} is being deleted: use another one`);
  const kinds: readonly NatKind[] = kind === 'OvnFip' ? ['OvnFip', 'OvnSnatRule', 'OvnDnatRule'] : ['OvnFip'];
  const users = kinds.flatMap((other) =>
    neighbours
      .keys(other, 'eip', name)
      .filter((key) => other !== kind || key !== object.metadata.name)
      .map((key) => `${other} ${key}`),
  );
  if (users.length > 0)
    findings.duplicate(
      'spec.ovnEip',
      name,
      `is in use by ${listed(users, 3)}, and a floating IP has its address for itself: use another OvnEip`,
    );
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
