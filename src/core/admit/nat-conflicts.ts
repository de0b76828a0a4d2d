/** What rules of translation cannot have together: an address, a port, a machine, a prefix. The same for both families of kinds. */
import type { KubeObject } from '../../kinds/object.ts';
import type { OvnFipSpec } from '../../kinds/ovn-fip.ts';
import { formatIp, type Ip } from '../../lib/netaddr/ip.ts';
import { targetOf } from '../compile/nat-target.ts';
import { subnetOf } from '../compile/next-hops.ts';
import { untracked } from '../compile/reads.ts';
import { rulesNaming } from '../compile/rules-inside.ts';
import { snatRulesOf } from '../compile/snat-rivals.ts';
import { snatSources } from '../compile/snat-rule.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import {
  type AnyDnatRule,
  type AnyNatRule,
  type AnySnatRule,
  type DnatKind,
  eipKindOf,
  eipNameOf,
  FAMILIES,
  type FipKind,
  isShared,
  type NatKind,
  protocolOf,
  type SnatKind,
} from '../external/families.ts';
import { parsePorts, portKey, portPairs } from '../external/ports.ts';
import { equal } from '../ovn/equal.ts';
import { listed } from '../text/listed.ts';
import type { Findings } from './verdict.ts';

const SILENT = { issue: () => undefined };
/** by which address it leaves is another question than what leaves */
const UNNAMED = { ovnEip: '', eip: '' };

/** A floating IP has its address for itself. */
export function checkEip(
  kind: NatKind,
  object: AnyNatRule,
  old: AnyNatRule | undefined,
  neighbours: ReadonlyWorld,
  findings: Findings,
): void {
  const eipKind = eipKindOf(kind);
  const { fip, snat, dnat, eip: field } = FAMILIES[eipKind];
  const name = eipNameOf(object);
  if (name === '') return findings.required(field, `the ${eipKind} whose address is used`);
  if (old && eipNameOf(old) === name) return;
  const eip: KubeObject | undefined = neighbours.get(eipKind, name);
  if (!eip && eipKind === 'IptablesEIP')
    return findings.notFound(field, name, `there is no such ${eipKind}: create it first`);
  if (!eip) findings.warn(field, `there is no ${eipKind} ${name} yet`);
  if (eip?.metadata.deletionTimestamp !== undefined)
    findings.forbidden(field, `${eipKind} ${name} is being deleted: use another one`);
  const kinds: readonly NatKind[] = kind === fip ? [fip, snat, dnat] : [fip];
  const users = kinds.flatMap((other) =>
    neighbours
      .keys(other, 'eip', name)
      .filter((key) => other !== kind || key !== object.metadata.name)
      .map((key) => `${other} ${key}`),
  );
  if (users.length > 0)
    findings.duplicate(
      field,
      name,
      `is in use by ${listed(users, 3)}, and a floating IP has its address for itself: use another ${eipKind}`,
    );
}

/** Ports that another rule forwards already, unless both share them. */
export function checkPorts(kind: DnatKind, object: AnyDnatRule, neighbours: ReadonlyWorld, findings: Findings): void {
  const { externalPort = '', internalPort = '' } = object.spec ?? {};
  const [eip, protocol] = [eipNameOf(object), protocolOf(object)];
  const ports = portPairs(externalPort, internalPort);
  const range = parsePorts(externalPort);
  if (typeof range === 'string') findings.invalid('spec.externalPort', externalPort, range);
  else if (typeof ports === 'string') findings.invalid('spec.internalPort', internalPort, ports);
  const taken = new Map<string, number[]>();
  for (const [port] of typeof ports === 'string' ? [] : ports)
    for (const other of neighbours.keys(kind, 'port', portKey(eip, protocol, port))) {
      if (other === object.metadata.name || (isShared(object) && isShared(neighbours.get(kind, other)!))) continue;
      taken.set(other, [...(taken.get(other) ?? []), port]);
    }
  const advice = kind === 'OvnDnatRule' ? 'add to that rule' : 'let both have spec.type share';
  for (const [other, those] of taken)
    findings.duplicate(
      'spec.externalPort',
      externalPort,
      `${kind} ${other} forwards ${protocol || 'tcp'} port ${listed(those.map(String), 5)} of ${eipKindOf(kind)} ${eip} already: use other ports, or ${advice}`,
    );
}

/** @returns another floating IP, `<Kind> <name>`, of the machine that one leads to */
export function floatingRival(
  kind: FipKind,
  name: string,
  words: OvnFipSpec,
  neighbours: ReadonlyWorld,
): string | undefined {
  const target = targetOf(words, FAMILIES.OvnEip.target, untracked(neighbours), SILENT);
  const named = words.ipName ? neighbours.keys('OvnFip', 'target', words.ipName).map((key) => `OvnFip ${key}`) : [];
  return [...named, ...(target?.addresses ?? []).flatMap((ip) => floatingIpsOf(target!.vpc, ip, neighbours))].find(
    (other) => other !== `${kind} ${name}`,
  );
}

function floatingIpsOf(vpc: string, ip: Ip, neighbours: ReadonlyWorld): readonly string[] {
  const subnet = subnetOf(vpc, ip, untracked(neighbours));
  const key = `${subnet}|${formatIp(ip)}`;
  const names = [...neighbours.keys('IP', 'address', key), ...neighbours.keys('Vip', 'address', key)];
  return [
    ...names.flatMap((name) => neighbours.keys('OvnFip', 'target', name)).map((fip) => `OvnFip ${fip}`),
    ...rulesNaming(['OvnFip', 'IptablesFIPRule'], vpc, ip, untracked(neighbours)),
  ];
}

/** @returns another rule, `<Kind> <name>`, that says by which address the same leaves */
export function snatRival(
  kind: SnatKind,
  object: AnySnatRule,
  old: AnySnatRule | undefined,
  vpc: string,
  neighbours: ReadonlyWorld,
): string | undefined {
  if (old && equal({ ...old.spec, ...UNNAMED }, { ...object.spec, ...UNNAMED })) return undefined;
  const read = untracked(neighbours);
  const sources = snatSources(object, vpc, read, SILENT);
  return (sources?.prefixes ?? [])
    .flatMap((prefix) => snatRulesOf(sources!.vpc, prefix, read))
    .filter((other) => other.kind !== kind || other.name !== object.metadata.name)
    .map((other) => `${other.kind} ${other.name}`)[0];
}
