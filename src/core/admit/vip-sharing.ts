/** What a Vip says of sharing, and what stands in the way of its deletion. */
import { HOST_VM_VIP, SWITCH_LB_VIP, type Vip } from '../../kinds/vip.ts';
import { attempt } from '../../lib/netaddr/error.ts';
import { parseIp } from '../../lib/netaddr/ip.ts';
import { whyNotFor } from '../compile/networks.ts';
import { untracked } from '../compile/reads.ts';
import { rulesNaming } from '../compile/rules-inside.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import { parseLabel } from '../select/labels.ts';
import { listed } from '../text/listed.ts';
import type { Findings, Review } from './verdict.ts';

const TYPES: readonly string[] = ['', SWITCH_LB_VIP, HOST_VM_VIP];

export function checkSharing({ object, old, neighbours }: Review<Vip>, findings: Findings): void {
  const { name } = object.metadata;
  const { subnet = '', namespace = '', type = '', selector = [], attachSubnets = [] } = object.spec ?? {};
  if (!TYPES.includes(type))
    findings.invalid('spec.type', type, `must be "" for a shared address, ${SWITCH_LB_VIP} or ${HOST_VM_VIP}`);
  if (old && (old.spec?.type ?? '') !== type)
    findings.forbidden('spec.type', `cannot change from ${JSON.stringify(old.spec?.type ?? '')}: make a new object`);
  for (const [index, text] of selector.entries())
    if (!parseLabel(text)) findings.invalid(`spec.selector[${index}]`, text, 'must be key:value, as labels are');
  if (attachSubnets.length > 0) findings.warn('spec.attachSubnets', 'has no effect: make one Vip for each subnet');
  if (namespace === '') {
    if (selector.length > 0 && type === '')
      findings.warn('spec.selector', 'has no effect without spec.namespace: the address is only reserved');
    return;
  }
  const refused = old?.spec?.namespace === namespace ? undefined : whyNotFor(namespace, subnet, neighbours);
  if (refused !== undefined) findings.forbidden('spec.namespace', refused);
  if (old || type !== '') return;
  if (neighbours.get('IP', name) || neighbours.keys('Subnet', 'portName', name).length > 0)
    findings.duplicate('metadata.name', name, 'a port has this name, and OVN knows each name once: choose another one');
}

/** @returns why a Vip must not go now, and what to do */
export function vipInUse({ metadata, spec }: Vip, neighbours: ReadonlyWorld): string | undefined {
  const { name } = metadata;
  const takers = neighbours.keys('IP', 'takenVip', name);
  const sharers = neighbours.keys('IP', 'sharedVip', name).filter((key) => {
    const place = neighbours.get('IP', key)?.spec;
    return place?.subnet === spec?.subnet && place?.namespace === spec?.namespace;
  });
  const rules =
    spec?.type === SWITCH_LB_VIP
      ? [spec.v4ip, spec.v6ip].flatMap((text) => (text ? neighbours.keys('SwitchLBRule', 'address', text) : []))
      : [];
  const translations = (['OvnFip', 'OvnDnatRule'] as const).flatMap((kind) =>
    neighbours
      .keys(kind, 'target', name)
      .filter((key) => neighbours.get(kind, key)?.spec?.ipType === 'vip')
      .map((key) => `${kind} ${key}`),
  );
  const vpc = neighbours.get('Subnet', spec?.subnet ?? '')?.spec?.vpc ?? '';
  const naming = [spec?.v4ip, spec?.v6ip].flatMap((text) => {
    const ip = attempt(() => parseIp(text ?? ''));
    return ip
      ? rulesNaming(['OvnFip', 'OvnDnatRule', 'IptablesFIPRule', 'IptablesDnatRule'], vpc, ip, untracked(neighbours))
      : [];
  });
  const users = [
    ...[...new Set([...takers, ...sharers])].map((key) => `interface ${key}`),
    ...rules.map((key) => `SwitchLBRule ${key}`),
    ...translations,
    ...naming,
  ];
  if (users.length === 0) return undefined;
  return `Vip ${name} is in use by ${listed(users.toSorted())}: delete them first, or take it out of the annotations of their machines`;
}
