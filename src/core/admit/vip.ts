/** What a Vip must be to be let in: its addresses are in its subnet, and nobody has them. */
import type { Vip } from '../../kinds/vip.ts';
import { formatIp, parseIp } from '../../lib/netaddr/ip.ts';
import { isUnicastMac, parseMac } from '../../lib/netaddr/mac.ts';
import { addressHolder, macHolder, placeProblem } from './address-holders.ts';
import { checkSharing } from './vip-sharing.ts';
import { Findings, type Review, type Verdict } from './verdict.ts';

export function admitVip(review: Review<Vip>): Verdict<Vip> {
  const { object, old, neighbours } = review;
  const findings = new Findings();
  const { subnet = '', macAddress = '' } = object.spec ?? {};
  const self = `Vip ${object.metadata.name}`;
  const found = neighbours.get('Subnet', subnet);
  if (old?.spec?.subnet && old.spec.subnet !== subnet)
    findings.forbidden('spec.subnet', `cannot change from ${old.spec.subnet} to ${subnet}: make a new object`);
  else if (!found && !old)
    findings.errors.push({ path: 'spec.subnet', type: 'NotFound', value: subnet, detail: 'create the subnet first' });
  for (const field of ['v4ip', 'v6ip'] as const) {
    const text = object.spec?.[field] ?? '';
    const before = old?.spec?.[field] ?? '';
    if (text === before) continue;
    const path = `spec.${field}`;
    if (before !== '') {
      findings.forbidden(path, `cannot change from ${before} to ${text || 'none'}: it is given; make a new object`);
      continue;
    }
    const ip = findings.parsed(path, text, () => parseIp(text));
    if (!ip) continue;
    if (formatIp(ip) !== text) findings.invalid(path, text, `must be spelled ${formatIp(ip)}`);
    if ((ip.family === 4) !== (field === 'v4ip')) findings.invalid(path, text, `is IPv${ip.family}`);
    const problem = found && placeProblem(ip, found);
    if (problem) findings.invalid(path, text, problem);
    const holder = addressHolder(subnet, text, self, neighbours);
    if (holder !== undefined)
      findings.duplicate(path, text, `it is in use by ${holder}: choose another address, or delete that one`);
  }
  if (macAddress !== '' && macAddress !== old?.spec?.macAddress) {
    const mac = findings.parsed('spec.macAddress', macAddress, () => parseMac(macAddress));
    if (mac !== undefined && !isUnicastMac(mac))
      findings.invalid('spec.macAddress', macAddress, 'is no unicast MAC address');
    const holder = mac && found && macHolder(found, mac, self, neighbours);
    if (holder) findings.duplicate('spec.macAddress', macAddress, `it is in use by ${holder}: choose another one`);
  }
  checkSharing(review, findings);
  return { object, warnings: findings.warnings, errors: findings.errors };
}
