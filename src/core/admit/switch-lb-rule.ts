/** What a SwitchLBRule must be to be let in: it can be read, and nobody else has its address and ports. */
import { SWITCH_LB_VIP } from '../../kinds/vip.ts';
import type { SwitchLbRule } from '../../kinds/switch-lb-rule.ts';
import { specialPurpose } from '../../lib/netaddr/cidr.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import { balancedOf, ROUTER_ANNOTATION } from '../compile/backends.ts';
import { untracked } from '../compile/reads.ts';
import type { ReadonlyWorld } from '../compile/world.ts';
import { parseLabel } from '../select/labels.ts';
import { balancedIp, balancedPorts, portText, PROTOCOLS, protocolOf } from '../vip/balanced.ts';
import { HEALTH_CHECK_ANNOTATION } from '../vip/health-source.ts';
import { Findings, type Review, type Verdict } from './verdict.ts';

export function admitSwitchLbRule({ object, neighbours }: Review<SwitchLbRule>): Verdict<SwitchLbRule> {
  const findings = new Findings();
  const text = object.spec?.vip ?? '';
  const ip = findings.parsed('spec.vip', text, () => parseIp(text));
  const special = ip && specialPurpose({ family: ip.family, base: ip.value, bits: ip.family === 4 ? 32 : 128 });
  if (special) findings.invalid('spec.vip', text, `is ${special}: choose an address that clients can connect to`);
  checkPorts(object, findings);
  checkMachines(object, ip?.family, findings);
  const checked = object.metadata.annotations?.[HEALTH_CHECK_ANNOTATION];
  if (checked !== undefined && checked !== 'true' && checked !== 'false')
    findings.invalid(`metadata.annotations[${HEALTH_CHECK_ANNOTATION}]`, checked, 'must be "true" or "false"');
  if (findings.errors.length === 0) checkAddress(object, neighbours, findings);
  return { object, warnings: findings.warnings, errors: findings.errors };
}

function checkPorts({ spec }: SwitchLbRule, findings: Findings): void {
  const ports = spec?.ports ?? [];
  if (ports.length === 0) findings.required('spec.ports', 'at least one port is balanced');
  const seen = new Map<string, number>();
  for (const [index, { port, protocol: text }] of ports.entries()) {
    const protocol = protocolOf(text);
    if (!protocol) {
      const known = PROTOCOLS.map((name) => name.toUpperCase()).join(', ');
      findings.invalid(`spec.ports[${index}].protocol`, text, `must be one of ${known}`);
      continue;
    }
    const name = portText({ port, protocol, target: port });
    const twin = seen.get(name);
    if (twin !== undefined)
      findings.duplicate(`spec.ports[${index}]`, name, `spec.ports[${twin}] is the same port: leave one of them out`);
    seen.set(name, index);
  }
}

function checkMachines({ spec }: SwitchLbRule, family: 4 | 6 | undefined, findings: Findings): void {
  const { namespace = '', selector = [], endpoints = [] } = spec ?? {};
  if (selector.length === 0 && endpoints.length === 0)
    findings.required('spec.selector', 'labels of the machines, such as app:web; or their addresses in spec.endpoints');
  for (const [index, text] of selector.entries())
    if (!parseLabel(text)) findings.invalid(`spec.selector[${index}]`, text, 'must be key:value, as labels are');
  for (const [index, text] of endpoints.entries()) {
    const path = `spec.endpoints[${index}]`;
    const ip = findings.parsed(path, text, () => parseIp(text));
    if (ip && family && ip.family !== family)
      findings.invalid(path, text, `is IPv${ip.family}, spec.vip is IPv${family}: make one rule for each family`);
  }
  if (endpoints.length > 0 && selector.length > 0)
    findings.warn('spec.selector', 'has no effect beside spec.endpoints');
  else if (selector.length > 0 && namespace === '')
    findings.required('spec.namespace', 'the namespace of the machines that spec.selector chooses');
}

/** Nobody has the address for its own, and no other rule has the same port of it. */
function checkAddress(rule: SwitchLbRule, neighbours: ReadonlyWorld, findings: Findings): void {
  const text = formatIp(balancedIp(rule)!);
  const place = placeOf(rule, neighbours);
  const named = rule.metadata.annotations?.[ROUTER_ANNOTATION];
  if (named && !neighbours.get('Vpc', named))
    findings.invalid(`metadata.annotations[${ROUTER_ANNOTATION}]`, named, 'there is no VPC of this name');
  for (const key of neighbours.keys('SwitchLBRule', 'address', text)) {
    const other = neighbours.get('SwitchLBRule', key);
    if (!other || key === rule.metadata.name || !isSamePlace(rule, other, neighbours)) continue;
    const ports = balancedPorts(other.spec).map(portText);
    const both = balancedPorts(rule.spec)
      .map(portText)
      .filter((port) => ports.includes(port));
    if (both.length > 0)
      findings.duplicate(
        'spec.ports',
        both.join(','),
        `SwitchLBRule ${key} has them at ${text} already: choose others`,
      );
  }
  if (place?.subnet === undefined) return;
  const { subnet } = place;
  const [nic] = neighbours.keys('IP', 'address', `${subnet}|${text}`);
  if (nic !== undefined)
    findings.duplicate('spec.vip', text, `it is the address of interface ${nic}: choose another one`);
  if ((neighbours.get('Subnet', subnet)?.spec?.gateway ?? '').split(',').includes(text))
    findings.invalid('spec.vip', text, `is the gateway of subnet ${subnet}`);
  const vips = neighbours.keys('Vip', 'address', `${subnet}|${text}`);
  const wrong = vips.find((name) => neighbours.get('Vip', name)?.spec?.type !== SWITCH_LB_VIP);
  if (wrong !== undefined)
    findings.duplicate(
      'spec.vip',
      text,
      `Vip ${wrong} has it, which is not of type ${SWITCH_LB_VIP}: make one that is`,
    );
  if (vips.length === 0)
    findings.warn(
      'spec.vip',
      `${text} is in subnet ${subnet} and not reserved, so a machine might get it: make a Vip of type ${SWITCH_LB_VIP} with it`,
    );
}

/** where it is, as far as that follows from Vips and annotations: which machines run is not known at the door */
function placeOf(rule: SwitchLbRule, neighbours: ReadonlyWorld) {
  const balanced = balancedOf(rule, untracked(neighbours));
  return 'vpc' in balanced ? balanced : undefined;
}

function isSamePlace(rule: SwitchLbRule, other: SwitchLbRule, neighbours: ReadonlyWorld): boolean {
  const [one, two] = [placeOf(rule, neighbours), placeOf(other, neighbours)];
  return one && two ? one.vpc === two.vpc : rule.spec?.namespace === other.spec?.namespace;
}
